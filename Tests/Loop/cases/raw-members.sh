# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What holds a container that cannot be looked into is copied whole, and the plan says so: LUKS, LVM, md,
# a volume with two signatures, and one with none.
. "$(dirname "$0")/../lib.sh"
need cryptsetup pvcreate mdadm

golden=$T/golden.img target=$T/target.img
truncate -s 150M "$golden"
sgdisk -n 1:2048:+24M -n 2:0:+24M -n 3:0:+24M -n 4:0:+24M -n 5:0:+24M -n 6:0:+24M "$golden" >/dev/null
start_of() { echo $(((1 + 24 * ($1 - 1)) << 20)); }
size=$((24 << 20))
for number in 1 2 3 4 5 6; do noise "$number" "$size" | put "$golden" "$(start_of "$number")"; done
part() { loop "$golden" --offset "$(start_of "$1")" --sizelimit "$size"; }

device=$(part 1)
printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$device" - ||
    die "cryptsetup luksFormat"
loop_drop "$device"

# pvcreate looks for devices of its own in /dev; the file itself is named by a devices list of its own.
device=$(part 2)
wipefs -aq "$device"
pvcreate -qq -ff -y --config 'devices { use_devicesfile=0 scan_lvs=0 } global { use_lvmlockd=0 }' "$device" >"$T/pvcreate.out" 2>&1 ||
    die "pvcreate: $(tail -n 2 "$T/pvcreate.out")"
loop_drop "$device"

# mdadm --create wants the kernel's md; its superblock 1.2 is at 4 KiB and can be written by hand.
"$PYTHON" - "$golden" "$(start_of 3)" "$size" <<'E'
import os, struct, sys
path, start, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
block = bytearray(4096)
struct.pack_into("<II", block, 0, 0xA92B4EFC, 1)
block[16:32] = bytes(range(1, 17))                          # set_uuid
block[32:64] = b"ring:0".ljust(32, b"\0")
struct.pack_into("<QIIQII", block, 64, 1700000000, 1, 0, size // 512 - 2048, 0, 2)  # ctime, level, layout, size, chunk, disks
struct.pack_into("<QQQQI", block, 128, 2048, size // 512 - 2048, 8, 0, 0)  # data offset, data size, super offset, recovery, dev number
block[168:184] = bytes(range(17, 33))                       # device uuid
struct.pack_into("<QQQII", block, 192, 1700000000, 5, 2**64 - 1, 0, 128)  # utime, events, resync, checksum, max_dev
for i in range(128): struct.pack_into("<H", block, 256 + 2 * i, 0xFFFF)
struct.pack_into("<HH", block, 256, 0, 1)
words = struct.unpack("<128I", block[:512])
total = sum(words)
struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
with open(path, "r+b") as disk:
    disk.seek(start + 4096)
    disk.write(block)
E
mdadm --examine "$(part 3)" >"$T/mdadm.out" 2>&1 || die "mdadm --examine: $(tail -n 3 "$T/mdadm.out")"

device=$(part 4) # ext4, and a btrfs superblock that somebody left
mkfs.ext4 -q -F "$device"
truncate -s 120M "$T/btrfs.img"
mkfs.btrfs -q -f "$T/btrfs.img"
bytes "$T/btrfs.img" 65536 4096 | put "$golden" $(($(start_of 4) + 65536))
loop_drop "$device"
device=$(part 5) # a suspended system
mkswap "$device" >/dev/null
printf S1SUSPEND | put "$golden" $(($(start_of 5) + 4086))
loop_drop "$device"
for device in $(losetup -n -O NAME -j "$golden"); do loop_drop "$device"; done

capture raw "$golden"
types=(crypto_LUKS LVM2_member linux_raid_member '' '' '')
for number in 1 2 3 4 5 6; do
    volume=$(event capture.raw plan "[.volumes[] | select(.partition == $number)][0]")
    say "$number: $(jq -c '{filesystem, map, notes}' <<<"$volume")"
    eq "$(jq -r .map <<<"$volume")" raw "the used map of partition $number"
    eq "$(jq -r .usedBytes <<<"$volume")" "$size" "bytes used of partition $number"
    if [[ -n ${types[number - 1]} ]]; then eq "$(jq -r .filesystem <<<"$volume")" "${types[number - 1]}" "the type of $number"; fi
    if ((number < 6)); then is "$(jq '.notes | length' <<<"$volume") > 0" "no note on partition $number"; fi
done
# And the text for people says so too.
exits 0 text "$DIECAST" capture "$golden" raw --dry-run
has "$T/text.json" 'NOTE: partition 1: copied raw: it is encrypted'

old_disk "$target" 170
restore raw "$target"
for number in 1 2 3 4 5 6; do
    cmp <(bytes "$golden" "$(start_of "$number")" "$size") <(bytes "$target" "$(start_of "$number")" "$size") ||
        die "partition $number differs"
done
device=$(loop "$target" -r --offset "$(start_of 1)" --sizelimit "$size")
printf secret | cryptsetup open --test-passphrase "$device" --key-file - || die "the LUKS volume does not open"

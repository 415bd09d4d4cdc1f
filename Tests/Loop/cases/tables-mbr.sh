# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# An MBR with a primary, an extended and three logical partitions, boot code, and bytes behind it.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
truncate -s 120M "$golden"
sfdisk -q "$golden" <<E
label: dos
label-id: 0xd1eca57e
start=2048, size=61440, type=83, bootable
start=63488, size=180224, type=5
start=65536, size=40960, type=83
start=108544, size=51200, type=7
start=161792, size=81920, type=c
E
noise 1 440 | put "$golden" 0
noise 2 $((2047 * 512)) | put "$golden" 512 # where GRUB embeds its core
# What stands in the chain's own tracks, behind each extended boot record, is a gap of nobody.
place() { sfdisk -J "$golden" | jq -r ".partitiontable.partitions[] | select(.node | endswith(\"img$1\")) | .start * 512, .size * 512"; }
make() {
    local number=$1 start length device
    shift
    { read -r start && read -r length; } < <(place "$number")
    device=$(loop "$golden" --offset "$start" --sizelimit "$length")
    "$@" "$device" >/dev/null 2>&1
    loop_drop "$device"
}
make 1 mkfs.ext4 -q -F
make 5 mkfs.ext2 -q -F
make 6 mkfs.ntfs -q -F -Q
make 7 mkfs.fat
sfdisk -d "$golden" | sed '/^device:/d; s/^[^ ]*img//' >"$T/table.golden"
eq "$(grep -c start= "$T/table.golden")" 5 "partitions"

# The target has a newer, larger table of another kind, which must not shine through.
for round in same larger; do
    if [[ $round == same ]]; then mib=120; else mib=171; fi
    old_disk "$target" "$mib"
    if [[ $round == larger ]]; then sgdisk -n 1:0:0 "$target" >/dev/null; fi
    if [[ $round == same ]]; then capture mbr "$golden"; fi
    device=$(loop "$target")
    restore mbr "$device"
    loop_drop "$device"
    sfdisk -d "$target" | sed '/^device:/d; s/^[^ ]*img//' >"$T/table.target"
    cmp -s "$T/table.golden" "$T/table.target" || die "the tables differ: $(diff "$T/table.golden" "$T/table.target")"
    cmp -n $((2048 * 512)) "$golden" "$target" || die "boot code, table or gap differ"
    eq "$(blkid -p -o value -s PTTYPE "$target")" dos "the target's table"
    if sgdisk -p "$target" 2>&1 | grep -q 'GPT: present'; then die "a GPT shines through"; fi
    for number in 1 5 6 7; do
        { read -r start && read -r length; } < <(place "$number")
        eq "$(blkid -p -o value -s UUID -O "$start" -S "$length" "$target")" \
            "$(blkid -p -o value -s UUID -O "$start" -S "$length" "$golden")" "the UUID of partition $number"
        device=$(loop "$target" -r --offset "$start" --sizelimit "$length")
        case $number in
        1 | 5) e2fsck -fn "$device" ;;
        6) ntfsfix -n "$device" ;;
        7) fsck.vfat -n "$device" ;;
        esac >"$T/check.out" 2>&1 || die "partition $number: $(tail -n 3 "$T/check.out")"
        loop_drop "$device"
    done
    # The kernel sees them all.
    device=$(loop "$target" --partscan)
    eq "$(sfdisk -l "$device" | grep -c '^/dev/loop')" 5 "partitions on the loop device"
    loop_drop "$device"
done

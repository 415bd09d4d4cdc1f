# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What must not be written is not written: the source ever, the target before everything is checked.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 80
before=$(hash "$golden")
source_same() { eq "$(hash "$golden")" "$before" "the golden disk's hash after $1"; }

# From a file, and from a read-only loop device.
capture golden "$golden"
source_same capture
device=$(loop "$golden" -r)
capture fromloop "$device"
eq "$(value capture.fromloop newChunks)" 0 "new chunks of the same disk through a loop device"
loop_drop "$device"
source_same "capture from a read-only device"
IN='' seed fromdisk fromdisk --from-disk "$golden"
stop "$pid" INT
source_same "seed --from-disk"

# A mounted source: by its loop device, its partition's, and its file.
device=$(loop "$golden" -r --offset $((1 << 20)))
mounted "$T/mnt" mount -o ro,noload "$device" "$T/mnt"
exits 3 source.loop "$DIECAST" capture "$device" x --to "$STORE" --json
exits 3 source.file "$DIECAST" capture "$golden" x --to "$STORE" --json
has "$T/source.file.err" 'mounted on'
exits 3 source.seed "$DIECAST" seed x --from-disk "$golden" --json --listen 127.0.0.1:0
eq "$(event source.file error .code)" busy "the error's code"
unmount "$T/mnt"
loop_drop "$device"
if [[ -e $(compgen -G "$STORE/images/x*" || true) ]]; then die "a refused capture left an image"; fi
exits 3 source.dir "$DIECAST" capture "$T" x --to "$STORE" --json
exits 3 source.char "$DIECAST" capture /dev/zero x --to "$STORE" --json
exits 1 source.none "$DIECAST" capture "$T/none" x --to "$STORE" --json
exits 3 source.empty "$DIECAST" capture <(:) x --to "$STORE" --json
: >"$T/empty"
exits 3 source.empty "$DIECAST" capture "$T/empty" x --to "$STORE" --json
exits 2 source.name "$DIECAST" capture "$golden" 'a/b' --to "$STORE"
exits 2 source.level "$DIECAST" capture "$golden" x --to "$STORE" --level 99
exits 2 source.verb "$DIECAST" carve "$golden"
exits 2 source.few "$DIECAST" capture "$golden"

# Targets. Each of these must leave the target as it is.
old_disk "$target" 100
old=$(hash "$target")
refuses() {
    local code=$1 name=$2
    shift 2
    exits "$code" "target.$name" "$DIECAST" restore "$@" --from "$STORE" --json
    eq "$(hash "$target")" "$old" "the target's hash after the refusal '$name'"
    eq "$(event "target.$name" error .exitCode)" "$code" "the exit code in the event of '$name'"
    say "$name: $(event "target.$name" error .message)"
}
refuses 3 unconfirmed golden "$target"
refuses 3 directory golden "$T" --yes
refuses 3 character golden /dev/zero --yes
refuses 1 missing golden "$T/none" --yes
refuses 1 noimage nothing "$target" --yes
refuses 1 noversion golden@1 "$target" --yes
refuses 2 seedfor golden "$target" --yes --seed-for 1m
device=$(loop "$target" -r)
refuses 3 readonly golden "$device" --yes
loop_drop "$device"
chmod 400 "$target"
chmod 600 "$target"
# One sector too small.
device=$(loop "$target" --sizelimit $(((80 << 20) - 1049088)))
refuses 3 small golden "$device" --yes
has "$T/target.small.err" 'too small.*needs [0-9]+ bytes'
refuses 3 smalldiscard golden "$device" --yes --discard
loop_drop "$device"
truncate -s 40M "$T/small.img"
refuses 3 smallfile golden "$T/small.img" --yes
# Sectors of another size, and a partition.
device=$(loop "$target" -b 4096)
refuses 3 sectors golden "$device" --yes
loop_drop "$device"
# The source of a running seeder: it is locked.
(
    flock -x 9
    refuses 3 locked golden "$target" --yes
) 9<>"$target"
# dry run
exits 0 dry "$DIECAST" restore golden "$target" --from "$STORE" --dry-run --json
eq "$(hash "$target")" "$old" "the target's hash after a dry run"

# A mounted target: the disk, one of its partitions, and the file below.
mkfs.ext4 -q -F "$target"
old=$(hash "$target")
device=$(loop "$target")
mounted "$T/mnt" mount -o ro,noload "$device" "$T/mnt"
refuses 3 mounted golden "$device" --yes
refuses 3 mountedfile golden "$target" --yes
unmount "$T/mnt"
loop_drop "$device"
sgdisk -Z "$target" >/dev/null 2>&1
sgdisk -n 1:2048:0 "$target" >/dev/null
old=$(hash "$target")
device=$(loop "$target" --partscan)
# By hand, for a kernel that cannot read partition tables itself.
[[ -e /sys/block/${device##*/}/${device##*/}p1 ]] || addpart "$device" 1 2048 100000
partition=${device}p1
await 5 "the partition's node" test -b "$partition"
refuses 3 partition golden "$partition" --yes
mkswap "$partition" >/dev/null
undo swapoff "$partition"
swapon "$partition"
old=$(hash "$target")
refuses 3 swap golden "$device" --yes
swapoff "$partition"
mkfs.ext4 -q -F "$partition"
mounted "$T/mnt" mount -o ro,noload "$partition" "$T/mnt"
exits 3 source.partition "$DIECAST" capture "$device" x --to "$STORE" --json
has "$T/source.partition.err" 'mounted on'
unmount "$T/mnt"
old=$(hash "$target")
delpart "$device" 1
loop_drop "$device"

# After all that it works.
restore golden "$target"
same_volume "$golden" "$target"
source_same everything

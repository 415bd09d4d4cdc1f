# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A disk with sectors of 4096 bytes, to another one and to a file; images do not change their sector size.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
truncate -s 100M "$golden"
device=$(loop "$golden" -b 4096)
eq "$(blockdev --getss "$device")" 4096 "the loop device's sector size"
sgdisk -n 1:256:16383 -c 1:first -n 2:16384:0 -t 2:8200 "$device" >/dev/null
volume=$(loop "$golden" -b 4096 --offset $((256 * 4096)) --sizelimit $((16128 * 4096)))
mkfs.ext4 -q -F -m 0 "$volume"
mounted "$T/mnt" mount "$volume" "$T/mnt"
"$PYTHON" "$RING/tree.py" fill "$T/mnt" --percent 50 --caps all
unmount "$T/mnt"
loop_drop "$volume"
volume=$(loop "$golden" -b 4096 --offset $((16384 * 4096)) --sizelimit $((9000 * 4096 / 4096 * 4096)))
mkswap -L four "$volume" >/dev/null
loop_drop "$volume"
before=$(hash "$golden")
capture four "$device"
eq "$(hash "$golden")" "$before" "the golden disk's hash"
eq "$(event capture.four plan .geometry.logicalSectorSize)" 4096 "the sector size in the plan"
eq "$(event capture.four plan '[.volumes[] | select(.kind == "partition") | .map] | join(" ")')" "libext2fs recorded" "the used maps"
table=$(sgdisk -p "$device" | sed -n '/^Number/,$p')
loop_drop "$device"

for mib in 100 137; do
    old_disk "$target" "$mib"
    device=$(loop "$target" -b 4096)
    restore four "$device"
    sgdisk -v "$device" >"$T/verify.out" || true
    has "$T/verify.out" 'No problems found'
    # Neither size nor free space: only the partitions.
    eq "$(sgdisk -p "$device" | sed -n '/^Number/,$p')" "$table" "the table"
    loop_drop "$device"
    for disk in "$golden" "$target"; do
        volume=$(loop "$disk" -r -b 4096 --offset $((256 * 4096)) --sizelimit $((16128 * 4096)))
        e2fsck -fn "$volume" >"$T/check.out" 2>&1 || die "e2fsck of $disk: $(tail -n 3 "$T/check.out")"
        mounted "$T/mnt" mount -o ro,noload "$volume" "$T/mnt"
        "$PYTHON" "$RING/tree.py" list "$T/mnt" >"$T/${disk##*/}.list"
        unmount "$T/mnt"
        loop_drop "$volume"
    done
    cmp -s "$T/golden.img.list" "$T/target.img.list" || die "$(diff "$T/golden.img.list" "$T/target.img.list" | head -n 5)"
    eq "$(blkid -p -o value -s UUID -O $((16384 * 4096)) "$target")" "$(blkid -p -o value -s UUID -O $((16384 * 4096)) "$golden")" "the swap's UUID"
done

# Nothing is written where the sectors differ, in either direction.
golden "$T/512.img" 40
capture small "$T/512.img"
old_disk "$target" 120
old=$(hash "$target")
device=$(loop "$target" -b 4096)
exits 3 on4096 "$DIECAST" restore small "$device" --from "$STORE" --yes --json
has "$T/on4096.err" 'sectors of 512 bytes.*has 4096'
loop_drop "$device"
device=$(loop "$target")
exits 3 on512 "$DIECAST" restore four "$device" --from "$STORE" --yes --json
has "$T/on512.err" 'sectors of 4096 bytes.*has 512'
loop_drop "$device"
eq "$(hash "$target")" "$old" "the target's hash"

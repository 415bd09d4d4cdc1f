# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A GPT with odd entries: out of order, gaps in the numbers, not aligned, 248 entries' room, names of 36
# characters, attributes, a hybrid boot sector, a table of 4 and of 256 entries.
. "$(dirname "$0")/../lib.sh"

table() { sgdisk -p "$1" | sed -n '/^Number/,$p' && for i in 1 3 4 9 100; do sgdisk -i "$i" "$1" | grep -v 'does not exist' || true; done; }
make() {
    local disk=$1 entries=$2 device
    rm -f "$disk"
    truncate -s 60M "$disk"
    sgdisk -o -S "$entries" "$disk" >/dev/null
    sgdisk -a 1 -U D1ECA57E-0000-4000-8000-000000000001 \
        -n 4:40961:61440 -t 4:ef02 -c "4:ÄÖÜ – 日本語 ✓ ÄÖÜ – 日本語 ✓ ÄÖÜ – 日本語 ✓ " \
        -n 1:61441:102400 -t 1:8300 -A 1:set:0 -A 1:set:2 -A 1:set:63 -u 1:D1ECA57E-0000-4000-8000-000000000002 \
        -n 3:102401:102401 -t 3:12345678-1234-1234-1234-123456789ABC -c 3: "$disk" >/dev/null
    if ((entries >= 128)); then sgdisk -a 1 -n 100:102500:112000 -t 100:8200 -c "100:number 100" -A 100:set:60 "$disk" >/dev/null; fi
    noise 1 440 | put "$disk" 0
    noise 2 $((20480 * 512)) | put "$disk" $((40961 * 512))
    printf 'one sector' | put "$disk" $((102401 * 512))
    device=$(loop "$disk" --offset $((61441 * 512)) --sizelimit $((40960 * 512)))
    mkfs.ext4 -q -F "$device"
    loop_drop "$device"
}
golden=$T/golden.img target=$T/target.img
for entries in 4 128 256; do
    make "$golden" "$entries"
    capture "gpt$entries" "$golden"
    for mib in 60 83; do
        old_disk "$target" "$mib"
        restore "gpt$entries" "$target"
        sgdisk -v "$target" >"$T/verify.out" || true
        has "$T/verify.out" 'No problems found'
        table "$golden" >"$T/table.golden"
        table "$target" >"$T/table.target"
        cmp -s "$T/table.golden" "$T/table.target" || die "$(diff "$T/table.golden" "$T/table.target")"
        eq "$(blkid -p -o value -s PTUUID "$target")" "$(blkid -p -o value -s PTUUID "$golden")" "the disk's GUID"
        cmp -n 440 "$golden" "$target" || die "the boot code differs"
        for place in "40961 20480" "102401 1"; do
            read -r first count <<<"$place"
            cmp <(bytes "$golden" $((first * 512)) $((count * 512))) <(bytes "$target" $((first * 512)) $((count * 512))) ||
                die "the partition at sector $first differs"
        done
        device=$(loop "$target" -r --offset $((61441 * 512)) --sizelimit $((40960 * 512)))
        e2fsck -fn "$device" >"$T/check.out" 2>&1 || die "e2fsck: $(tail -n 3 "$T/check.out")"
        loop_drop "$device"
    done
done
# A damaged primary table: the backup's is taken or the disk is refused, but never half of it.
noise 3 16384 | put "$golden" 1024
code=0
"$DIECAST" capture "$golden" damaged --to "$STORE" --json >"$T/damaged.json" 2>"$T/damaged.err" || code=$?
if ((code == 0)); then
    eq "$(event damaged plan '[.volumes[] | select(.kind == "partition")] | length')" 4 "partitions of the backup table"
    is "$(event damaged plan '.notes | length') > 0" "no note about the damaged table"
fi
say "damaged primary GPT: exit $code: $(tail -n 1 "$T/damaged.err")$(event damaged plan '.notes' 2>/dev/null || true)"

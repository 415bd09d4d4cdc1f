# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Swap keeps its UUID and label, and not what was swapped out.
. "$(dirname "$0")/../lib.sh"
need mkswap

round=0
for table in gpt mbr none; do
    round=$((round + 1))
    golden=$T/golden.img target=$T/target.img
    rm -f "$golden" "$target"
    layout "$golden" "$table" 40
    noise 1 "$length" | put "$golden" "$start"
    device=$(loop "$golden" --offset "$start" --sizelimit "$length")
    mkswap -L ring-swap "$device" >/dev/null
    loop_drop "$device"
    capture "s$round" "$golden"
    eq "$(event "capture.s$round" plan "[.volumes[] | select(.start == $start)][0].map")" recorded "the used map"
    is "$(value "capture.s$round" contentBytes) < 3 << 20" "too much captured of a swap"
    old_disk "$target" $((40 + round * 5))
    restore "s$round" "$target"
    for property in TYPE UUID LABEL; do
        eq "$(blkid -p -o value -s "$property" -O "$start" -S "$length" "$target")" \
            "$(blkid -p -o value -s "$property" -O "$start" -S "$length" "$golden")" "the swap's $property"
    done
    # The kernel takes it.
    device=$(loop "$target" --offset "$start" --sizelimit "$length")
    undo swapoff "$device"
    swapon "$device"
    swapoff "$device"
    loop_drop "$device"
done

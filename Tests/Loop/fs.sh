# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One filesystem through capture and restore. A case sets FS (ext, xfs, btrfs, ntfs, fat, exfat, f2fs),
# MAP (what the plan has to say), MKFS (the command) and calls fs_variant once a filling.

: "${FS:=}" "${MAP:=}"
MKFS=("${MKFS[@]-}")

# What of tree.py's oddities the filesystem, or the driver here, can hold.
_caps() {
    case $FS in
    ext) printf all ;;
    xfs | btrfs) printf all ;;
    ntfs) printf links,symlinks,xattr,unicode,sparse,nanoseconds ;;
    exfat) printf unicode ;;
    f2fs) printf symlinks,unicode,owner,links ;;
    *) printf '' ;;
    esac
}

# _fs_mount DEVICE DIR ro|rw
_fs_mount() {
    local device=$1 dir=$2 mode=$3
    case $FS in
    # The kernel's ext4 mounts all three, ext2 without a journal to load.
    ext) mounted "$dir" mount -t ext4 -o "$mode$([[ $mode == rw ]] || printf ,noload)" "$device" "$dir" ;;
    xfs) mounted "$dir" mount -t xfs -o "$mode$([[ $mode == rw ]] || printf ,norecovery)" "$device" "$dir" ;;
    btrfs) mounted "$dir" mount -t btrfs -o "$mode" "$device" "$dir" ;;
    ntfs) mounted "$dir" ntfs-3g -o "$mode,streams_interface=xattr,big_writes" "$device" "$dir" ;;
    exfat) mounted "$dir" mount.exfat-fuse -o "$mode" "$device" "$dir" >/dev/null ;;
    esac
}

# _fs_fill DEVICE PERCENT
_fs_fill() {
    local device=$1 percent=$2 dir=$T/mnt.fill size i
    size=$(blockdev --getsize64 "$device")
    case $FS in
    fat)
        # No driver for it in every kernel: mtools write it. The first half in small files, of which every
        # second one goes; then large ones into the holes. The rest is told by mtools itself.
        "$PYTHON" "$RING/tree.py" fill "$dir/first" --bytes $((size * percent * 45 / 10000)) --files 60
        rm -rf "$dir/first/odd"
        mcopy -i "$device" -s -m -Q "$dir/first" ::/
        find "$dir/first/fragments" -type f -printf '%f\n' | sort | sed -n 'p;n' |
            sed 's,^,::/first/fragments/,' | xargs -d '\n' mdel -i "$device"
        rm -rf "$dir"
        mkdir -p "$dir"
        for ((i = 0; i < 4000; i++)); do
            _fat_use "$device"
            if ((fat_percent >= percent)); then break; fi
            size=$((fat_free * 6 / 10 > 65536 ? fat_free * 6 / 10 : fat_free * 9 / 10))
            if ((percent < 90)); then size=$((size / 3)); fi
            noise "$i" "$size" >"$dir/Long name of file $i.bin"
            mcopy -i "$device" -m -Q "$dir/Long name of file $i.bin" ::/
            rm "$dir"/*
        done
        mmd -i "$device" ::/Empty
        say "fat: $fat_percent% full"
        ;;
    f2fs)
        # No driver: sload.f2fs writes a directory, once.
        mkdir -p "$dir"
        "$PYTHON" "$RING/tree.py" fill "$dir" --bytes $((size * percent / 100)) --caps "$(_caps)"
        sload.f2fs -P -f "$dir" -t / "$device" >"$T/sload.out" 2>&1 || die "sload.f2fs: $(tail -c 200 "$T/sload.out")"
        rm -rf "$dir"
        ;;
    *)
        _fs_mount "$device" "$dir" rw
        "$PYTHON" "$RING/tree.py" fill "$dir" --percent "$percent" --caps "$(_caps)" --files "${FILES:-200}"
        if declare -F fs_more >/dev/null; then fs_more "$dir"; fi
        unmount "$dir"
        ;;
    esac
}
# Sets fat_free (bytes) and fat_percent from the FAT itself.
_fat_use() {
    read -r fat_free fat_percent < <("$PYTHON" "$RING/fat.py" "$1")
}

# _fs_list DEVICE OUT: what is on it.
_fs_list() {
    local device=$1 out=$2 dir=$T/mnt.list ino name
    rm -f "$out"
    case $FS in
    fat)
        mkdir -p "$dir"
        mattrib -i "$device" -/ :: >"$out"
        mcopy -i "$device" -s -n -Q -m '::*' "$dir"
        "$PYTHON" "$RING/tree.py" list "$dir" | grep -v '^\.	' >>"$out"
        rm -rf "$dir"
        ;;
    f2fs)
        # The tree, and every third file as dump.f2fs reads it: by its number, into ./lost_found. It is slow.
        fsck.f2fs --dry-run -t "$device" | grep -a '|-- ' >"$out"
        mkdir -p "$dir"
        while read -r ino name; do
            (cd "$dir" && dump.f2fs -d 0 -i "$ino" "$device" <<<y >/dev/null 2>&1) || true
            if [[ -d $dir/lost_found ]]; then
                printf '%s %s\n' "$ino" "$(cat "$dir"/lost_found/* | sha256sum)" >>"$out"
                rm -rf "$dir/lost_found"
            fi
        done < <(sed -nE 's/^.*\|-- (.*) <ino = (0x[0-9a-f]+)>.*/\2 \1/p' "$out" | awk 'NR % 3 == 0 || / [0-9]$/')
        rm -rf "$dir"
        ;;
    *)
        _fs_mount "$device" "$dir" ro
        "$PYTHON" "$RING/tree.py" list "$dir" >"$out"
        unmount "$dir"
        ;;
    esac
    if grep -q 'error [0-9]' "$out"; then die "$device cannot be read: $(grep -m 3 'error [0-9]' "$out")"; fi
    is "$(grep -c '' "$out") > 20" "too few files on $device"
}

# fs_check DEVICE: the filesystem's own checker.
fs_check() {
    local device=$1 dir=$T/mnt.scrub log=$T/check.out status=0
    case $FS in
    ext) e2fsck -fn "$device" >"$log" 2>&1 || status=1 ;;
    xfs) xfs_repair -n "$device" >"$log" 2>&1 || status=1 ;;
    btrfs)
        btrfs check --readonly "$device" >"$log" 2>&1 || status=1
        # The check reads one copy of each block; scrub reads all, and the data.
        _fs_mount "$device" "$dir" ro
        btrfs scrub start -B -r "$dir" >>"$log" 2>&1 || status=1
        grep -q 'no errors found' "$log" || status=1
        unmount "$dir"
        ;;
    # ntfsfix looks at the boot sectors and $MFTMirr, ntfsresize at every cluster's owner.
    ntfs) { ntfsfix -n "$device" && ntfsresize -i -f -P "$device"; } >"$log" 2>&1 || status=1 ;;
    fat) fsck.vfat -n "$device" >"$log" 2>&1 || status=1 ;;
    exfat) fsck.exfat -n "$device" >"$log" 2>&1 || status=1 ;;
    f2fs)
        fsck.f2fs --dry-run "$device" >"$log" 2>&1 || status=1
        if grep -aq '\[Fail\]' "$log"; then status=1; fi
        ;;
    esac
    if ((status)); then die "the checker of $FS: $(tail -n 12 "$log")"; fi
}

# _on DISK COMMAND…: COMMAND with the volume on DISK, read-only, as $device.
_on_volume() {
    local disk=$1 command=$2 device
    shift 2
    device=$(loop "$disk" -r --offset "$start" --sizelimit "$length")
    "$command" "$device" "$@"
    loop_drop "$device"
}

# fs_variant gpt|mbr|none MIB PERCENT TARGET_MIB: TARGET_MIB may be less where the volume ends earlier.
# A filling of 90% or more is nearly full. Odd calls restore to a loop device, even ones to a file.
fs_calls=0
fs_variant() {
    local table=$1 mib=$2 percent=$3 target_mib=$4 golden=$T/golden.img target=$T/target.img name device to before
    local used content
    fs_calls=$((fs_calls + 1))
    name=v$fs_calls
    say "--- $FS on $table, $mib MiB, $percent%, onto $target_mib MiB"
    rm -f "$golden" "$target"
    layout "$golden" "$table" "$mib"
    device=$(loop "$golden" --offset "$start" --sizelimit "$length")
    "${MKFS[@]}" "$device" >"$T/mkfs.out" 2>&1 || die "${MKFS[*]}: $(tail -n 3 "$T/mkfs.out")"
    _fs_fill "$device" "$percent"
    loop_drop "$device"
    # The golden one itself must be fine, or the rest says nothing.
    _on_volume "$golden" fs_check
    _on_volume "$golden" _fs_list "$T/list.golden"

    before=$(hash "$golden")
    capture "$name" "$golden"
    eq "$(hash "$golden")" "$before" "the golden disk's hash after capture"

    eq "$(event "capture.$name" plan "[.volumes[] | select(.start == $start)][0].map")" "$MAP" "the used map"
    used=$(event "capture.$name" plan "[.volumes[] | select(.start == $start)][0].usedBytes")
    content=$(value "capture.$name" contentBytes)
    say "    $used bytes used, $content captured, of $length"
    is "used <= length && content <= length + (2 << 20)" "more captured than there is"
    if ((percent < 90)); then
        is "used < length * 3 / 4 && content < length * 9 / 10" "too much captured of a half empty volume"
    else
        is "used > length * ${FULL:-90} / 100" "too little captured of a nearly full volume"
    fi

    old_disk "$target" "$target_mib"
    to=$target
    if ((fs_calls % 2)); then to=$(loop "$target"); fi
    restore "$name" "$to"
    if [[ $to != "$target" ]]; then loop_drop "$to"; fi
    # Where neither volume, gap nor table lies, what was there is there.
    if ((target_mib > mib)); then
        eq "$(bytes "$target" $((mib << 20)) 500000 | tr -d '\245' | wc -c)" 0 "bytes behind the last volume that were changed:"
    fi
    case $table in
    gpt) sgdisk -v "$target" | grep -q 'No problems found' || die "sgdisk -v of the target" ;;
    mbr) eq "$(sfdisk -d "$target" | grep -c 'start= *2048, size= *'"$((length >> 9))"', type=83, bootable')" 1 "partitions on the target" ;;
    esac
    _on_volume "$target" fs_check
    _on_volume "$target" _fs_list "$T/list.target"
    cmp -s "$T/list.golden" "$T/list.target" ||
        die "the files differ: $(diff -a "$T/list.golden" "$T/list.target" | head -n 8 | cut -c 1-300)"
    say "    $(grep -c '' "$T/list.target") entries equal"
    rm -f "$golden" "$target"
}

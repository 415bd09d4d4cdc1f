#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A golden disk for the demo and the loop tests, and its comparison with a copy.
#
#   . scripts/lib/golden.sh
#   golden_make     DISKFILE SIZE_MB CONTENT_MB   make a disk image with seven partitions
#   golden_manifest DISK [OUTFILE]                what is on it; default OUTFILE: DISK.manifest
#   golden_check    DISK_A DISK_B                 is B a faithful copy of A?
#
# Root, loop devices and FUSE are needed; partition nodes are not. DISK may be a regular file
# or a block device. Each function runs in a process of its own (this file, executed), so that
# `set -e` holds in it whatever the caller does, and its trap takes every mount and loop device
# down again, also after a failure or a signal.
#
# golden_check prints one line a partition, and line 0 for the disk itself:
#   PARTITION<TAB>FS<TAB>CHECKER ok|FAILED<TAB>FILES n equal|DIFFERENT
# with the reasons on standard error. Its exit code is 0 only if all are ok and equal.
# Neither disk may be mounted meanwhile: two btrfs of one UUID cannot be, at once.

_golden_lib=$(readlink -f -- "${BASH_SOURCE[0]}")

golden_make() { bash -- "$_golden_lib" __golden make "$@"; }
golden_manifest() { bash -- "$_golden_lib" __golden manifest "$@"; }
golden_check() { bash -- "$_golden_lib" __golden check "$@"; }

# ------------------------------------------------------------------ the process's frame

_golden_mounts=()
_golden_loops=() # "LOOP FILE"
_golden_tmp=

_say() { printf 'golden: %s\n' "$*" >&2; }
_die() {
    _say "$*"
    exit 1
}

_cleanup() {
    local status=$? i
    trap - EXIT INT TERM
    set +e
    cd /
    for ((i = ${#_golden_mounts[@]} - 1; i >= 0; i--)); do
        if mountpoint -q "${_golden_mounts[i]}"; then
            umount "${_golden_mounts[i]}" || umount -l "${_golden_mounts[i]}"
        fi
    done
    for ((i = ${#_golden_loops[@]} - 1; i >= 0; i--)); do _detach "${_golden_loops[i]%% *}"; done
    if [[ -n $_golden_tmp ]]; then rm -rf --one-file-system -- "$_golden_tmp"; fi
    exit "$status"
}

# _attach [-r] FILE OFFSET SIZE: sets $_loop. Not to be called in a $(…): the list would be lost.
_attach() {
    local ro=()
    if [[ $1 == -r ]]; then
        ro=(-r)
        shift
    fi
    _loop=$(losetup "${ro[@]}" --find --show --offset "$2" --sizelimit "$3" -- "$1")
    _golden_loops+=("$_loop $1")
}

# _detach LOOP: and wait, because a FUSE filesystem lets go of it some time after umount.
_detach() {
    local loop=$1 i kept=() entry file=
    for entry in "${_golden_loops[@]}"; do
        if [[ ${entry%% *} == "$loop" ]]; then file=${entry#* }; else kept+=("$entry"); fi
    done
    _golden_loops=("${kept[@]}")
    losetup -d "$loop" 2>/dev/null
    for ((i = 0; i < 100; i++)); do
        if ! losetup -n -O NAME -j "$file" | grep -qx -- "$loop"; then return 0; fi
        sleep 0.05
    done
    _say "$loop did not detach"
    return 1
}

# _mount FS OPTIONS LOOP: sets $_mnt.
_mount() {
    _mnt=$_golden_tmp/mnt.${#_golden_mounts[@]}
    mkdir -p "$_mnt"
    _golden_mounts+=("$_mnt")
    if [[ $1 == ntfs ]]; then ntfs-3g -o "$2" "$3" "$_mnt"; else mount -t "$1" -o "$2" "$3" "$_mnt"; fi
}
_umount() { umount "$1"; }

# _partitions DISK: NUMBER<TAB>START<TAB>SIZE<TAB>FS, in bytes, by the partition table alone.
_partitions() {
    local disk=$1 number start size type fs
    sfdisk -d "$disk" | sed -nE 's/^.*[^0-9]([0-9]+) : start= *([0-9]+), size= *([0-9]+), type=([^, ]+).*/\1 \2 \3 \4/p' |
        while read -r number start size type; do
            start=$((start * 512))
            size=$((size * 512))
            fs=$(blkid -p -o value -s TYPE --offset "$start" --size "$size" "$disk" || true)
            if [[ ${type^^} == 21686148-6449-6E6F-744E-656564454649 ]]; then fs=bios-boot; fi
            printf '%s\t%s\t%s\t%s\n' "$number" "$start" "$size" "${fs:-raw}"
        done
}

# ------------------------------------------------------------------ make

# _noise SEED BYTES: incompressible bytes, the same for the same seed.
_noise() {
    head -c "$2" /dev/zero | openssl enc -aes-128-ctr -K "$(printf '%032x' "$1")" -iv "$(printf '%032x' 0)"
}

# _select MAX NAME=BYTES…: choose files of /usr for each NAME, into $_golden_tmp/list.NAME.ROUND.
# Deterministic for one state of /usr: the sorted list, walked in strides, so that each takes a mixture;
# only some of the small files, and fewer where each one costs a process or a trip through FUSE.
_select() {
    local max=$1
    shift
    find /usr -xdev -type f -size "-$((max / 1024))k" ! -name '*[[:cntrl:]]*' ! -path '*[[:cntrl:]]*' ! -name '*.pyc' -printf '%s\t%p\n' |
        LC_ALL=C sort -t $'\t' -k 2 |
        awk -F '\t' -v out="$_golden_tmp/list" -v want="$*" '
            { size[NR] = $1; path[NR] = $2 }
            END {
                if (NR == 0) exit 1
                stride = 7919; if (NR % stride == 0) stride = 7907
                names = split(want, each, " "); i = 0; round = 0
                for (n = 1; n <= names; n++) {
                    split(each[n], pair, "=")
                    few = pair[1] == "ntfs" || pair[1] == "vfat" ? 10 : 3
                    for (have = 0; have < pair[2]; i++) {
                        if (i == NR) { i = 0; round++ }
                        k = (i * stride) % NR + 1
                        if (size[k] < 30000 && i % few) continue
                        print path[k] > (out "." pair[1] "." round)
                        have += size[k]
                    }
                }
            }'
}

# _fill FS DIR: the files that _select chose.
_fill() {
    local fs=$1 dir=$2 list copy=(cp -a --parents)
    if [[ $fs == ntfs ]]; then copy=(cp -P --preserve=timestamps --parents); fi
    for list in "$_golden_tmp/list.$fs".*; do
        [[ -e $list ]] || continue
        mkdir -p "$dir/files.${list##*.}"
        # A file may have vanished from /usr since; golden_make counts what arrived.
        # --parents wants relative names.
        (cd / && sed 's,^/,,' "$list" | tr '\n' '\0' | xargs -0r "${copy[@]}" -t "$dir/files.${list##*.}") || true
    done
}

# _oddities FS DIR: what copying goes wrong with, and what was deleted. A subshell, for its cd.
_oddities() (
    local fs=$1 dir=$2 i long
    mkdir -p "$dir/odd" "$dir/odd/empty directory" "$dir/odd/deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" "$dir/gone"
    # Deleted files: small ones with holes between them, and a large one.
    for ((i = 0; i < 120; i++)); do _noise "$i" 24000 >"$dir/gone/$i"; done
    _noise 1000 6000000 >"$dir/gone/large"
    sync -f "$dir"
    for ((i = 0; i < 120; i += 2)); do rm "$dir/gone/$i"; done
    _noise 1001 2000000 >"$dir/odd/fragmented"
    sync -f "$dir"
    rm -r "$dir/gone"

    cd "$dir/odd" || exit 1
    : >empty
    printf 'x' >one-byte
    printf 'linked\n' >hard-1
    ln hard-1 hard-2
    ln hard-1 deep/a/hard-3
    ln -s hard-1 symlink
    ln -s ../odd/deep/a symlink-to-directory
    ln -s /nowhere/at/all dangling
    printf -v long 'n%.0s' {1..250}
    printf 'long\n' >"$long"
    printf 'names\n' >'ä ö ü – 日本語 ✓'
    setfattr -n user.golden -v "value on $fs" hard-1
    setfattr -n user.binary -v 0x00ff10 one-byte
    truncate -s 48M sparse
    _noise 1002 300000 | dd of=sparse bs=64K seek=100 conv=notrunc status=none
    _noise 1003 300000 | dd of=sparse bs=64K seek=500 conv=notrunc status=none
    _noise 1004 100000 >appended
    for i in 1 2 3; do
        sync -f .
        _noise $((1004 + i)) 150001 >>appended
    done
    touch -d 1999-12-31T23:59:59.123456789Z one-byte
    touch -d 2037-01-01T00:00:00Z empty
    if [[ $fs != ntfs ]]; then
        chmod 4755 hard-1
        chmod 0000 empty
        chmod 1777 'empty directory'
        chown 1234:5678 one-byte
        chown -h 4321:8765 symlink
        mkfifo fifo
        mknod device c 1 3
        fallocate -l 3000000 preallocated
    fi
    if [[ $fs == xfs || $fs == btrfs ]]; then cp --reflink=always fragmented reflinked; fi
    if [[ $fs == btrfs ]]; then
        btrfs -q subvolume create subvolume
        cp -a --reflink=auto hard-1 sparse subvolume/
        btrfs -q subvolume snapshot -r subvolume snapshot
        mkdir compressed
        btrfs property set compressed compression zstd
        cp -a /usr/share/common-licenses/. compressed/
    fi
)

# _make_esp IMAGE: fill a FAT without a kernel driver. IMAGE is as mtools wants it.
_make_esp() {
    local image=$1 dir=$_golden_tmp/esp list name n=0 path
    mkdir -p "$dir/EFI/BOOT" "$dir/EFI/golden" "$dir/Files with long names"
    for list in "$_golden_tmp"/list.vfat.*; do
        [[ -e $list ]] || continue
        while IFS= read -r path; do
            name=${path##*/}
            cp --preserve=timestamps -- "$path" "$dir/Files with long names/$n ${name//[^A-Za-z0-9._-]/_}" || true
            n=$((n + 1))
        done <"$list"
    done
    _noise 2000 140000 >"$dir/EFI/BOOT/BOOTX64.EFI"
    _noise 2001 900000 >"$dir/EFI/golden/grubx64.efi"
    printf 'search --label golden-ext4\n' >"$dir/EFI/golden/grub.cfg"
    _noise 2002 1500000 >"$dir/deleted.bin"
    mcopy -i "$image" -m -Q "$dir/deleted.bin" ::/
    mcopy -i "$image" -s -m -Q "$dir/EFI" "$dir/Files with long names" ::/
    mmd -i "$image" ::/Empty
    mattrib -i "$image" +r +h ::/EFI/golden/grub.cfg
    mdel -i "$image" ::/deleted.bin
    _golden_content=$((_golden_content + $(du -sm --apparent-size "$dir" | cut -f 1)))
    rm -r "$dir"
}

_make() {
    [[ $# == 3 ]] || _die "golden_make DISKFILE SIZE_MB CONTENT_MB"
    local disk=$1 size=$2 content=$3 tool
    for tool in sgdisk sfdisk mkfs.fat mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.ntfs ntfs-3g mkswap mcopy openssl setfattr; do
        command -v "$tool" >/dev/null || _die "$tool is not installed"
    done

    # MiB: 1 before the first partition, 1 BIOS boot, 1 at the end. mkfs.xfs wants 300.
    local esp=64 swap=32 rest xfs btrfs ntfs ext4
    rest=$((size - 3 - esp - swap))
    xfs=$((rest / 4 > 320 ? rest / 4 : 320))
    btrfs=$((rest / 4 > 256 ? rest / 4 : 256))
    ntfs=$((rest * 12 / 100 > 96 ? rest * 12 / 100 : 96))
    ext4=$((rest - xfs - btrfs - ntfs))
    ((ext4 >= 128)) || _die "SIZE_MB must be at least $((3 + esp + swap + 320 + 256 + 96 + 128)), not $size"

    # What each can take, after its own overhead and the odd files.
    local room_vfat=$((esp * 8 / 10)) room_ext4=$((ext4 * 85 / 100 - 24)) room_xfs=$(((xfs - 80) * 9 / 10 - 24))
    local room_btrfs=$((btrfs * 7 / 10 - 40)) room_ntfs=$((ntfs * 88 / 100 - 24)) room want=() fs each
    room=$((room_vfat + room_ext4 + room_xfs + room_btrfs + room_ntfs))
    ((content <= room)) || _die "CONTENT_MB must be at most $room on a disk of $size MB, not $content"
    for fs in vfat ext4 xfs btrfs ntfs; do
        each=room_$fs
        want+=("$fs=$((content * ${!each} * 1048576 / room))")
    done
    _select $((content > 160 ? 16777216 : content * 104858)) "${want[@]}"

    rm -f -- "$disk" "$disk.manifest"
    truncate -s "${size}M" "$disk"
    sgdisk -o \
        -n "1:2048:+1M" -t 1:ef02 -c "1:BIOS-Start" \
        -n "2:0:+${esp}M" -t 2:ef00 -c "2:EFI-Systempartition" -A 2:set:0 \
        -n "3:0:+${ext4}M" -t 3:8300 -c "3:Wurzel – größer ✓" -A 3:set:2 \
        -n "4:0:+${xfs}M" -t 4:8300 -c "4:données xfs" \
        -n "5:0:+${btrfs}M" -t 5:8300 -c "5:データ btrfs" -A 5:set:60 \
        -n "6:0:+${ntfs}M" -t 6:0700 -c "6:Общие данные" -A 6:set:63 \
        -n "7:0:+${swap}M" -t 7:8200 -c "7:Auslagerung" \
        "$disk" >/dev/null
    head -c 446 /dev/urandom | dd of="$disk" conv=notrunc status=none
    head -c 60000 /dev/urandom | dd of="$disk" bs=512 seek=40 conv=notrunc status=none
    head -c 1M /dev/urandom | dd of="$disk" bs=1M seek=1 conv=notrunc status=none

    local number start bytes _
    _golden_content=0
    while IFS=$'\t' read -r -u 3 number start bytes _; do
        ((number > 1)) || continue
        _attach "$disk" "$start" "$bytes"
        case $number in
        2)
            mkfs.fat -F 32 -n GOLDEN-ESP "$_loop" >/dev/null
            _detach "$_loop" # mtools go through the file's own cache
            _make_esp "$disk@@$start"
            continue
            ;;
        3) mkfs.ext4 -q -F -L golden-ext4 "$_loop" && _populate ext4 user_xattr ;;
        4) mkfs.xfs -q -f -L golden-xfs "$_loop" && _populate xfs defaults ;;
        5) mkfs.btrfs -q -f -L golden-btrfs "$_loop" >/dev/null && _populate btrfs defaults ;;
        6) mkfs.ntfs -q -F -Q -L golden-ntfs "$_loop" >/dev/null 2>&1 && _populate ntfs streams_interface=xattr,big_writes ;;
        7) mkswap -L golden-swap "$_loop" >/dev/null ;;
        esac
        _detach "$_loop"
    done 3< <(_partitions "$disk")
    ((_golden_content >= content)) || _die "only $_golden_content MB of content arrived, not $content"
    sync -- "$disk"
}

# _populate FS OPTIONS: the filesystem on $_loop.
_populate() {
    _mount "$1" "$2" "$_loop"
    _fill "$1" "$_mnt"
    _golden_content=$((_golden_content + $(du -sm --apparent-size "$_mnt" | cut -f 1)))
    _oddities "$1" "$_mnt"
    _umount "$_mnt"
}

# ------------------------------------------------------------------ manifest

# _tree DIR: all that can be seen of a directory tree, one line an entry and property.
_tree() {
    (
        cd "$1" || exit 1
        find . -printf 'entry\t%P\t%y\t%m\t%U:%G\t%s\t%T@\t%n\t%l\n' 2>&1 | LC_ALL=C sort
        find . \( -type b -o -type c \) -exec stat -c $'node\t%n\t%t:%T' {} + | LC_ALL=C sort
        # Unreadable content becomes a line of the manifest, so that it is a difference.
        find . -type f -print0 | LC_ALL=C sort -z | { xargs -0r sha256sum -- 2>&1 || true; }
        find . ! -type l -print0 | LC_ALL=C sort -z | { xargs -0r getfattr -h -d -m - -e hex -- 2>&1 || true; }
    )
}

# _manifest_partition DISK START SIZE FS
_manifest_partition() {
    local disk=$1 start=$2 size=$3 fs=$4 options out=$_golden_tmp/fat
    blkid -p -o export --offset "$start" --size "$size" "$disk" | grep -v '^DEVNAME=' | sed $'s/^/identity\t/' || true
    case $fs in
    ext4) options=ro,noload ;;
    xfs) options=ro,norecovery,nouuid ;;
    btrfs) options=ro ;;
    ntfs) options=ro,streams_interface=xattr ;;
    vfat)
        rm -rf "$out"
        mkdir "$out"
        mattrib -i "$disk@@$start" -/ :: 2>/dev/null | sed $'s/^/attributes\t/' || true
        # An empty FAT has nothing to copy.
        mcopy -i "$disk@@$start" -s -n -Q -m '::*' "$out" || printf 'error\tmcopy failed\n'
        _tree "$out" | grep -v $'^entry\t\t' # the directory that mcopy copied into
        rm -rf "$out"
        return
        ;;
    swap) return ;;
    *)
        printf 'bytes\t%s\n' "$(tail -c "+$((start + 1))" -- "$disk" | head -c "$size" | sha256sum)"
        return
        ;;
    esac
    _attach -r "$disk" "$start" "$size"
    local loop=$_loop
    if _mount "$fs" "$options" "$loop" 2>"$_golden_tmp/mount.err"; then
        _tree "$_mnt"
        _umount "$_mnt"
    else
        printf 'error\tmount failed: %s\n' "$(tr '\n' ' ' <"$_golden_tmp/mount.err")"
    fi
    _detach "$loop"
}

# _manifest DISK OUT: each line begins with the number of its partition; 0 is the disk itself.
_manifest() {
    local disk=$1 out=$2 table=$_golden_tmp/table number start size fs first
    _partitions "$disk" >"$table"
    [[ -s $table ]] || return 1
    first=$(cut -f 2 "$table" | sort -n | head -n 1)
    {
        # The rest of a table is the partitions' own; the last usable sector depends on the disk's size.
        sfdisk -d "$disk" | sed -E "/^(device|last-lba|first-lba):/d; /^$/d; s/^.*[^0-9]([0-9]+ : start=)/partition \\1/; s/^/0\\ttable\\t/"
        printf '0\tboot-code\t%s\n' "$(head -c 446 -- "$disk" | sha256sum)"
        # LBA 34, where the GPT ends, to the first partition.
        printf '0\tgap\t%s\n' "$(tail -c "+$((34 * 512 + 1))" -- "$disk" | head -c "$((first - 34 * 512))" | sha256sum)"
        while IFS=$'\t' read -r -u 3 number start size fs; do
            sgdisk -i "$number" "$disk" | sed "s/^/0\\ttable\\t$number: /"
            _manifest_partition "$disk" "$start" "$size" "$fs" </dev/null >"$_golden_tmp/part"
            sed "s/^/$number\\t/" "$_golden_tmp/part"
        done 3<"$table"
    } >"$out.new"
    mv -- "$out.new" "$out"
}

_manifest_command() {
    [[ $# == 1 || $# == 2 ]] || _die "golden_manifest DISK [OUTFILE]"
    local out=${2-$1.manifest}
    _manifest "$1" "$out" || _die "$1 has no partition table"
    if grep -q $'^[0-9]*\terror\t' "$out"; then
        grep $'^[0-9]*\terror\t' "$out" >&2
        rm -f -- "$out"
        return 1
    fi
}

# ------------------------------------------------------------------ check

# _checker DISK START SIZE FS: the filesystem's own, on a read-only device.
_checker() {
    local disk=$1 start=$2 size=$3 fs=$4 loop status=0
    _attach -r "$disk" "$start" "$size"
    loop=$_loop
    case $fs in
    ext4) e2fsck -fn "$loop" || status=1 ;;
    xfs) xfs_repair -n "$loop" || status=1 ;;
    vfat) fsck.vfat -n "$loop" || status=1 ;;
    # ntfsfix looks at the boot sectors and $MFTMirr, ntfsresize at every cluster's owner.
    ntfs) { ntfsfix -n "$loop" && ntfsresize -i -f -P "$loop"; } || status=1 ;;
    btrfs)
        # The check stops at the first good copy of a block; scrub reads all copies.
        btrfs check --readonly "$loop" || status=1
        if _mount btrfs ro "$loop"; then
            btrfs scrub start -B -r "$_mnt" >"$_golden_tmp/scrub" 2>&1 || status=1
            cat "$_golden_tmp/scrub"
            grep -q 'no errors found' "$_golden_tmp/scrub" || status=1
            _umount "$_mnt"
        else
            status=1
        fi
        ;;
    swap) [[ $(blkid -p -o value -s TYPE "$loop") == swap ]] || status=1 ;;
    esac
    _detach "$loop"
    return "$status"
}

_check() {
    [[ $# == 2 ]] || _die "golden_check DISK_A DISK_B"
    local a=$1 b=$2 list_a list_b=$_golden_tmp/b failed=0
    [[ -r $a && -r $b ]] || _die "cannot read $a or $b"
    if [[ -f $a && -f $a.manifest && $a.manifest -nt $a ]]; then
        list_a=$a.manifest
    elif [[ -f $a && -w ${a%/*} ]]; then
        list_a=$a.manifest
        _manifest_command "$a"
    else
        list_a=$_golden_tmp/a
        _manifest_command "$a" "$list_a"
    fi
    : >"$list_b"
    _manifest "$b" "$list_b" || _say "$b has no readable partition table"
    _partitions "$a" >"$_golden_tmp/parts.a"
    _partitions "$b" >"$_golden_tmp/parts.b" || true

    local number fs start size what checker files count
    while IFS=$'\t' read -r -u 4 number _ _ fs; do
        checker=ok
        if [[ $number == 0 ]]; then
            what="sgdisk -v"
            # On a disk without a table sgdisk would check the empty one that it makes up.
            sgdisk -v "$b" >"$_golden_tmp/log" 2>&1 || checker=FAILED
            [[ -s $_golden_tmp/parts.b ]] && grep -q '^No problems found' "$_golden_tmp/log" || checker=FAILED
        else
            what="the checker of $fs"
            if IFS=$'\t' read -r _ start size _ < <(awk -F '\t' -v n="$number" '$1 == n' "$_golden_tmp/parts.b"); then
                _checker "$b" "$start" "$size" "$fs" </dev/null >"$_golden_tmp/log" 2>&1 || checker=FAILED
            else
                printf 'no such partition\n' >"$_golden_tmp/log"
                checker=FAILED
            fi
        fi
        if [[ $checker == FAILED ]]; then
            _say "partition $number of $b: $what failed:"
            tail -n 15 "$_golden_tmp/log" | sed 's/^/    /' >&2
        fi

        grep -a "^$number"$'\t' "$list_a" >"$_golden_tmp/lines.a" || true
        grep -a "^$number"$'\t' "$list_b" >"$_golden_tmp/lines.b" || true
        if [[ $number == 0 || $fs == swap || $fs == bios-boot || $fs == raw ]]; then
            count=$(grep -c '' "$_golden_tmp/lines.a" || true)
        else
            count=$(grep -ac "^$number"$'\tentry\t' "$_golden_tmp/lines.a" || true)
        fi
        files=equal
        if ! cmp -s "$_golden_tmp/lines.a" "$_golden_tmp/lines.b"; then
            files=DIFFERENT
            _say "partition $number: < $a, > $b:"
            diff -a "$_golden_tmp/lines.a" "$_golden_tmp/lines.b" | grep -a '^[<>]' | head -n 12 | sed 's/^/    /' >&2 || true
        fi
        if [[ $checker != ok || $files != equal ]]; then failed=1; fi
        printf '%s\t%s\tCHECKER %s\tFILES %s %s\n' "$number" "$fs" "$checker" "$count" "$files"
    done 4< <(printf '0\t0\t0\tgpt\n' && cat "$_golden_tmp/parts.a")
    return "$failed"
}

# ------------------------------------------------------------------ this file, executed

if [[ ${BASH_SOURCE[0]} == "$0" && ${1-} == __golden ]]; then
    set -euo pipefail
    export LC_ALL=C.UTF-8 TZ=UTC MTOOLS_SKIP_CHECK=1
    umask 022
    ((EUID == 0)) || _die "must be root"
    trap _cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    _golden_tmp=$(mktemp -d "${TMPDIR:-/tmp}/golden.XXXXXX")
    case ${2-} in
    make) _make "${@:3}" ;;
    manifest) _manifest_command "${@:3}" ;;
    check) _check "${@:3}" ;;
    *) _die "unknown function ${2-}" ;;
    esac
fi

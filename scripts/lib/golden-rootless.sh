#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The golden disk of golden.sh without root: no loop device, no mount, no FUSE.
#
#   . scripts/lib/golden-rootless.sh
#   golden_make     DISKFILE SIZE_MB CONTENT_MB   make a disk image with seven partitions
#   golden_manifest DISK [OUTFILE]                what is on it; default OUTFILE: DISK.manifest
#   golden_check    DISK_A DISK_B                 is B a faithful copy of A?
#
# Same disk layout, same output, same exit codes. Only what touches a filesystem differs: each is
# made in a file of its own and copied into the disk, and copied out again to be looked at. That
# replaces the functions of golden.sh that attach and mount; the others are used as they are.
#
# How each filesystem is filled, and what golden_check compares:
#   ext4   mke2fs -d, then debugfs. Every inode as `debugfs stat` prints it (owner, mode, times to the
#          nanosecond, links, xattrs, extents, checksum); content of every file by `debugfs rdump`.
#   xfs    mkfs.xfs -p, so without xattrs, names with spaces, sparse or deleted files. Every inode as
#          `xfs_db print` prints it; content of every file read at the extents that `xfs_db bmap` gives.
#   btrfs  mkfs.btrfs --rootdir, so without subvolumes, compression and reflinks. The whole tree of files
#          as `btrfs inspect-internal dump-tree` prints it; content of every file by `btrfs restore`.
#   ntfs   ntfscp, which makes files in the root directory only. Name, size, time and content of each
#          by ntfsls and ntfscat; no attributes, no permissions.
#   vfat   mtools both ways: names, sizes, times, attributes and content of every file.
#   swap   UUID and label, which is all that an image keeps of it.
# The manifest of one of these disks is not the one that golden.sh makes of it.

# shellcheck source=scripts/lib/golden.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/golden.sh"

# The three functions run this file instead.
_golden_lib=$(readlink -f -- "${BASH_SOURCE[0]}")

# _keep FUNCTION NAME: what golden.sh calls FUNCTION stays callable as NAME.
_keep() { eval "$2$(declare -f "$1" | tail -n "+2" | sed '1s/^/ () /')"; }
_keep _select _select_any
_keep _manifest_partition _manifest_partition_any

# ------------------------------------------------------------------ partitions as files

declare -A _golden_copies=() # FILE: the disk that it is copied from

# _attach [-r] DISK OFFSET SIZE: sets $_loop to a file: with -r a copy of the partition, else empty.
# The copies stay until the end, or until another disk's partition is to be at the same place.
_attach() {
    local reads=
    if [[ $1 == -r ]]; then
        reads=yes
        shift
    fi
    _loop=$_golden_tmp/partition.$2
    _golden_place=
    if [[ $reads && ${_golden_copies[$_loop]-} == "$1" ]]; then return; fi
    rm -f -- "$_loop"
    if [[ $reads ]]; then
        dd if="$1" of="$_loop" bs=1M iflag=skip_bytes,count_bytes skip="$2" count="$3" conv=sparse status=none
        _golden_copies[$_loop]=$1
    else
        _golden_place="$2 $1"
    fi
    truncate -s "$3" "$_loop"
    chmod 600 "$_loop" # mkswap warns otherwise
}

# _detach FILE: into the disk with it, if it is a new partition.
_detach() {
    if [[ $_golden_place ]]; then
        dd if="$1" of="${_golden_place#* }" bs=1M oflag=seek_bytes seek="${_golden_place%% *}" conv=notrunc,sparse status=none
        rm -f -- "$1"
    fi
    _golden_place=
}

# _btrfs LOG COMMAND…: the tools of btrfs look through all mounts first, and give up if one stands on a
# file that this user cannot see, such as one that root's tests mount for a moment.
_btrfs() {
    local log=$1 i status=1
    shift
    for ((i = 0; i < 60; i++)); do
        if "$@" >"$log" 2>&1; then return 0; else status=$?; fi
        if ! grep -q 'check mount status' "$log"; then break; fi
        sleep 1
    done
    return "$status"
}

# ------------------------------------------------------------------ make

# mkswap does not like holes in a file; here it stands in for a partition.
mkswap() { command mkswap "$@" 2>/dev/null; }
mkfs.btrfs() { _btrfs "$_golden_tmp/log" command mkfs.btrfs "$@"; }

# _select MAX NAME=BYTES…: without what only root may read, and for ntfs a few large files, as each one
# costs a process.
_select() {
    local bytes
    find() { command find "$1" -xdev -readable "${@:2}" 2>/dev/null || true; }
    _select_any "$@"
    bytes=$(_total "$_golden_tmp"/list.ntfs.*)
    rm -f -- "$_golden_tmp"/list.ntfs.*
    find /usr -type f -size +200k -size -8000k ! -name '*[[:cntrl:]]*' ! -path '*[[:cntrl:]]*' -printf '%s\t%p\n' |
        LC_ALL=C sort -t $'\t' -k 2 |
        awk -F '\t' -v want="$bytes" '
            { size[NR] = $1; path[NR] = $2 }
            END {
                stride = 7919; if (NR % stride == 0) stride = 7907
                for (i = 0; i < NR && have < want; i++) {
                    k = (i * stride) % NR + 1
                    print path[k]
                    have += size[k]
                }
            }' >"$_golden_tmp/list.ntfs.0"
    unset -f find
}

# _total LIST…: the bytes of the files in them.
_total() { cat "$@" | tr '\n' '\0' | xargs -0r stat -c %s -- | awk '{ sum += $1 } END { print sum + 0 }'; }

# _populate FS OPTIONS: makes the filesystem on $_loop again, this time with files.
_populate() {
    local fs=$1 tree=$_golden_tmp/tree
    mkdir "$tree"
    if [[ $fs == ntfs ]]; then
        _populate_ntfs
        return
    fi
    _fill "$fs" "$tree"
    _golden_content=$((_golden_content + $(du -sm --apparent-size "$tree" | cut -f 1)))
    _oddities "$fs" "$tree"
    case $fs in
    ext4)
        mke2fs -q -F -t ext4 -L golden-ext4 -d "$tree" "$_loop"
        _odd_ext4
        ;;
    xfs)
        _protofile "$tree" >"$_golden_tmp/proto"
        (cd "$tree" && mkfs.xfs -q -f -L golden-xfs -p "$_golden_tmp/proto" "$_loop")
        ;;
    btrfs)
        _btrfs "$_golden_tmp/log" command mkfs.btrfs -q -f -L golden-btrfs --rootdir "$tree" "$_loop" ||
            _die "mkfs.btrfs failed: $(tail -n 1 "$_golden_tmp/log")"
        ;;
    esac
    rm -rf -- "$tree"
}

# _oddities FS DIR: what copying goes wrong with, as far as the way to fill FS takes it.
_oddities() (
    local fs=$1 dir=$2 i long
    mkdir -p "$dir/odd" "$dir/odd/deep/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p" "$dir/odd/empty-directory"
    cd "$dir/odd" || exit 1
    : >empty
    printf 'x' >one-byte
    printf 'linked\n' >hard-1
    ln -s hard-1 symlink
    ln -s ../odd/deep/a symlink-to-directory
    ln -s /nowhere/at/all dangling
    printf -v long 'n%.0s' {1..250}
    printf 'long\n' >"$long"
    mkfifo fifo
    chmod 4755 hard-1
    chmod 1777 empty-directory
    touch -d 1999-12-31T23:59:59.123456789Z one-byte
    touch -d 2037-01-01T00:00:00Z empty
    if [[ $fs == xfs ]]; then
        # A protofile is a list of words; one that /usr has with spaces in its name cannot be in it.
        find "$dir" -depth -name '*[[:space:]]*' -exec rm -rf -- {} +
        return
    fi
    printf 'names\n' >'ä ö ü – 日本語 ✓'
    ln hard-1 hard-2
    ln hard-1 deep/a/hard-3
    truncate -s 48M sparse
    _noise 1002 300000 | dd of=sparse bs=64K seek=100 conv=notrunc status=none
    _noise 1003 300000 | dd of=sparse bs=64K seek=500 conv=notrunc status=none
    # Not every filesystem under $TMPDIR has xattrs; ext4 gets its own later.
    if [[ $fs == btrfs ]]; then setfattr -n user.golden -v "value on $fs" hard-1 2>/dev/null || true; fi
    if [[ $fs == ext4 ]]; then
        mkdir "$dir/gone"
        for ((i = 0; i < 120; i++)); do _noise "$i" 24000 >"$dir/gone/$i"; done
        _noise 1000 6000000 >"$dir/gone/large"
    fi
)

# What only root may do with files, and what deleting leaves behind, done on the unmounted ext4 of $_loop.
_odd_ext4() {
    local i
    _noise 1001 2000000 >"$_golden_tmp/fragmented"
    {
        for ((i = 0; i < 120; i += 2)); do printf 'rm /gone/%d\n' "$i"; done
        printf 'write %s /odd/fragmented\n' "$_golden_tmp/fragmented"
        for ((i = 1; i < 120; i += 2)); do printf 'rm /gone/%d\n' "$i"; done
        printf '%s\n' 'rm /gone/large' 'rmdir /gone' \
            'cd /odd' 'mknod device c 1 3' 'sif device mode 0020666' \
            'sif one-byte uid 1234' 'sif one-byte gid 5678' 'sif symlink uid 4321' 'sif empty mode 0100000' \
            'sif hard-1 mtime_extra 493827156' \
            'ea_set hard-1 user.golden "value on ext4"' 'ea_set one-byte user.binary \000\377\020'
    } >"$_golden_tmp/commands"
    debugfs -w -f "$_golden_tmp/commands" "$_loop" >"$_golden_tmp/log" 2>&1
    # debugfs goes on after an error, and its exit code is 0.
    if grep -a -v -e '^debugfs' -e '^Allocated inode' -e '^$' "$_golden_tmp/log" >&2; then return 1; fi
    rm -f -- "$_golden_tmp/fragmented"
}

# _protofile DIR: the tree as mkfs.xfs wants it, file contents by paths relative to DIR.
# A protofile says who owns what: two of the odd files belong to others.
_protofile() {
    printf '%s\n' '/stand/diskboot' '0 0' 'd--755 0 0'
    find "$1" -mindepth 1 -printf '%d\t%y\t%m\t%f\t%P\t%l\n' |
        awk -F '\t' '
            {
                for (; open > $1 - 1; open--) print "$"
                mode = sprintf("%04d", $3)
                special = substr(mode, 1, 1)
                bits = (special >= 4 ? "u" : "-") (special % 4 >= 2 ? "g" : "-") substr(mode, 2)
                owner = $4 == "one-byte" ? "1234 5678" : $4 == "symlink" ? "4321 8765" : "0 0"
                if ($2 == "d") { print $4, "d" bits, owner; open = $1 }
                if ($2 == "f") print $4, "-" bits, owner, $5
                if ($2 == "l") print $4, "l--777", owner, $6
                if ($2 == "p") print $4, "p" bits, owner
            }
            END { for (; open > 0; open--) print "$"; print "device c--666 0 0 1 3"; print "$" }'
}

_populate_ntfs() {
    local path name n=0
    while IFS= read -r path; do
        name=${path##*/}
        n=$((n + 1))
        ntfscp -q -t "$_loop" "$path" "$n ${name//[^A-Za-z0-9._-]/_}"
    done <"$_golden_tmp/list.ntfs.0"
    _golden_content=$((_golden_content + $(_total "$_golden_tmp/list.ntfs.0") / 1048576))
    local file=$_golden_tmp/file long
    printf -v long 'n%.0s' {1..250}
    : >"$file"
    ntfscp -q "$_loop" "$file" empty
    printf 'long\n' >"$file"
    ntfscp -q "$_loop" "$file" "$long"
    ntfscp -q "$_loop" "$file" 'ä ö ü – 日本語 ✓'
    ntfscp -q -N stream "$_loop" "$file" 'ä ö ü – 日本語 ✓'
    rm -f -- "$file"
}

# ------------------------------------------------------------------ manifest

# _walk FS FILE ROOT: all entries of all directories, a level at a time:
# INODE<TAB>PATH<TAB>"d" for a directory<TAB>whatever else the tool says of it.
# A directory is entered once: in a broken copy there may be circles.
_walk() {
    local fs=$1 file=$2 level=$_golden_tmp/level seen=$_golden_tmp/seen
    printf '%s\t\n' "$3" >"$level"
    cp -- "$level" "$seen"
    while [[ -s $level ]]; do
        cut -f 1 "$level" | "_list_$fs" "$file" |
            awk -F '\t' -v OFS='\t' '
                NR == FNR { path[$1] = $2 "/"; next }
                $5 != "." && $5 != ".." { print $2, path[$1] $5, $3, $4 }' "$level" - >"$_golden_tmp/entries"
        cat "$_golden_tmp/entries"
        awk -F '\t' -v OFS='\t' '
            NR == FNR { seen[$1]; next }
            $3 == "d" && !($1 in seen) { print $1, $2; seen[$1] }' "$seen" "$_golden_tmp/entries" >"$level"
        cat "$level" >>"$seen"
    done
}

# _list_FS FILE: the directories whose inode numbers are on standard input:
# DIRECTORY<TAB>INODE<TAB>"d" or "-"<TAB>more<TAB>NAME.
_list_ext4() {
    # /INODE/MODE/UID/GID/NAME/SIZE/
    sed 's/.*/ls -p <&>/' | debugfs -f - "$1" 2>/dev/null |
        awk -F / -v OFS='\t' '
            /^debugfs: ls -p <[0-9]+>$/ { directory = substr($0, 16, length($0) - 16); next }
            NF == 8 { print directory, $2, ($3 ~ /^04/ ? "d" : "-"), $3 " " $4 " " $5 " " $7, $6 }'
}
_list_xfs() {
    # COOKIE INODE TYPE HASH LENGTH NAME (good)
    sed 's/.*/echo @ &\ninode &\nls/' | xfs_db -r -f "$1" 2>/dev/null |
        awk -v OFS='\t' '
            $1 == "@" { directory = $2; next }
            NF > 5 {
                name = $0
                for (i = 0; i < 5; i++) sub(/^ *[^ ]+ +/, "", name)
                sub(/ \([a-z]+\)$/, "", name)
                print directory, $2, ($3 == "directory" ? "d" : "-"), $3, name
            }'
}

# _inodes_FS FILE: all about the inodes on standard input, "INODE<TAB>…" a line.
_inodes_ext4() {
    sed 's/.*/stat <&>/' | debugfs -f - "$1" 2>&1 |
        awk '/^debugfs: stat <[0-9]+>$/ { inode = substr($0, 16, length($0) - 16); next } inode { print inode "\t" $0 }'
}
_inodes_xfs() { sed 's/.*/echo @ &\ninode &\nprint\nbmap/' | xfs_db -r -f "$1" 2>&1 | awk '$1 == "@" { inode = $2; next } { print inode "\t" $0 }'; }

# _contents DIR: the digests of a tree that was copied out.
_contents() {
    chmod -R u+rwX -- "$1" # files that nobody may read, too
    (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | { xargs -0r sha256sum -- 2>&1 || true; }) | sed $'s/^/content\t/'
    rm -rf -- "$1"
}

# _contents_xfs FILE INODES: the digests of regular files, from what _inodes_xfs printed. No tool of
# Debian copies files out of an unmounted xfs.
_contents_xfs() {
    python3 - "$1" "$2" "$(xfs_db -r -f "$1" -c 'sb 0' -c 'p agblocks' -c 'p blocksize')" <<'PYTHON'
import hashlib, re, sys

image, inodes, geometry = open(sys.argv[1], "rb"), {}, dict(re.findall(r"(\w+) = (\d+)", sys.argv[3]))
group, block = int(geometry["agblocks"]), int(geometry["blocksize"])
for line in open(sys.argv[2], errors="replace"):
    number, _, text = line.rstrip("\n").partition("\t")
    inode = inodes.setdefault(number, {"mode": 0, "size": 0, "extents": []})
    if found := re.match(r"core\.mode = 0(\d+)$", text):
        inode["mode"] = int(found[1], 8)
    elif found := re.match(r"core\.size = (\d+)$", text):
        inode["size"] = int(found[1])
    elif found := re.match(r"data offset (\d+) startblock \d+ \((\d+)/(\d+)\) count (\d+) flag (\d)", text):
        inode["extents"].append([int(x) for x in found.groups()])
for number, inode in inodes.items():
    if inode["mode"] >> 12 != 8:
        continue
    digest, done, size = hashlib.sha256(), 0, inode["size"]
    def zeros(count):
        while count > 0:
            digest.update(bytes(min(count, 1 << 20)))
            count -= 1 << 20
    for offset, ag, start, count, unwritten in inode["extents"]:
        zeros(min(offset * block, size) - done)
        done = min(offset * block, size)
        length = min(count * block, size - done)
        if unwritten:
            zeros(length)
        else:
            image.seek((ag * group + start) * block)
            digest.update(image.read(length))
        done += length
    zeros(size - done)
    print(f"content\t{digest.hexdigest()}\t{number}")
PYTHON
}

# _manifest_partition DISK START SIZE FS
_manifest_partition() {
    local disk=$1 start=$2 size=$3 fs=$4 out=$_golden_tmp/out root=2 file name
    case $fs in
    ext4 | xfs | btrfs | ntfs) ;;
    *)
        _manifest_partition_any "$@"
        return
        ;;
    esac
    blkid -p -o export --offset "$start" --size "$size" "$disk" | grep -v '^DEVNAME=' | sed $'s/^/identity\t/' || true
    _attach -r "$disk" "$start" "$size"
    file=$_loop
    rm -rf -- "$out"
    mkdir "$out"
    case $fs in
    ext4 | xfs)
        if [[ $fs == xfs ]]; then root=$(xfs_db -r -f "$file" -c 'sb 0' -c 'p rootino' 2>&1 | sed -n 's/^rootino = //p'); fi
        _walk "$fs" "$file" "${root:-0}" >"$_golden_tmp/walk"
        if [[ ! -s $_golden_tmp/walk ]]; then printf 'error\tno %s that can be read\n' "$fs"; fi
        LC_ALL=C sort -t $'\t' -k 2 "$_golden_tmp/walk" | sed $'s/^/entry\t/'
        { echo "${root:-0}" && cut -f 1 "$_golden_tmp/walk"; } | sort -nu | "_inodes_$fs" "$file" >"$_golden_tmp/inodes"
        sed $'s/^/inode\t/' "$_golden_tmp/inodes"
        if [[ $fs == xfs ]]; then
            _contents_xfs "$file" "$_golden_tmp/inodes" || printf 'error\txfs files not readable\n'
        else
            # Not being root, it cannot give the copies to their owners.
            debugfs -R "rdump / $out" "$file" 2>&1 >/dev/null | grep -a -v -e '^debugfs ' -e 'while changing ownership' |
                sed "s,$out,," | sed $'s/^/message\t/' || true
            _contents "$out"
        fi
        ;;
    btrfs)
        btrfs inspect-internal dump-tree -t 5 "$file" 2>&1 | sed $'s/^/tree\t/' || true
        _btrfs "$_golden_tmp/log" btrfs restore -S "$file" "$out" </dev/null ||
            printf 'error\tbtrfs restore failed: %s\n' "$(tail -n 1 "$_golden_tmp/log")"
        # It makes neither fifos nor device nodes; those are in the tree above.
        (cd "$out" && find . -mindepth 1 -printf 'entry\t%P\t%y\t%s\t%l\n' | sed -E $'s/^(entry\t.*\td)\t[0-9]+/\\1/' | LC_ALL=C sort)
        _contents "$out"
        ;;
    ntfs)
        ntfsls -f -a -s -i -l "$file" >"$_golden_tmp/log" 2>&1 || printf 'error\tntfsls failed: %s\n' "$(tail -n 1 "$_golden_tmp/log")"
        sed $'s/^/entry\t/' "$_golden_tmp/log"
        { ntfsls -f "$file" 2>/dev/null || true; } | while IFS= read -r name; do
            # A stream is listed as FILE:STREAM.
            if [[ $name == *:* ]]; then stream=(-n "${name#*:}"); else stream=(); fi
            { ntfscat -f "${stream[@]}" "$file" "${name%%:*}" 2>/dev/null || printf 'not readable'; } | sha256sum | sed "s/-\$//; s/^/content\t/" | tr -d '\n'
            printf '%s\n' "$name"
        done
        ;;
    esac
    rm -rf -- "$out"
    _detach "$file"
}

# ------------------------------------------------------------------ check

# _checker DISK START SIZE FS: the filesystem's own, on a copy of the partition.
_checker() {
    local disk=$1 start=$2 size=$3 fs=$4 file status=0 offset
    _attach -r "$disk" "$start" "$size"
    file=$_loop
    case $fs in
    ext4) e2fsck -fn "$file" || status=1 ;;
    xfs) xfs_repair -n -f "$file" || status=1 ;;
    vfat) fsck.vfat -n "$file" || status=1 ;;
    # ntfsfix looks at the boot sectors and $MFTMirr, ntfsresize at every cluster's owner.
    ntfs) { ntfsfix -n "$file" && ntfsresize -i -f -P "$file"; } || status=1 ;;
    btrfs)
        btrfs check --readonly --force --check-data-csum "$file" || status=1
        # --force is about the mounts; see _btrfs. The check stops at the first good copy of a block, and scrub needs a mount. So destroy the
        # first copies, this file being ours, and let it find the second ones.
        btrfs inspect-internal dump-tree -t chunk "$file" |
            awk '/ type .*DUP/ { for (i = 1; i < NF; i++) if ($i == "length") length_ = $(i + 1); dup = 1 }
                 dup && /stripe 0 / { print $NF, length_; dup = 0 }' >"$_golden_tmp/stripes"
        while read -r offset size; do
            dd if=/dev/zero of="$file" bs=1M oflag=seek_bytes iflag=count_bytes seek="$offset" count="$size" conv=notrunc status=none
        done <"$_golden_tmp/stripes"
        echo "without the first copies:"
        [[ -s $_golden_tmp/stripes ]] || status=1
        btrfs check --readonly --force "$file" || status=1
        unset "_golden_copies[$file]"
        ;;
    swap) [[ $(blkid -p -o value -s TYPE "$file") == swap ]] || status=1 ;;
    esac
    _detach "$file"
    return "$status"
}

# ------------------------------------------------------------------ this file, executed

if [[ ${BASH_SOURCE[0]} == "$0" && ${1-} == __golden ]]; then
    set -euo pipefail
    # Debian keeps the tools for filesystems where a user's PATH does not lead.
    export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
    export LC_ALL=C.UTF-8 TZ=UTC MTOOLS_SKIP_CHECK=1
    umask 022
    trap _cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    _golden_tmp=$(mktemp -d "${TMPDIR:-/tmp}/golden.XXXXXX")
    for tool in ntfscp ntfsls ntfscat debugfs xfs_db btrfs python3; do
        command -v "$tool" >/dev/null || _die "$tool is not installed"
    done
    case ${2-} in
    make) _make "${@:3}" ;;
    manifest) _manifest_command "${@:3}" ;;
    check) _check "${@:3}" ;;
    *) _die "unknown function ${2-}" ;;
    esac
fi

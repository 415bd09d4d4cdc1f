# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What every case of the loop ring stands on. A case is a script that sources this file first:
#   . "$(dirname "$0")/../lib.sh"
# It then has a directory of its own, $T, and whatever it attached, mounted or started through the
# functions here is taken down when it ends, however it ends. Run cases with Tests/Loop/run.

set -Eeuo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8 TZ=UTC MTOOLS_SKIP_CHECK=1 PATH=$PATH:/usr/sbin:/sbin
umask 022

RING=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd -- "$RING/../.." && pwd)
PYTHON=/usr/bin/python3 # Debian's, which has Debian's libtorrent
if [[ -z ${DIECAST-} ]]; then
    DIECAST=$REPO/.build/release/diecast
    if [[ ! -x $DIECAST ]]; then DIECAST=$REPO/.build/debug/diecast; fi
fi

# ------------------------------------------------------------------ the frame

say() { printf '%s\n' "$*"; }
die() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}
# skip REASON: only for what is optional by nature, such as a kernel feature.
skip() {
    printf 'SKIP: %s\n' "$*"
    exit 77
}
# need TOOL…: a missing tool is a failure; the ring says what to install.
need() {
    local tool
    for tool in "$@"; do command -v "$tool" >/dev/null || die "$tool is not installed"; done
}

T=$(mktemp -d "${TMPDIR:-/tmp}/loopring.XXXXXX")
STORE=$T/store

# undo COMMAND…: run it at the end; the last one comes first. Also from a $(…).
undo() {
    printf '%q ' "$@" >>"$T/.undo"
    printf '\n' >>"$T/.undo"
}
_finish() {
    local status=$? line
    trap - EXIT ERR
    trap '' INT TERM
    set +e
    cd /
    if [[ $status != 0 && $status != 77 ]]; then _show_leftovers; fi
    if [[ -e $T/.undo ]]; then
        while IFS= read -r line; do eval "$line"; done < <(tac "$T/.undo")
    fi
    if [[ -n ${KEEP-} ]]; then say "kept: $T"; else rm -rf --one-file-system -- "$T"; fi
    exit "$status"
}
# The last words of the programs that ran last, into the log of a failed case.
_show_leftovers() {
    local file
    while IFS= read -r file; do
        [[ -s $file ]] || continue
        say "--- ${file##*/}:"
        grep -Ev '"event":"(progress|plan)"' "$file" | tail -n 3 | cut -c 1-800
    done < <(find "$T" -maxdepth 1 \( -name '*.err' -o -name '*.json' \) -size +0 -printf '%T@ %p\n' | sort -rn | sed -n '1,8s/^[^ ]* //p')
}
trap _finish EXIT
trap 'printf "FAILED: line %s of %s: %s\n" "$LINENO" "${BASH_SOURCE[0]##*/}" "$BASH_COMMAND" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM
((EUID == 0)) || die "must be root"
[[ -x $DIECAST ]] || die "there is no $DIECAST"
need jq losetup sfdisk sgdisk blkid

# ------------------------------------------------------------------ assertions

# eq GOT WANTED WHAT
eq() { [[ $1 == "$2" ]] || die "$3: $1, not $2"; }
# is EXPRESSION WHAT: arithmetic.
is() { (($1)) || die "$2 ($1)"; }
# has FILE REGEX
has() { grep -Eq -- "$2" "$1" || die "no '$2' in ${1##*/}: $(tail -n 3 "$1" | cut -c 1-600)"; }
# exits CODE NAME COMMAND…: into $T/NAME.json (standard output) and $T/NAME.err.
exits() {
    local wanted=$1 name=$2 got=0
    shift 2
    "$@" >"$T/$name.json" 2>"$T/$name.err" </dev/null || got=$?
    [[ $got == "$wanted" ]] || die "exit code $got, not $wanted: $* ($(tail -n 2 "$T/$name.err"))"
}
# event NAME EVENT FILTER: jq's FILTER on the last EVENT in $T/NAME.json.
event() { jq -rs --arg e "$2" "map(select(.event == \$e)) | last | $3" "$T/$1.json"; }
# value NAME FIELD: a field of the result.
value() { event "$1" result ".$2"; }
hash() { sha256sum <"$1" | cut -d ' ' -f 1; }
# await SECONDS WHAT COMMAND…: until COMMAND succeeds.
await() {
    local seconds=$1 what=$2 i
    shift 2
    for ((i = 0; i < seconds * 20; i++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    die "waited $seconds s for: $what"
}

# ------------------------------------------------------------------ disks

# Of 0xA5, so that whatever a restore leaves out is seen. old_disk FILE MIB
old_disk() { head -c "$(($2 << 20))" /dev/zero | tr '\0' '\245' >"$1"; }
# bytes FILE OFFSET LENGTH: to standard output.
bytes() { dd if="$1" bs=1M iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none; }
# put FILE OFFSET: standard input, into FILE.
put() { dd of="$1" bs=1M oflag=seek_bytes seek="$2" conv=notrunc status=none; }
# noise SEED LENGTH: incompressible, the same for the same seed.
noise() { openssl enc -aes-128-ctr -K "$(printf '%032x' "$1")" -iv 0 -in /dev/zero 2>/dev/null | head -c "$2" || true; }

_loop_file() { losetup -n -O BACK-FILE "$1" 2>/dev/null | sed 's/^ *//; s/ *$//'; }
# Only while it stands on our file: the number may be another's by now. A file of a FUSE that has gone
# shows as /NAME.
_loop_is() {
    local now
    now=$(_loop_file "$1")
    [[ -n $now && ($now == "$2" || $now == "/${2##*/}") ]]
}
loop_drop() {
    local device=$1 file=${2-} i
    file=${file:-$(_loop_file "$device")}
    _loop_is "$device" "$file" || return 0
    losetup -d "$device" 2>/dev/null || true
    for ((i = 0; i < 200; i++)); do
        _loop_is "$device" "$file" || return 0
        sleep 0.05
    done
    say "$device did not detach from $file"
}
# loop FILE [LOSETUP-OPTION…]: prints the device.
loop() {
    local file=$1 device
    shift
    device=$(losetup --find --show "$@" -- "$file")
    undo loop_drop "$device" "$(readlink -f -- "$file")"
    printf '%s\n' "$device"
}
# By the kernel's list: a FUSE whose process died is a mount, too, but cannot be looked at.
unmount() { if grep -qF " $1 " /proc/self/mountinfo; then umount "$1" || umount -l "$1"; fi; }
# mounted DIR COMMAND…: COMMAND mounts on DIR.
mounted() {
    local dir=$1
    shift
    mkdir -p "$dir"
    undo unmount "$dir"
    "$@"
}

# layout FILE gpt|mbr|none MIB: one partition over the disk, or none. Sets $start and $length of the volume.
layout() {
    local file=$1 table=$2 mib=$3
    truncate -s "${mib}M" "$file"
    start=$((1 << 20)) length=$(((mib - 2) << 20))
    case $table in
    gpt) sgdisk -n "1:2048:+$((length >> 20))M" -t 1:8300 -c 1:volume "$file" >/dev/null ;;
    mbr) printf 'label: dos\nstart=2048, size=%s, type=83, bootable\n' $((length >> 9)) | sfdisk -q "$file" ;;
    none) start=0 length=$((mib << 20)) ;;
    esac
}

# golden FILE MIB [CONTENT_MIB]: a GPT disk with one ext4 full of noise and text, for the cases that are
# not about filesystems.
golden() {
    local file=$1 mib=$2 content=${3-$(($2 / 2))} device dir=$T/golden.mnt
    layout "$file" gpt "$mib"
    device=$(loop "$file" --offset "$start" --sizelimit "$length")
    mkfs.ext4 -q -F -m 0 -E lazy_itable_init=0,lazy_journal_init=0 "$device"
    mounted "$dir" mount "$device" "$dir"
    "$PYTHON" "$RING/tree.py" fill "$dir" --bytes $((content << 20)) --caps all
    unmount "$dir"
    loop_drop "$device"
}
# same_volume A B: the ext4 of `golden` on both, files and metadata.
same_volume() {
    local disk device dir=$T/compare.mnt list=()
    for disk in "$@"; do
        device=$(loop "$disk" -r --offset $((1 << 20)))
        e2fsck -fn "$device" >"$T/e2fsck.err" 2>&1 || die "e2fsck of $disk: $(tail -n 3 "$T/e2fsck.err")"
        mounted "$dir" mount -o ro,noload "$device" "$dir"
        "$PYTHON" "$RING/tree.py" list "$dir" >"$T/list.${#list[@]}"
        list+=("$T/list.${#list[@]}")
        unmount "$dir"
        loop_drop "$device"
    done
    cmp -s "${list[@]}" || die "the files on $* differ: $(diff "${list[@]}" | head -n 6)"
    rm -f "$T/e2fsck.err"
}
# place DISK FILE BLOCK: where on the disk of `golden` that block (4 KiB) of the file lies.
place() {
    local device dir=$T/place.mnt block
    device=$(loop "$1" -r --offset $((1 << 20)))
    mounted "$dir" mount -o ro,noload "$device" "$dir"
    block=$(filefrag -b4096 -v "$dir/$2" | awk -v b="$3" '$1 ~ /^[0-9]+:$/ { split($2 $3, l, /\.\./); split($4 $5, p, /\.\./); if (b >= l[1] + 0 && b <= l[2] + 0) print p[1] + b - l[1] }')
    unmount "$dir"
    loop_drop "$device"
    [[ -n $block ]] || die "no block $3 of $2"
    echo $(((1 << 20) + block * 4096))
}
# no_table DISK: nothing there that a firmware or kernel would boot or mount.
no_table() {
    if sfdisk -d "$1" >"$T/sfdisk.out" 2>&1; then die "$1 has a partition table: $(head -n 3 "$T/sfdisk.out")"; fi
    if blkid -p "$1" >"$T/blkid.out" 2>&1; then die "$1 has a signature: $(cat "$T/blkid.out")"; fi
    if sgdisk -p "$1" 2>/dev/null | grep -Eq '^ +[0-9]+ '; then die "sgdisk finds partitions on $1"; fi
}

# ------------------------------------------------------------------ diecast

# capture NAME DISK [ARG…]: the image NAME in $STORE; $T/capture.NAME.json.
capture() {
    local name=$1 disk=$2
    shift 2
    exits 0 "capture.$name" "$DIECAST" capture "$disk" "$name" --to "$STORE" --json "$@"
}
# restore NAME DISK [ARG…]: from $STORE unless --from is given; $T/restore.NAME.json.
restore() {
    local name=$1 disk=$2
    shift 2
    if [[ " $* " != *" --from "* ]]; then set -- --from "$STORE" "$@"; fi
    exits 0 "restore.$name" "$DIECAST" restore "$name" "$disk" --yes --json "$@"
}

# stop PID [SIGNAL]: and wait for its end.
stop() {
    local pid=$1 i
    kill -"${2-TERM}" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 200; i++)); do
        if ! kill -0 "$pid" 2>/dev/null || [[ $(ps -o stat= -p "$pid") == Z* ]]; then return 0; fi
        sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
}
# start NAME COMMAND…: in the background, into $T/NAME.json and $T/NAME.err; sets $pid.
start() {
    local name=$1
    shift
    "$@" >"$T/$name.json" 2>"$T/$name.err" </dev/null &
    pid=$!
    undo stop "$pid"
}
# finish PID NAME [CODE]: wait for what `start` started.
finish() {
    local got=0
    wait "$1" || got=$?
    [[ $got == "${3-0}" ]] || die "$2 ended with $got, not ${3-0}: $(tail -n 2 "$T/$2.err")"
}
# seed NAME ARG…: starts `diecast seed`; sets $pid and $url. IN=N puts it into node N, else 127.0.0.1.
seed() {
    local name=$1 address=127.0.0.1 in=()
    shift
    if [[ -n ${IN-} ]]; then
        address=$(node_address "$IN")
        in=(nsenter "--net=/run/netns/$(node_name "$IN")")
    fi
    # The peer port is any free one, too.
    start "$name" "${in[@]}" "$DIECAST" seed "$@" --listen "$address:${SEED_PORT-0}" --json
    await 30 "$name listens" grep -q '"event":"listening"' "$T/$name.json"
    url=$(event "$name" listening .url)
    peer_port=$(event "$name" listening .peerPort)
}

# ------------------------------------------------------------------ a LAN of network namespaces

node_name() { printf 'dl%s-%s' "$$" "$1"; }
node_address() { printf '10.67.%s.%s' $(($$ % 250)) "$1"; }
_lan_down() { ip netns list | sed -n "s/^\(dl$1-[a-z0-9]*\).*/\1/p" | xargs -rn 1 ip netns del; }
# lan N: nodes 1 to N on one bridge, with nothing but addresses.
lan() {
    local bridge i node
    need ip nsenter
    bridge=$(node_name lan)
    undo _lan_down "$$"
    ip netns add "$bridge"
    ip -n "$bridge" link add br0 type bridge stp_state 0 forward_delay 0
    ip -n "$bridge" link set br0 up
    for ((i = 1; i <= $1; i++)); do
        node=$(node_name "$i")
        ip netns add "$node"
        ip -n "$node" link set lo up
        ip link add eth0 netns "$node" type veth peer name "v$i" netns "$bridge"
        ip -n "$bridge" link set "v$i" master br0 up
        ip -n "$node" addr add "$(node_address "$i")/24" dev eth0
        ip -n "$node" link set eth0 up
    done
}
# start_on N NAME COMMAND…: `start` in node N.
start_on() {
    local node=$1 name=$2
    shift 2
    start "$name" nsenter "--net=/run/netns/$(node_name "$node")" "$@"
}

# ------------------------------------------------------------------ stores

# chunks_are_whole STORE: every chunk's content has the hash that names it.
chunks_are_whole() { "$PYTHON" "$RING/chunks.py" "$1" >"$T/chunks.out" || die "$(cat "$T/chunks.out")"; }
images() { "$DIECAST" image list --from "$1" --json | jq -r '"\(.name)@\(.version)"' | sort | tr '\n' ' ' | sed 's/ $//'; }

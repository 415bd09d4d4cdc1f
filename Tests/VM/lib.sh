# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What every case of the vm ring stands on. A case is a script that sources this file first:
#   . "$(dirname "$0")/../lib.sh"
# It then has a directory of its own, $T, and shares $VMRING, with golden.img and store, with the other cases
# of the run. What it started through the functions here is gone when it ends. Run cases with Tests/VM/run.

set -Eeuo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8 TZ=UTC MTOOLS_SKIP_CHECK=1 PATH=$PATH:/usr/sbin:/sbin
umask 022

say() { printf '%s\n' "$*"; }
die() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}
[[ -d ${VMRING-} && -x ${DIECAST-} ]] || die "cases are run by Tests/VM/run"
T=$(mktemp -d "$VMRING/case.XXXXXX")
STORE=$VMRING/store
children=()

_finish() {
    local status=$? pid file
    trap - EXIT ERR
    trap '' INT TERM
    set +e
    cd /
    for pid in "${children[@]}"; do stop "$pid"; done
    if [[ $status != 0 ]]; then
        for file in "$T"/*.err "$T"/*.serial; do
            [[ -s $file ]] || continue
            say "--- the end of ${file##*/}:"
            tail -n 25 "$file" | tr -cd '\11\12\40-\176' | cut -c 1-300
        done
    fi
    rm -rf --one-file-system -- "$T"
    exit "$status"
}
trap _finish EXIT
trap 'printf "FAILED: line %s of %s: %s\n" "$LINENO" "${BASH_SOURCE[0]##*/}" "$BASH_COMMAND" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM

eq() { [[ $1 == "$2" ]] || die "$3: $1, not $2"; }
is() { (($1)) || die "$2 ($1)"; }
# event NAME EVENT FILTER: jq's FILTER on the last EVENT in $T/NAME.json.
event() { jq -rs --arg e "$2" "map(select(.event == \$e)) | last | $3" "$T/$1.json"; }
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

# start NAME COMMAND…: in the background, into $T/NAME.json and $T/NAME.err; sets $pid. It dies with the case,
# even if that is killed.
start() {
    local name=$1
    shift
    setpriv --pdeathsig KILL -- "$@" >"$T/$name.json" 2>"$T/$name.err" </dev/null &
    pid=$!
    children+=("$pid")
}
alive() { kill -0 "$1" 2>/dev/null && [[ $(ps -o stat= -p "$1") != Z* ]]; }
# stop PID [SIGNAL]: and wait for its end.
stop() {
    local i
    kill -"${2-TERM}" "$1" 2>/dev/null || return 0
    for ((i = 0; i < 200; i++)); do
        if ! alive "$1"; then break; fi
        sleep 0.05
    done
    kill -9 "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# ------------------------------------------------------------------ diecast

# run NAME COMMAND…: to its end, which must be good, into $T/NAME.json and $T/NAME.err.
run() {
    local name=$1 status=0
    start "$@"
    wait "$pid" || status=$?
    [[ $status == 0 ]] || die "$name: exit code $status: $(tail -n 3 "$T/$name.err")"
}
# captured: the golden disk is in $STORE, captured by the first case that asks.
captured() {
    local before
    if [[ -e $VMRING/captured ]]; then return; fi
    before=$(sha256sum <"$VMRING/golden.img")
    run capture "$DIECAST" capture "$VMRING/golden.img" golden --to "$STORE" --json
    eq "$(sha256sum <"$VMRING/golden.img")" "$before" "the golden disk after its capture"
    say "captured: $(event capture result '"\(.contentBytes) bytes of content, \(.chunkBytes) of chunks"')"
    cp "$T/capture.json" "$VMRING/captured"
}
# chunk_bytes: all chunks of the golden image.
chunk_bytes() { jq -rs 'map(select(.event == "result")) | last | .chunkBytes' "$VMRING/captured"; }
# seed NAME [ARG…]: the golden image on this machine; sets $pid and $url.
seed() {
    local name=$1
    shift
    start "$name" "$DIECAST" seed golden --from "$STORE" --listen 127.0.0.1:0 --json "$@"
    await 30 "$name listens" grep -q '"event":"listening"' "$T/$name.json"
    url=$(event "$name" listening .url)
}
# restored: $VMRING/restored.img, larger than the golden disk and blank before, has the image through the
# swarm. It is there once a run; the machines that boot it write elsewhere.
restored() {
    captured
    if [[ -e $VMRING/restored.img ]]; then return; fi
    truncate -s 200M "$T/restored.img"
    seed seed
    local seeder=$pid
    run restore "$DIECAST" restore golden "$T/restored.img" --from "$url" --yes --json
    stop "$seeder" INT
    is "$(event restore result '.fromPeersBytes + .fromSeederBytes') >= $(chunk_bytes)" "not all came through the swarm"
    say "restored: $(event restore result '"\(.fetchedBytes) bytes fetched, \(.writtenBytes) written, in \(.seconds) s"')"
    mv "$T/restored.img" "$VMRING/restored.img"
}

# ------------------------------------------------------------------ machines

# Machines have no network. Each has its serial port, where firmware, GRUB and kernel write, in $T/NAME.serial.
# _machine NAME bios|uefi|secure-boot DISK virtio|ahci|nvme: starts one; sets $pid.
_machine() {
    local name=$1 firmware=$2 disk=$3 attach=$4 ovmf=/usr/share/OVMF
    local machine=q35,graphics=off options=()
    case $firmware in
    bios) ;;
    uefi)
        cp "$ovmf/OVMF_VARS_4M.fd" "$T/$name.vars"
        options+=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.fd")
        ;;
    secure-boot)
        # With Microsoft's keys, and variables that only the firmware, in SMM, can write.
        machine+=,smm=on
        cp "$ovmf/OVMF_VARS_4M.ms.fd" "$T/$name.vars"
        options+=(-global "driver=cfi.pflash01,property=secure,value=on" -global ICH9-LPC.disable_s3=1
            -drive "if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.secboot.fd")
        ;;
    *) die "no firmware $firmware" ;;
    esac
    if [[ $firmware != bios ]]; then options+=(-drive "if=pflash,unit=1,format=raw,file=$T/$name.vars"); fi
    case $attach in
    virtio) options+=(-device "virtio-blk-pci,drive=disk,bootindex=1") ;;
    ahci) options+=(-device "ide-hd,drive=disk,bus=ide.0,bootindex=1") ;;
    nvme) options+=(-device "nvme,drive=disk,serial=golden,bootindex=1") ;;
    *) die "no disk $attach" ;;
    esac
    : >"$T/$name.serial"
    # snapshot: what the machine writes goes to a file in TMPDIR that is deleted already.
    TMPDIR=$T start "$name" qemu-system-x86_64 -accel tcg -machine "$machine" -m 512 -nodefaults -no-user-config \
        -display none -nic none -no-reboot -serial "file:$T/$name.serial" \
        -drive "if=none,id=disk,format=raw,snapshot=on,file=$disk" "${options[@]}"
}
# _log NAME: the machine's serial port, without the escapes of terminals.
_log() { sed 's/\x1b\[[0-9;?=]*[A-Za-z]//g; s/\r//g' "$T/$1.serial" | tr -d '\0'; }
# _until NAME SECONDS REGEX: whether the machine wrote REGEX in time.
_until() {
    local name=$1 i
    for ((i = 0; i < $2 * 10; i++)); do
        if _log "$name" | grep -Eq -- "$3"; then return 0; fi
        if ! alive "$pid" || (($(stat -c %s "$T/$name.serial") > 1000000)); then break; fi
        sleep 0.1
    done
    _log "$name" | grep -Eq -- "$3"
}

# reaches NAME bios|uefi|secure-boot DISK virtio|ahci|nvme REGEX: the machine writes REGEX, which is enough.
reaches() {
    _machine "$@"
    _until "$1" 60 "$5" || die "$1: no '$5'"
    stop "$pid" KILL
}
# boots NAME bios|uefi|secure-boot DISK virtio|ahci|nvme: the machine boots the golden system from DISK, with
# every file as it was, says nothing of trouble, and powers off.
boots() {
    local name=$1 firmware=$2 marker wanted began=$EPOCHREALTIME ended
    _machine "$@"
    _until "$name" 150 '^GOLDEN-(BOOT-OK|FAILED) .' || die "$name: no marker"
    ended=$EPOCHREALTIME
    await 30 "$name powers off" eval "! alive $pid"
    wait "$pid" || die "$name: QEMU ended with $?: $(cat "$T/$name.err")"
    marker=$(_log "$name" | grep -E '^GOLDEN-(BOOT-OK|FAILED) ' | head -n 1)
    say "$name: $(((${ended/./} - ${began/./}) / 1000)) ms: $marker"
    if _log "$name" | grep -E '[Pp]anic|Oops|\bBUG\b|Call Trace|general protection|soft lockup|EXT4-fs.*(error|warning)|JBD2.*[Ee]rror|I/O error|GOLDEN-FAILED'; then
        die "$name: the machine complained"
    fi
    case $firmware in
    bios) wanted='firmware=bios secureboot=none lockdown=none' ;;
    uefi) wanted='firmware=uefi secureboot=off lockdown=none' ;;
    secure-boot) wanted='firmware=uefi secureboot=on lockdown=on' ;;
    esac
    for wanted in data=pass write=pass "sums=$(cat "$VMRING/golden.img.sums")" id=golden "$wanted"; do
        [[ " $marker " == *" $wanted "* ]] || die "$name: no $wanted in: $marker"
    done
}
# boots_nothing NAME bios|uefi DISK virtio|ahci|nvme: the firmware says that there is nothing to boot, and
# no GRUB, kernel or golden system ran.
boots_nothing() {
    local name=$1 firmware=$2 sentence began=$EPOCHREALTIME ended
    case $firmware in
    bios) sentence='No bootable device' ;;
    *) sentence='No bootable option or device was found|UEFI Interactive Shell|BdsDxe: No bootable' ;;
    esac
    _machine "$@"
    _until "$name" 90 "$sentence|GRUB|GOLDEN" || die "$name: the firmware did not come to a conclusion"
    ended=$EPOCHREALTIME
    sleep 1 # should it go on after all
    stop "$pid" KILL
    if _log "$name" | grep -E 'GRUB|GOLDEN|Linux version'; then die "$name: something booted"; fi
    say "$name: $(((${ended/./} - ${began/./}) / 1000)) ms: $(_log "$name" | grep -Eo "$sentence" | head -n 1)"
}

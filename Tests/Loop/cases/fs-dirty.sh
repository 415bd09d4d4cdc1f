# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Filesystems whose power went off: the plan says so, nothing that their journal needs is left out, and
# the copy recovers to the same files as the original.
. "$(dirname "$0")/../lib.sh"

target=$T/target.img
# crash NAME MKFS…: $T/NAME.img as it is on the medium in the middle of writing.
crash() {
    local name=$1 size=96 device
    shift
    if [[ $name == xfs ]]; then size=310; fi
    truncate -s "${size}M" "$T/live.img"
    "$@" "$T/live.img" >/dev/null 2>&1 || die "$*"
    device=$(loop "$T/live.img")
    mounted "$T/live" mount "$device" "$T/live"
    "$PYTHON" "$RING/tree.py" fill "$T/live" --bytes 20000000 --caps all --files 60
    # Names and attributes that are in the journal only, not in their places.
    mkdir "$T/live/late"
    for i in {1..40}; do noise "$i" 30000 >"$T/live/late/$i"; done
    "$PYTHON" -c 'import os, sys
for name in os.listdir(sys.argv[1]):
    with open(os.path.join(sys.argv[1], name), "ab") as file: os.fsync(file.fileno())' "$T/live/late"
    rm "$T/live/late/1" "$T/live/late/2"
    "$PYTHON" -c 'import os, sys; os.fsync(os.open(sys.argv[1], os.O_RDONLY))' "$T/live/late/3"
    cp --sparse=always "$T/live.img" "$T/$name.img"
    unmount "$T/live"
    loop_drop "$device"
    rm "$T/live.img"
}
# recovered DISK: its files after the kernel's own recovery, on a copy.
recovered() {
    local device
    cp --sparse=always "$1" "$T/recovering.img"
    device=$(loop "$T/recovering.img")
    mounted "$T/recovered" mount "$device" "$T/recovered"
    "$PYTHON" "$RING/tree.py" list "$T/recovered"
    unmount "$T/recovered"
    loop_drop "$device"
}
for name in ext4 xfs btrfs; do
    case $name in
    ext4) crash ext4 mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 ;;
    xfs) crash xfs mkfs.xfs -q -f ;;
    btrfs) crash btrfs mkfs.btrfs -q -f --mixed ;; # its log tree is in no extent
    esac
    case $name in
    ext4) dumpe2fs -h "$T/ext4.img" ;;
    xfs) xfs_logprint -t "$(loop "$T/xfs.img" -r)" ;;
    btrfs) btrfs inspect-internal dump-super "$T/btrfs.img" ;;
    esac >"$T/state" 2>&1 || true # xfs_logprint fails at the end of a dirty log
    grep -Eq 'needs_recovery|<DIRTY>|^log_root\s+[1-9]' "$T/state" || die "the $name is clean: $(head -c 600 "$T/state")"
    for device in $(losetup -n -O NAME -j "$T/$name.img"); do loop_drop "$device"; done
    capture "$name" "$T/$name.img"
    volume=$(event "capture.$name" plan '.volumes[0]')
    say "$name: $(jq -c '{map, notes}' <<<"$volume")"
    is "$(jq '.notes | length' <<<"$volume") > 0" "no note about a dirty $name"
    eq "$(jq -r .map <<<"$volume")" raw "the used map of a dirty $name"
    old_disk "$target" $(($(stat -c %s "$T/$name.img") >> 20))
    restore "$name" "$target"
    recovered "$T/$name.img" >"$T/list.golden"
    recovered "$target" >"$T/list.target"
    cmp -s "$T/list.golden" "$T/list.target" || die "the files of $name differ: $(diff "$T/list.golden" "$T/list.target" | head -n 5)"
    grep -q '^late/40' "$T/list.target" || die "recovery found nothing on $name"
done

# ntfs: the dirty bit, and a hibernated Windows.
truncate -s 64M "$T/ntfs.img"
mkfs.ntfs -q -F -Q "$T/ntfs.img" >/dev/null 2>&1
mounted "$T/live" ntfs-3g "$T/ntfs.img" "$T/live"
"$PYTHON" "$RING/tree.py" fill "$T/live" --bytes 10000000 --files 40
printf 'hibr%04092d' 0 >"$T/live/hiberfil.sys"
unmount "$T/live"
for ((i = 0; i < 100; i++)); do if [[ -z $(losetup -j "$T/ntfs.img") ]] && ! fuser -s "$T/ntfs.img" 2>/dev/null; then break; fi; sleep 0.05; done
capture ntfs "$T/ntfs.img"
volume=$(event capture.ntfs plan '.volumes[0]')
say "ntfs: $(jq -c '{map, notes}' <<<"$volume")"
eq "$(jq -r .map <<<"$volume")" raw "the used map of a hibernated ntfs"
is "$(jq '.notes | length' <<<"$volume") > 0" "no note about a hibernated ntfs"

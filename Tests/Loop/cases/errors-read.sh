# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A source with bad sectors: capture says which, --rescue goes on and the image says which. nbdkit's
# ddrescue filter answers EIO at fixed offsets, nbdfuse makes a file of it, and a loop device a disk.
. "$(dirname "$0")/../lib.sh"
need nbdkit nbdfuse fusermount3 filefrag

golden=$T/golden.img target=$T/target.img
golden "$golden" 100 60
# Two bad ranges in the middle of files.
bad=("$(place "$golden" large/1 100)" "$(place "$golden" large/4 7)")
lengths=(4096 12288)
say "bad: ${bad[*]}"

# faulty MAP…: pairs of offset and length; sets $disk (a file) and $device.
faulty() {
    {
        printf '0x0 +\n' # the status line
        local at=0
        while (($# > 1)); do
            printf '0x%x 0x%x +\n0x%x 0x%x -\n' "$at" $(($1 - at)) "$1" "$2"
            at=$(($1 + $2))
            shift 2
        done
        printf '0x%x 0x%x +\n' "$at" $((size - at))
    } >"$T/map"
    start nbdkit nbdkit -f -r -U "$T/socket" --filter=ddrescue file "$golden" ddrescue-mapfile="$T/map"
    nbdkit=$pid
    await 10 "nbdkit listens" test -S "$T/socket"
    mkdir -p "$T/fuse"
    undo unmount "$T/fuse"
    start nbdfuse nbdfuse -r "$T/fuse/disk-$$" --unix "$T/socket"
    nbdfuse=$pid
    disk=$T/fuse/disk-$$
    await 10 "nbdfuse has its file" test -s "$disk"
    device=$(loop "$disk" -r)
}
healthy() {
    loop_drop "$device" "$disk"
    unmount "$T/fuse"
    wait "$nbdfuse" || true
    stop "$nbdkit"
    rm -f "$T/socket"
}
size=$(stat -c %s "$golden")
if ((bad[0] < bad[1])); then order=(0 1); else order=(1 0); fi
faulty "${bad[order[0]]}" "${lengths[order[0]]}" "${bad[order[1]]}" "${lengths[order[1]]}"
if bytes "$device" "${bad[0]}" 512 >/dev/null 2>&1; then die "the bad range can be read"; fi

for source in "$device" "$disk"; do
    exits 1 fails "$DIECAST" capture "$source" golden@1 --to "$STORE" --json
    say "$(event fails error '.message + " (" + .cause + ")"')"
    eq "$(event fails error .code)" read-failed "the error's code"
    message=$(event fails error .message)
    [[ $message == *"$source"* ]] || die "the disk is not named"
    has "$T/fails.err" 'errno 5'
    # The offset is that of the bad range, or of the read around it.
    offset=$(sed -nE 's/.*at offset ([0-9]+).*/\1/p' <<<"$message")
    read_length=$(sed -nE 's/.*, ([0-9]+) bytes.*/\1/p' <<<"$message")
    [[ -n $offset && -n $read_length ]] || die "no offset in: $message"
    is "(offset <= bad[0] && bad[0] < offset + read_length) || (offset <= bad[1] && bad[1] < offset + read_length)" \
        "the read that failed is not where the bad ranges are"
    eq "$(images "$STORE")" "" "the images of a failed capture"
done
exits 1 seed "$DIECAST" seed golden --from-disk "$device" --listen 127.0.0.1:0 --json
eq "$(event seed error .code)" read-failed "the error's code of a seeder"

exits 4 rescue "$DIECAST" capture "$device" golden@1 --to "$STORE" --rescue --json
eq "$(event rescue error .code)" partial "the error's code of a rescue"
wanted=$(printf '%s %s\n' "${bad[0]}" "${lengths[0]}" "${bad[1]}" "${lengths[1]}" | sort -n)
eq "$(event rescue result '.unread[] | "\(.start) \(.length)"' | sort -n)" "$wanted" "the unread ranges of the result"
eq "$("$DIECAST" image show golden --from "$STORE" --json | jq -r '.manifest.volumes[].unread // [] | .[] | "\(.start) \(.length)"' | sort -n)" \
    "$wanted" "the unread ranges of the manifest"
exits 0 text "$DIECAST" image show golden --from "$STORE"
has "$T/text.json" "NOTE: .*${lengths[1]} bytes at offset ${bad[1]} could not be read"
loop_is=$device
healthy

# Restored: zeros there, and everything else right.
for i in 0 1; do head -c "${lengths[i]}" /dev/zero | put "$golden" "${bad[i]}"; done
old_disk "$target" 120
restore golden "$target"
for i in 0 1; do eq "$(bytes "$target" "${bad[i]}" "${lengths[i]}" | tr -d '\0' | wc -c)" 0 "bytes that are not zero in bad range $i:"; done
same_volume "$golden" "$target"

# A disk whose bad sectors nobody uses captures as if it had none.
free=$((size - (6 << 20)))
eq "$(jq -rs 'map(select(.event == "plan"))[0].volumes | length' "$T/rescue.json")" 2 "volumes"
used=$(event rescue plan .contentBytes)
is "used < free" "the disk is too full for this"
faulty "$free" 8192
exits 0 unused "$DIECAST" capture "$device" unused@1 --to "$STORE" --json
healthy
# One whose partition table or filesystem cannot be read fails, and does not capture half of it.
for where in 1024 $(((1 << 20) + 4096)); do
    faulty "$where" 4096
    code=0
    "$DIECAST" capture "$device" meta@1 --to "$STORE" --json >"$T/meta.json" 2>"$T/meta.err" || code=$?
    say "bad at $where: exit $code, $(tail -n 1 "$T/meta.err")"
    if ((code == 0)); then # the backup table, then
        eq "$where" 1024 "a capture succeeded with a bad range in the filesystem, at offset"
        is "$(event meta plan '.notes | length') > 0" "no note about the unreadable table"
    else
        eq "$code" 1 "the exit code of a capture with a bad range at $where"
        has "$T/meta.err" 'errno 5'
        eq "$(images "$STORE" | tr ' ' '\n' | grep -c meta || true)" 0 "the images of a failed capture:"
    fi
    exits 0 none "$DIECAST" image list --from "$STORE"
    if ((code == 0)); then "$DIECAST" image remove meta@1 --from "$STORE" >/dev/null; fi
    healthy
done

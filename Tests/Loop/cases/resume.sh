# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A restore killed midway, resumed; a disk that changed by 1%; a disk that did not change at all.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 160 120
capture golden "$golden"
total=$(value capture.golden chunkBytes)
content=$(value capture.golden contentBytes)

seed slow golden --from "$STORE" --upload-limit 12M
slow=$pid slow_url=$url
old_disk "$target" 180
device=$(loop "$target")
start killed "$DIECAST" restore golden "$device" --from "$slow_url" --yes --json
fetched() { (($(event killed progress ".receivedBytes // 0") > total / 3)); }
await 60 "a third is fetched" fetched
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
stop "$slow" INT
grep -q '"event":"result"' "$T/killed.json" && die "it was done before it was killed"
# Neither firmware nor kernel finds anything to boot or mount on it.
no_table "$device"

seed fast golden --from "$STORE"
fast=$pid
restore golden "$device" --from "$url"
fetched=$(value restore.golden fetchedBytes)
matched=$(value restore.golden matchedBytes)
say "$fetched of $total bytes fetched after the kill, $matched of $content matched"
is "matched > 0 && fetched < total && fetched > 0" "nothing was resumed"
is "$(value restore.golden writtenBytes) == content - matched" "written and matched are not everything"
# At least what was reported before the kill, less one window a worker.
is "fetched <= total * 3 / 4" "more fetched than was missing"
eq "$(value restore.golden wroteTable)" true wroteTable
loop_drop "$device"
same_volume "$golden" "$target"

# Nothing changed: nothing fetched, nothing written.
device=$(loop "$target")
written() { awk '{ print $7 }' "/sys/block/${device##*/}/stat"; }
sync "$target"
sectors=$(written)
before=$(hash "$target")
restore golden "$device" --from "$url"
for field in fetchedBytes fetchedChunks writtenBytes; do eq "$(value restore.golden "$field")" 0 "$field of an equal disk"; done
eq "$(value restore.golden wroteTable)" false "wroteTable of an equal disk"
eq "$(value restore.golden matchedBytes)" "$content" "matchedBytes of an equal disk"
eq "$(written)" "$sectors" "sectors written to an equal disk"
eq "$(hash "$target")" "$before" "the hash of an equal disk"

# Only the table is gone.
sgdisk -Z "$device" >/dev/null
restore golden "$device" --from "$url"
eq "$(value restore.golden fetchedBytes) $(value restore.golden wroteTable)" "0 true" "of a disk without its table, fetched and wroteTable"
loop_drop "$device"
same_volume "$golden" "$target"

# About 1% of the content changed.
"$PYTHON" - "$target" <<'E'
import os, sys
with open(sys.argv[1], "r+b") as disk:
    disk.seek(40 << 20)
    disk.write(os.urandom(1200000))
E
device=$(loop "$target")
restore golden "$device" --from "$url"
fetched=$(value restore.golden fetchedBytes)
say "1.2 MB changed: $fetched of $total bytes fetched, $(value restore.golden fetchedChunks) chunks"
is "fetched > 0 && fetched < total / 10" "too much fetched"
eq "$(value restore.golden wroteTable)" true "wroteTable: it was cleared meanwhile"
loop_drop "$device"
same_volume "$golden" "$target"

# --discard looks at nothing and fetches all.
restore golden "$target" --from "$url" --discard
eq "$(value restore.golden fetchedBytes)" "$total" "bytes fetched after --discard"
same_volume "$golden" "$target"
stop "$fast" INT

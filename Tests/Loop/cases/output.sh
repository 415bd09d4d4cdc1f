# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Output: one JSON object a line; one line a phase where nobody looks; SIGINT ends with 130 and resumes.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 220 190

# one_object_a_line FILE: strictly, with no line empty and each event named.
one_object_a_line() {
    "$PYTHON" - "$1" <<'E' || die "$1 is not one JSON object a line"
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
assert lines.pop() == "", "no newline at the end"
assert lines, "no lines"
for line in lines:
    value = json.loads(line)
    assert isinstance(value, dict) and isinstance(value["event"], str), line
E
}
# phases FILE WANTED…: each phase once, on a line of its own, and no control characters.
phases() {
    local file=$1 wanted
    shift
    if grep -q $'[\r\e]' "$file"; then die "control characters in ${file##*/}"; fi
    for wanted; do eq "$(grep -c "^$wanted: " "$file")" 1 "lines of the phase $wanted in ${file##*/}:"; done
    eq "$(grep -c '' "$file")" "$#" "lines in ${file##*/}:"
}

# SIGINT in a capture: no image, and the next run is not disturbed. Slow, so that there is a midway.
start interrupted "$DIECAST" capture "$golden" golden@1 --to "$STORE" --level 22 --json
stored() { compgen -G "$STORE/chunks/*/*"; }
await 60 "a chunk is stored" stored
kill -INT "$pid"
finish "$pid" interrupted 130
one_object_a_line "$T/interrupted.json"
eq "$(event interrupted error '.code + " " + (.exitCode | tostring)')" "interrupted 130" "the event of an interrupted capture"
if grep -q '"event":"result"' "$T/interrupted.json"; then die "an interrupted capture has a result"; fi
exits 0 list "$DIECAST" image list --from "$STORE" --json
eq "$(grep -c '' "$T/list.json" || true)" 0 "images after an interrupted capture:"

exits 0 text "$DIECAST" capture "$golden" golden@1 --to "$STORE"
phases "$T/text.err" capturing
has "$T/text.json" '^Captured golden@1 in '
one_object_a_line_of_each() { one_object_a_line "$T/$1.json"; }
capture golden@2 "$golden"
one_object_a_line_of_each capture.golden@2
eq "$(value capture.golden@2 newChunks)" 0 "new chunks of the same disk"

old_disk "$target" 240
exits 0 text "$DIECAST" restore golden@1 "$target" --from "$STORE" --yes
say "$(cat "$T/text.err")"
if grep -q $'[\r\e]' "$T/text.err"; then die "control characters in the progress of a restore"; fi
has "$T/text.err" '^restoring: '
has "$T/text.err" '^verifying: '
if [[ $(cut -d : -f 1 "$T/text.err" | sort | uniq -d) != '' ]]; then die "a phase has two lines"; fi
has "$T/text.json" '^Restored golden@1 to '
has "$T/text.json" '^Read back .*: equal'

# SIGINT in a restore from a slow seeder.
seed seeder golden@1 --from "$STORE" --upload-limit 15M
seeder=$pid
one_object_a_line_of_each seeder
old_disk "$target" 240
total=$(value capture.golden@2 chunkBytes)
start interrupted "$DIECAST" restore golden@1 "$target" --from "$url" --yes --json
fetched() { (($(event interrupted progress '.receivedBytes // 0') > total / 4)); }
await 60 "a quarter is fetched" fetched
kill -INT "$pid"
finish "$pid" interrupted 130
one_object_a_line_of_each interrupted
eq "$(event interrupted error .code)" interrupted "the code of an interrupted restore"
no_table "$target"
restore golden@1 "$target"
one_object_a_line_of_each restore.golden@1
is "$(value restore.golden@1 matchedBytes) > 0" "nothing was resumed"
same_volume "$golden" "$target"

# A reader of the progress that goes away is no failure.
old_disk "$target" 240
"$DIECAST" restore golden@1 "$target" --from "$STORE" --yes --json 2>/dev/null | head -n 1 >"$T/head.out" ||
    die "a closed pipe made restore fail: ${PIPESTATUS[*]}"
same_volume "$golden" "$target"

kill -INT "$seeder"
finish "$seeder" seeder
one_object_a_line_of_each seeder
is "$(event seeder result .sentBytes) > 0" "the seeder sent nothing"

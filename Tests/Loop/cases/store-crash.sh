# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A capture killed midway leaves chunks that are what they are called, and no image.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 120 90
some() { (($(find "$STORE/chunks" -type f ! -name '*.tmp' | wc -l) >= wanted)); }
mkdir -p "$STORE/chunks"
for wanted in 1 3 6; do
    start killed "$DIECAST" capture "$golden" golden@1 --to "$STORE" --level 19 --json
    await 60 "$wanted chunks are stored" some
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    chunks_are_whole "$STORE"
    eq "$(images "$STORE")" "" "the images after a kill"
    say "killed with $(tail -n 1 "$T/chunks.out") chunks and $(find "$STORE" -name '*.tmp' | wc -l) temporary files"
done
kept=$(tail -n 1 "$T/chunks.out")
# What a kill in other moments leaves.
printf x >"$STORE/chunks/$(find "$STORE/chunks" -mindepth 1 -maxdepth 1 -printf '%f\n' | head -n 1)/.0123.tmp"
mkdir -p "$STORE/images/golden/.2-123.tmp"
printf x >"$STORE/images/golden/.2-123.tmp/manifest.json"
exits 0 list "$DIECAST" image list --from "$STORE" --json

exits 0 rerun "$DIECAST" capture "$golden" golden@1 --to "$STORE" --level 19 --json
is "$(value rerun newChunks) <= $(value rerun chunks) - kept" "chunks written again"
is "$(value rerun chunks) > kept" "killed too late"
exits 0 verify "$DIECAST" verify golden --from "$STORE" --json
exits 0 dry "$DIECAST" image prune --dry-run --from "$STORE" --json
is "$(event dry pruned .temporaryFiles) >= 2" "the dry run does not see the temporary files"
if [[ -z $(find "$STORE" -name '*.tmp') ]]; then die "a dry run removed something"; fi
exits 0 prune "$DIECAST" image prune --from "$STORE" --json
if [[ -n $(find "$STORE" -name '*.tmp') ]]; then die "prune left $(find "$STORE" -name '*.tmp')"; fi
chunks_are_whole "$STORE"
eq "$(tail -n 1 "$T/chunks.out")" "$(value rerun chunks)" "chunks after the prune"
old_disk "$target" 120
restore golden "$target"
same_volume "$golden" "$target"

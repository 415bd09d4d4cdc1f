# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Several captures, and a prune, in one store at once.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img
golden "$golden" 120 90
start one "$DIECAST" capture "$golden" one@1 --to "$STORE" --json
one=$pid
start two "$DIECAST" capture "$golden" two@1 --to "$STORE" --json
two=$pid
finish "$one" one
finish "$two" two
eq "$(images "$STORE")" "one@1 two@1" "the images"
chunks_are_whole "$STORE"
total=$(value one chunks)
eq "$(tail -n 1 "$T/chunks.out")" "$total" "chunks in the store"
say "new chunks: $(value one newChunks) and $(value two newChunks) of $total"
for image in one two; do exits 0 "verify.$image" "$DIECAST" verify "$image" --from "$STORE" --json; done

# The same name and version: exactly one wins, whoever comes first.
for round in 1 2 3; do
    start first "$DIECAST" capture "$golden" "same@$round" --to "$STORE" --json
    first=$pid
    start second "$DIECAST" capture "$golden" "same@$round" --to "$STORE" --json
    second=$pid
    first_code=0 second_code=0
    wait "$first" || first_code=$?
    wait "$second" || second_code=$?
    case "$first_code $second_code" in
    '0 3' | '3 0') ;;
    *) die "both ended with $first_code and $second_code" ;;
    esac
    exits 0 verify.same "$DIECAST" verify "same@$round" --from "$STORE" --json
done
eq "$(images "$STORE")" "one@1 same@1 same@2 same@3 two@1" "the images"
if [[ -n $(find "$STORE" -name '*.tmp') ]]; then die "temporary files are left: $(find "$STORE" -name '*.tmp')"; fi

# A prune beside a capture into an empty store takes nothing that the capture counts on.
rm -rf "$STORE"
start slow "$DIECAST" capture "$golden" slow@1 --to "$STORE" --level 17 --json
slow=$pid
some() { compgen -G "$STORE/chunks/*/*"; }
await 60 "a chunk is stored" some
start prune "$DIECAST" image prune --from "$STORE" --json
finish "$pid" prune
finish "$slow" slow
eq "$(event prune pruned .chunks)" 0 "chunks pruned beside a capture"
exits 0 verify "$DIECAST" verify slow --from "$STORE" --json

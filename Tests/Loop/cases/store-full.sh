# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The store's filesystem gets full: a sentence, exit code 1, and no harm done.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 120 90
truncate -s 24M "$T/small.img"
mkfs.ext4 -q -F -m 0 "$T/small.img"
device=$(loop "$T/small.img")
mounted "$T/small" mount "$device" "$T/small"
exits 1 full "$DIECAST" capture "$golden" golden@1 --to "$T/small/store" --json
say "$(event full error '.message + " (" + .cause + "). " + .remedy')"
eq "$(event full error .code)" store-failed "the error's code"
has "$T/full.err" 'errno 28'
eq "$(images "$T/small/store")" "" "the images of a full store"
chunks_are_whole "$T/small/store"
exits 0 prune "$DIECAST" image prune --from "$T/small/store" --json
eq "$(find "$T/small/store" -type f ! -name .lock | wc -l)" 0 "files left when all is pruned"

# Elsewhere it works; and here, once there is room (a smaller disk).
capture golden "$golden"
exits 1 copy "$DIECAST" image copy golden --from "$STORE" --to "$T/small/store" --json
has "$T/copy.err" 'errno 28'
eq "$(images "$T/small/store")" "" "the images after a copy to a full store"
exits 0 prune "$DIECAST" image prune --from "$T/small/store" --json
golden "$T/little.img" 40 15
exits 0 little "$DIECAST" capture "$T/little.img" little@1 --to "$T/small/store" --json
exits 0 verify "$DIECAST" verify little --from "$T/small/store" --json

# The target, a sparse file, meets the end of its filesystem's room.
exits 0 prune "$DIECAST" image prune --from "$T/small/store" --json
truncate -s 120M "$T/small/target.img"
exits 1 target "$DIECAST" restore golden "$T/small/target.img" --from "$STORE" --yes --json
say "$(event target error '.message + " (" + .cause + "). " + .remedy')"
eq "$(event target error .code)" write-failed "the error's code"
has "$T/target.err" 'errno 28'
has "$T/target.err" 'at offset [0-9]+'
no_table "$T/small/target.img"
old_disk "$target" 120
restore golden "$target"
same_volume "$golden" "$target"

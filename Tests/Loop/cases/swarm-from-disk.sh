# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A golden disk seeds itself; nothing is stored anywhere.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 120
before=$(hash "$golden")
device=$(loop "$golden" -r)
export DIECAST_STORE=$STORE
seed seeder golden@1 --from-disk "$device"
if [[ -e $STORE ]]; then die "seed --from-disk made a store"; fi
old_disk "$target" 140
restore golden@1 "$target" --from "$url"
is "$(value restore.golden@1 fetchedBytes) > 0" "nothing was fetched"
same_volume "$golden" "$target"
# A second node, and one that names the image without its version.
old_disk "$target" 120
restore golden "$target" --from "$url"
same_volume "$golden" "$target"
stop "$pid" INT
finish "$pid" seeder
loop_drop "$device"
eq "$(hash "$golden")" "$before" "the golden disk's hash"
if [[ -e $STORE ]]; then die "seed --from-disk made a store"; fi

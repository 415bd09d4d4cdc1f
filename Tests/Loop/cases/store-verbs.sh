# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# list, show, remove, prune, copy and verify; and what a second capture adds.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
golden "$golden" 120 90
capture golden@1 "$golden"
first=$(value capture.golden@1 chunks)

# A small change: only what it touches is new.
device=$(loop "$golden" --offset $((1 << 20)))
mounted "$T/mnt" mount "$device" "$T/mnt"
noise 77 400000 >"$T/mnt/new file"
unmount "$T/mnt"
loop_drop "$device"
exits 0 update "$DIECAST" capture "$golden" golden@2 --to "$STORE" --parent golden@1 --json
new=$(value update newChunks)
say "after a change of 400 KB: $new new chunks of $(value update chunks), $(value update inheritedChunks) inherited"
is "new > 0 && new <= 8" "too many new chunks"
is "$(value update inheritedChunks) >= first - 8" "too few inherited chunks"
eq "$("$DIECAST" image show golden@2 --from "$STORE" --json | jq -r .manifest.parent)" "$(value capture.golden@1 id)" "the parent"

eq "$(images "$STORE")" "golden@1 golden@2" "the images"
exits 0 show "$DIECAST" image show golden --from "$STORE" --json
eq "$(event show image .manifest.version)" 2 "the newest version"
eq "$(event show image .id)" "$(value update id)" "its id"
exits 0 show "$DIECAST" image show golden@1 --from "$STORE"
has "$T/show.json" '^golden@1, captured .* by diecast'
exits 1 show "$DIECAST" image show nothing --from "$STORE" --json
exits 1 nostore "$DIECAST" image list --from "$T/none" --json
exits 2 remove "$DIECAST" image remove golden --from "$STORE"

# Copy: only what is lacking.
exits 0 copy "$DIECAST" image copy golden@1 --from "$STORE" --to "$T/copy" --json
eq "$(event copy copied .chunks)" "$first" "chunks copied"
exits 0 copy "$DIECAST" image copy golden@2 --from "$STORE" --to "$T/copy" --json
eq "$(event copy copied .chunks)" "$new" "chunks copied of the second version"
chunks_are_whole "$T/copy"
exits 3 copy "$DIECAST" image copy golden@2 --from "$STORE" --to "$T/copy" --json
cmp "$STORE/images/golden/2/manifest.json" "$T/copy/images/golden/2/manifest.json"
old_disk "$target" 120
restore golden@2 "$target" --from "$T/copy"
same_volume "$golden" "$target"
exits 0 disk "$DIECAST" verify golden@2 "$target" --from "$STORE" --json
eq "$(value disk problemCount)" 0 "problems of a restored disk"
exits 5 disk "$DIECAST" verify golden@1 "$target" --from "$STORE" --json
is "$(value disk problemCount) > 0" "no problem with another version's disk"

# Remove and prune, in the copy.
exits 0 remove "$DIECAST" image remove golden@1 --from "$T/copy" --json
exits 1 remove "$DIECAST" image remove golden@1 --from "$T/copy" --json
eq "$(images "$T/copy")" "golden@2" "the images after remove"
before=$(find "$T/copy/chunks" -type f | wc -l)
exits 0 prune "$DIECAST" image prune --from "$T/copy" --json
eq "$(event prune pruned .chunks)" "$((before - $(value update chunks)))" "chunks pruned"
is "$(event prune pruned .chunks) > 0" "nothing was pruned"
exits 0 verify "$DIECAST" verify golden@2 --from "$T/copy" --json
eq "$(value verify checked)" "$(value update chunks)" "chunks checked"
exits 0 remove "$DIECAST" image remove golden@2 --from "$T/copy" --json
exits 0 prune "$DIECAST" image prune --from "$T/copy" --json
eq "$(find "$T/copy" -type f ! -name .lock | wc -l)" 0 "files left when all is pruned"

# Damage: each is found, named, and no restore takes it.
mapfile -t chunks < <(find "$STORE/chunks" -type f -size +8k | sort | head -n 3)
damage() { # KIND FILE CODE-OF-RESTORE
    cp -p "$2" "$T/saved"
    case $1 in
    flipped) bytes "$2" 5000 1 | tr '\0-\377' '\1-\377\0' | put "$2" 5000 ;;
    truncated) truncate -s -1 "$2" ;;
    missing) rm "$2" ;;
    esac
    exits 5 "verify.$1" "$DIECAST" verify golden@2 --from "$STORE" --json
    eq "$(value "verify.$1" problemCount)" 1 "problems with one chunk $1"
    event "verify.$1" result '.problems[]' | grep -q "${2##*/}" || die "the $1 chunk is not named"
    old_disk "$target" 120
    exits 1 "restore.$1" "$DIECAST" restore golden@2 "$target" --from "$STORE" --yes --json
    say "$1: $(event "restore.$1" error .message)"
    has "$T/restore.$1.err" "${2##*/}"
    no_table "$target"
    exits 1 "copy.$1" "$DIECAST" image copy golden@2 --from "$STORE" --to "$T/copy.$1" --json
    eq "$(images "$T/copy.$1")" "" "the images of a copy with a chunk $1"
    rm -rf "$T/copy.$1"
    cp -p "$T/saved" "$2"
}
damage flipped "${chunks[0]}"
damage truncated "${chunks[1]}"
damage missing "${chunks[2]}"
exits 0 verify "$DIECAST" verify golden@2 --from "$STORE" --json

# A damaged index or manifest is not used either.
for file in manifest.json index; do
    cp "$STORE/images/golden/2/$file" "$T/saved"
    printf '\377' | put "$STORE/images/golden/2/$file" 40
    exits 1 "damaged.$file" "$DIECAST" restore golden@2 "$target" --from "$STORE" --yes --json
    say "$file: $(event "damaged.$file" error .message)"
    cp "$T/saved" "$STORE/images/golden/2/$file"
done
restore golden@2 "$target"
same_volume "$golden" "$target"

# A store that cannot be written still restores.
old_disk "$target" 120
mkdir "$T/readonly"
mounted "$T/readonly" mount --bind "$STORE" "$T/readonly"
mount -o remount,bind,ro "$T/readonly"
restore golden@2 "$target" --from "$T/readonly"
exits 0 verify "$DIECAST" verify golden@2 --from "$T/readonly" --json
exits 1 readonly "$DIECAST" capture "$golden" golden@3 --to "$T/readonly" --json
say "read-only store: $(event readonly error '.message + " (" + .cause + ")"')"

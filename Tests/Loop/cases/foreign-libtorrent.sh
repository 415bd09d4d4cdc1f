# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A stock libtorrent mirrors an image: the directory that it makes is a store, and it seeds our nodes.
. "$(dirname "$0")/../lib.sh"
need curl
"$PYTHON" -c 'import libtorrent' || die "python3-libtorrent is not installed"

golden=$T/golden.img target=$T/target.img
golden "$golden" 100 70
capture golden@7 "$golden"
seed seeder golden@7 --from "$STORE"
seeder=$pid
curl -fsS "$url/images/golden/7/image.torrent" -o "$T/image.torrent" || die "no torrent at $url"
mkdir "$T/mirror"
"$PYTHON" "$RING/lt.py" get "$T/image.torrent" "$T/mirror" >"$T/get.out" 2>"$T/get.err" || die "$(tail -n 3 "$T/get.err")"
kill -INT "$seeder"
finish "$seeder" seeder
is "$(event seeder result .sentBytes) >= $(value capture.golden@7 chunkBytes)" "the seeder sent less than the image"

mirror=$T/mirror/$(ls "$T/mirror")
[[ ${mirror##*/} == golden@7* ]] || die "the mirror is called ${mirror##*/}"
chunks_are_whole "$mirror"
eq "$(images "$mirror")" golden@7 "the mirror's images"
exits 0 verify "$DIECAST" verify golden@7 --from "$mirror" --json
eq "$(value verify checked)" "$(value capture.golden@7 chunks)" "chunks checked"
for kind in "" index manifest.json; do cmp "$STORE/images/golden/7/${kind:-index}" "$mirror/images/golden/7/${kind:-index}"; done
old_disk "$target" 120
restore golden "$target" --from "$mirror"
same_volume "$golden" "$target"

# Our seeder serves from the mirror, too.
seed second golden --from "$mirror"
old_disk "$target" 110
restore golden "$target" --from "$url"
same_volume "$golden" "$target"
stop "$pid" INT

# And our node leeches from libtorrent alone: no tracker, no server.
start lt "$PYTHON" "$RING/lt.py" seed "$STORE/images/golden/7/image.torrent" "$T/mirror" 127.0.0.1:$((20000 + $$ % 10000))
await 30 "libtorrent seeds" grep -q ^complete "$T/lt.json"
old_disk "$target" 130
restore golden "$target" --from "$T/image.torrent" --peer 127.0.0.1:$((20000 + $$ % 10000))
is "$(value restore.golden fromPeersBytes) >= $(value capture.golden@7 chunkBytes)" "not everything came from the peer"
same_volume "$golden" "$target"

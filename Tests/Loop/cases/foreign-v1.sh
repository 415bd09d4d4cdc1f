# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Clients that know BitTorrent v1 only mirror a hybrid torrent: their directories are stores as well. Ours
# (v1.py) always; of the others, those that can read a hybrid torrent at all: not aria2 before 1.37, which
# hashes any of them wrongly (its issue 1927), and not rtorrent while two pad files have one name.
. "$(dirname "$0")/../lib.sh"
need rtorrent aria2c curl

golden=$T/golden.img target=$T/target.img
golden "$golden" 100 70
capture golden@7 "$golden"
lan 3
IN=1 seed seeder golden@7 --from "$STORE" --hybrid
seeder=$pid
on() { nsenter "--net=/run/netns/$(node_name "$1")" "${@:2}"; }
on 2 curl -fsS "$url/images/golden/7/image.torrent" -o "$T/image.torrent" || die "no torrent at $url"
hash_v1=$("$PYTHON" -c 'import libtorrent as lt, sys; print(lt.torrent_info(sys.argv[1]).info_hashes().v1)' "$T/image.torrent")

# works_as_a_store DIR
works_as_a_store() {
    local mirror=$1
    chunks_are_whole "$mirror"
    exits 0 verify "$DIECAST" verify golden@7 --from "$mirror" --json
    eq "$(value verify checked)" "$(value capture.golden@7 chunks)" "chunks checked"
    old_disk "$target" 110
    restore golden "$target" --from "$mirror"
    same_volume "$golden" "$target"
    # The pad files of v1 are no chunks and in nobody's way.
    exits 0 prune "$DIECAST" image prune --from "$mirror" --json
    eq "$(event prune pruned .chunks)" 0 "chunks pruned from the mirror"
}
mkdir "$T/v1"
on 2 "$PYTHON" "$RING/v1.py" "$T/image.torrent" "$T/v1" >"$T/v1.out" 2>"$T/v1.err" || die "v1.py: $(tail -n 2 "$T/v1.err")"
eq "$(cat "$T/v1.out")" "complete $hash_v1" "what v1.py says:"
works_as_a_store "$T/v1/golden@7"

# A client that knows both halves.
mkdir "$T/both"
on 2 env LISTEN="$(node_address 2):0" "$PYTHON" "$RING/lt.py" get "$T/image.torrent" "$T/both" >"$T/both.out" 2>"$T/both.err" ||
    die "libtorrent: $(tail -n 3 "$T/both.err")"
works_as_a_store "$T/both/golden@7"
# With its v2 half it is still our torrent.
old_disk "$target" 120
start_on 3 node "$DIECAST" restore golden "$target" --from "$url" --yes --json
finish "$pid" node
same_volume "$golden" "$target"

if [[ $(aria2c -S "$T/image.torrent" | sed -n 's/^Info Hash: //p') == "$hash_v1" ]]; then
    on 2 timeout 60 aria2c --quiet=true --no-conf --dir="$T/aria2" --seed-time=0 --enable-dht=false --bt-enable-lpd=false \
        --enable-peer-exchange=false --file-allocation=none "$T/image.torrent" >"$T/aria2.out" 2>&1 ||
        die "aria2c: $(tail -n 4 "$T/aria2.out")"
    works_as_a_store "$T/aria2/golden@7"
else
    say "aria2 not tried: $(aria2c --version | head -n 1) hashes hybrid torrents wrongly"
fi

same_names=$("$PYTHON" -c '
import collections, libtorrent as lt, sys
names = [tuple(file[b"path"]) for file in lt.bdecode(open(sys.argv[1], "rb").read())[b"info"][b"files"]]
print(len(names) - len(set(names)))' "$T/image.torrent")
if ((same_names == 0)); then
    mkdir "$T/session" "$T/rtorrent"
    cat >"$T/rtorrent.rc" <<E
system.daemon.set = true
session.path.set = $T/session
directory.default.set = $T/rtorrent
network.port_range.set = 6890-6890
network.bind_address.set = $(node_address 2)
dht.mode.set = disable
schedule2 = ring, 1, 0, ((load.start, "$T/image.torrent"))
E
    start_on 2 rtorrent rtorrent -n -o "import=$T/rtorrent.rc"
    rtorrent=$pid
    mirrored() { [[ -d $T/rtorrent/golden@7 ]] && "$PYTHON" "$RING/chunks.py" "$T/rtorrent/golden@7" && "$DIECAST" verify golden@7 --from "$T/rtorrent/golden@7"; }
    await 60 "rtorrent has the image" mirrored
    stop "$rtorrent" INT
    works_as_a_store "$T/rtorrent/golden@7"
else
    say "rtorrent not tried: $same_names files of the torrent have the name of another"
fi

# A mirror, with its pad files, is seeded as a hybrid again.
kill -INT "$seeder"
finish "$seeder" seeder
IN=2 seed again golden --from "$T/v1/golden@7" --hybrid
old_disk "$target" 110
start_on 3 node "$DIECAST" restore golden "$target" --from "$url" --yes --json
finish "$pid" node
same_volume "$golden" "$target"

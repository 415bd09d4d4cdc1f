# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The seeder dies once node A is complete; B, which the tracker told of A, and C, which was told by
# --peer and has the torrent as a file, finish from A alone. A kept nothing: it makes the chunks again.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img
golden "$golden" 160 110
capture golden "$golden"
torrent=$(compgen -G "$STORE/images/golden/*/image.torrent")
for node in a b c; do old_disk "$T/$node.img" 170; done
lan 4

IN=4 SEED_PORT=7070 seed seeder golden --from "$STORE"
seeder=$pid
start_on 1 a "$DIECAST" restore golden "$T/a.img" --from "$url" --yes --json --seed-for forever --listen "$(node_address 1):7100"
a=$pid
await 60 "A is complete" grep -q '"event":"result"' "$T/a.json"
await 20 "A seeds" grep -q '"phase":"seeding"' "$T/a.json"

# B takes manifest, index and the tracker's word from the seeder, which then is gone. The limit on B's
# side of the wire gives the time for that.
tc -n "$(node_name 2)" qdisc add dev eth0 root tbf rate 200mbit burst 128k latency 50ms
tc -n "$(node_name lan)" qdisc add dev v2 root tbf rate 60mbit burst 128k latency 50ms
start_on 2 b "$DIECAST" restore golden "$T/b.img" --from "$url" --yes --json
b=$pid
b_knows_a() { ss -N "$(node_name 2)" -tnH state established | grep -q "$(node_address 1):7100"; }
await 30 "B is connected to A" b_knows_a
kill -9 "$seeder"
wait "$seeder" 2>/dev/null || true
grep -q '"event":"result"' "$T/b.json" && die "B was done before the seeder died"
at_death=$(event b progress '.receivedBytes // 0')
tc -n "$(node_name lan)" qdisc del dev v2 root
start_on 3 c "$DIECAST" restore golden "$T/c.img" --from "$torrent" --peer "$(node_address 1):7100" --yes --json
c=$pid
finish "$b" b
finish "$c" c
kill -INT "$a"
finish "$a" a # it is done; seeding on was a favour

total=$(value capture.golden chunkBytes)
say "B had $at_death of $total bytes when the seeder died"
is "$(value b fromPeersBytes) > 0" "B had nothing from A"
is "$(value c fromPeersBytes) >= total" "C did not have everything from peers"
remade=$(event a seeded .remadeChunks)
say "A made $remade chunks again and sent $(event a seeded .sentBytes) bytes"
is "remade > 0" "A made no chunk again"
for node in a b c; do same_volume "$golden" "$T/$node.img"; done

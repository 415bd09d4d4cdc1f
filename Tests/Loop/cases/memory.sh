# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A node restores, and seeds, 1.2 GB of content within 256 MiB.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img target=$T/target.img
# Noise at one raw partition: nothing of it compresses, so the swarm has to carry it all.
truncate -s 1300M "$golden"
sgdisk -n 1:2048:+1240M "$golden" >/dev/null
noise 9 $((1240 << 20)) | put "$golden" $((1 << 20))
capture golden "$golden"
is "$(value capture.golden chunkBytes) > 1200 << 20" "the image is too small to tell"
seed seeder golden --from "$STORE"
seeder=$pid
truncate -s 1310M "$target" # zeros are wrong content here, too
start node "$DIECAST" restore golden "$target" --from "$url" --yes --json --seed-for forever --listen 127.0.0.1:$((25000 + $$ % 5000))
node=$pid
await 180 "the node is done" grep -q '"event":"result"' "$T/node.json"
say "restored with at most $(value node peakMemoryBytes) bytes in memory, in $(value node seconds) s"
is "$(value node peakMemoryBytes) < 268435456" "the restore's peak memory"
cmp -n $((1240 << 20)) -i $((1 << 20)) "$golden" "$target" || die "the partition differs"

# It seeds all of it to a second one, from its disk.
stop "$seeder" INT
torrent=$(compgen -G "$STORE/images/golden/*/image.torrent")
rm -f "$golden"
truncate -s 1310M "$T/second.img"
start second "$DIECAST" restore golden "$T/second.img" --from "$torrent" --peer 127.0.0.1:$((25000 + $$ % 5000)) --yes --json
finish "$pid" second
is "$(value second peakMemoryBytes) < 268435456" "the second restore's peak memory"
kill -INT "$node"
finish "$node" node
say "seeded with at most $(event node seeded .peakMemoryBytes), second node $(value second peakMemoryBytes)"
is "$(event node seeded .peakMemoryBytes) < 268435456" "the seeding node's peak memory"
is "$(event node seeded .remadeChunks) > 0" "no chunk was made again"
cmp -n $((1240 << 20)) -i $((1 << 20)) "$target" "$T/second.img" || die "the second copy differs"

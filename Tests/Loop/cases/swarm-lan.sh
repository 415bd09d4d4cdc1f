# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A seeder and three nodes on a LAN of namespaces, restoring to loop devices at once.
. "$(dirname "$0")/../lib.sh"

golden=$T/golden.img
golden "$golden" 160 110
capture golden "$golden"
lan 4
# Slow enough that nodes have time for one another.
IN=4 seed seeder golden --from "$STORE" --upload-limit 20M
seeder=$pid
pids=()
for node in 1 2 3; do
    old_disk "$T/$node.img" $((150 + 20 * node))
    devices[node]=$(loop "$T/$node.img")
    start_on "$node" "node$node" "$DIECAST" restore golden "${devices[node]}" --from "$url" --yes --json
    pids[node]=$pid
done
for node in 1 2 3; do finish "${pids[node]}" "node$node"; done
total=$(value capture.golden chunkBytes)
peers=0
for node in 1 2 3; do
    loop_drop "${devices[node]}"
    same_volume "$golden" "$T/$node.img"
    say "node $node: $(value "node$node" fromSeederBytes) bytes from the seeder, $(value "node$node" fromPeersBytes) from peers"
    eq "$(value "node$node" fetchedBytes)" "$total" "bytes fetched by node $node"
    peers=$((peers + $(value "node$node" fromPeersBytes)))
    is "$(value "node$node" fromSeederBytes) + $(value "node$node" fromPeersBytes) >= total" "fewer bytes received than fetched"
done
is "peers > 0" "nothing came from peers"
stop "$seeder" INT
finish "$seeder" seeder
sent=$(event seeder result .sentBytes)
say "the seeder sent $sent bytes of $total"
is "sent < total * 3" "the seeder sent every node everything"

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A disk that boots an older system gets a restore that is killed midway: then it boots nothing, neither the
# old nor half of the new. Restored again, it boots the new one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../golden.sh"

captured
target=$T/target.img
golden_make "$target" older 2 "$(cat "$VMRING/kernel")"
truncate -s 200M "$target"
sgdisk -e "$target" >/dev/null
reaches older bios "$target" virtio 'GOLDEN-GRUB older'

seed slow --upload-limit 6M
slow=$pid
start killed "$DIECAST" restore golden "$target" --from "$url" --yes --json
restore=$pid
total=$(chunk_bytes)
half() { (($(event killed progress '.receivedBytes // 0') > total / 2)); }
await 60 "half is fetched" half
stop "$restore" KILL
stop "$slow" INT
if grep -q '"event":"result"' "$T/killed.json"; then die "it was done before it was killed"; fi
say "killed at $(event killed progress .receivedBytes) of $total bytes"
boots_nothing nothing-bios bios "$target" virtio
boots_nothing nothing-uefi uefi "$target" virtio

seed fast
run again "$DIECAST" restore golden "$target" --from "$url" --yes --json
fetched=$(event again result .fetchedBytes)
say "$fetched of $total bytes fetched again"
is "fetched < total" "nothing was resumed"
boots again bios "$target" virtio

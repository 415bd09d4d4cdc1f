# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A target with bad sectors: never a success. nbdkit's eval plugin answers EIO to writes at one place.
. "$(dirname "$0")/../lib.sh"
need nbdkit nbdfuse filefrag

golden=$T/golden.img target=$T/target.img
golden "$golden" 80 40
capture golden "$golden"
bad=$(place "$golden" large/3 200)

old_disk "$target" 90
# shellcheck disable=SC2016  # nbdkit's shell expands these
start nbdkit env TARGET="$target" BAD="$bad" nbdkit -f -U "$T/socket" eval \
    get_size='stat -c %s "$TARGET"' \
    pread='dd if="$TARGET" iflag=skip_bytes,count_bytes bs=1M skip=$4 count=$3 status=none' \
    pwrite='if [ $(($4)) -le "$BAD" ] && [ $(($4 + $3)) -gt "$BAD" ] && [ ! -e "$TARGET.good" ]; then cat >/dev/null; echo EIO Input/output error >&2; exit 1; fi; dd of="$TARGET" oflag=seek_bytes bs=1M seek=$4 conv=notrunc status=none' \
    flush=true
await 10 "nbdkit listens" test -S "$T/socket"
mkdir -p "$T/fuse"
undo unmount "$T/fuse"
start nbdfuse nbdfuse "$T/fuse/disk-$$" --unix "$T/socket"
disk=$T/fuse/disk-$$
await 10 "nbdfuse has its file" test -s "$disk"

# As a file every write goes through at once, so the error has its place.
exits 1 file "$DIECAST" restore golden "$disk" --from "$STORE" --yes --json
say "file: $(event file error '.message + " (" + .cause + ")"')"
eq "$(event file error .code)" write-failed "the error's code"
has "$T/file.err" "errno 5"
offset=$(event file error .message | sed -nE 's/.*at offset ([0-9]+), ([0-9]+) bytes.*/\1 \2/p')
read -r offset length <<<"$offset" || die "no offset in the sentence"
is "offset <= bad && bad < offset + length" "the write that failed is not where the bad range is"
no_table "$target"

# Behind a loop device the page cache takes the write, and the flush tells.
device=$(loop "$disk")
exits 1 loop "$DIECAST" restore golden "$device" --from "$STORE" --yes --json
say "loop: $(event loop error '.message + " (" + .cause + ")"')"
eq "$(event loop error .code)" write-failed "the error's code"
[[ $(event loop error .message) == *"$device"* ]] || die "the disk is not named"
has "$T/loop.err" "errno 5"
no_table "$target"

# From a swarm, too; without a verification, too.
seed seeder golden --from "$STORE"
seeder=$pid
exits 1 swarm "$DIECAST" restore golden "$disk" --from "$url" --yes --json
say "swarm: $(event swarm error '.message + " (" + .cause + ")"')"
has "$T/swarm.err" "errno 5"
has "$T/swarm.err" "at offset [0-9]+"
exits 1 noverify "$DIECAST" restore golden "$device" --from "$url" --yes --no-verify --json
has "$T/noverify.err" "errno 5"
no_table "$target"

# The disk is replaced by one that works, say: the rest is fetched.
touch "$target.good"
restore golden "$device" --from "$url"
is "$(value restore.golden matchedBytes) > 0" "nothing was kept"
loop_drop "$device" "$disk"
unmount "$T/fuse"
stop "$seeder" INT
same_volume "$golden" "$target"

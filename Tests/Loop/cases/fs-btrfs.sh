# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=btrfs MAP=native
MKFS=(mkfs.btrfs -q -f)
. "$RING/fs.sh"
fs_more() {
    btrfs -q subvolume create "$1/subvolume"
    cp -a --reflink=auto "$1/odd/." "$1/subvolume/" 2>/dev/null || true
    btrfs -q subvolume snapshot -r "$1/subvolume" "$1/snapshot"
}
fs_variant gpt 202 45 202
# Mixed block groups: the only way to fill a small one.
MKFS=(mkfs.btrfs -q -f --mixed)
unset -f fs_more
FULL=80
fs_variant none 96 97 128

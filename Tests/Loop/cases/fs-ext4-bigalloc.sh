# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext4 -q -F -m 0 -O bigalloc -C 65536)
. "$RING/fs.sh"
fs_variant gpt 128 45 150
fs_variant none 96 97 96

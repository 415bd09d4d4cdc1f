# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext2 -q -F -m 0)
. "$RING/fs.sh"
fs_variant gpt 96 45 96
fs_variant none 64 97 80

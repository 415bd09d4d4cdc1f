# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext4 -q -F -m 0 -O 'meta_bg,^resize_inode' -b 1024)
. "$RING/fs.sh"
fs_variant mbr 128 45 128
fs_variant gpt 96 97 128

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext3 -q -F -m 0)
. "$RING/fs.sh"
fs_variant mbr 96 45 130
fs_variant gpt 64 97 64

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext4 -q -F -m 0 -O '64bit,metadata_csum,inline_data')
. "$RING/fs.sh"
fs_variant gpt 96 45 120
fs_variant none 64 97 64

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ext MAP=libext2fs
MKFS=(mkfs.ext4 -q -F -m 0 -O '^64bit,^metadata_csum,uninit_bg')
. "$RING/fs.sh"
fs_variant none 96 45 96
fs_variant mbr 64 97 80

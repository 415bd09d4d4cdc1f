# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=ntfs MAP=partclone
MKFS=(mkfs.ntfs -q -F -Q)
. "$RING/fs.sh"
fs_variant gpt 96 45 128
fs_variant mbr 64 97 64

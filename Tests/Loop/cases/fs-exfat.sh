# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=exfat MAP=native
MKFS=(mkfs.exfat)
. "$RING/fs.sh"
fs_variant gpt 96 45 96
fs_variant mbr 64 97 80

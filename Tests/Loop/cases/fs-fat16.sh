# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=fat MAP=native
MKFS=(mkfs.fat -F 16 -s 4)
. "$RING/fs.sh"
fs_variant mbr 64 50 80
fs_variant gpt 48 97 48

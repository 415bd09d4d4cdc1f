# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=fat MAP=native
MKFS=(mkfs.fat -F 12 -s 8)
. "$RING/fs.sh"
fs_variant none 14 50 14
fs_variant mbr 14 97 20

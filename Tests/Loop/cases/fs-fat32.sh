# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=fat MAP=native
MKFS=(mkfs.fat -F 32 -s 1)
. "$RING/fs.sh"
fs_variant gpt 64 50 64
fs_variant none 48 97 64

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=f2fs MAP=partclone FILES=30
MKFS=(mkfs.f2fs -q -f)
. "$RING/fs.sh"
fs_variant gpt 128 20 150
FULL=70 # it keeps segments for itself, and sload.f2fs does not fill the last ones
fs_variant none 240 60 240

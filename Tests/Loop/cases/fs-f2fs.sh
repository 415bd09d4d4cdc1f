# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034
. "$(dirname "$0")/../lib.sh"
FS=f2fs MAP=partclone
MKFS=(mkfs.f2fs -q -f)
. "$RING/fs.sh"
fs_variant gpt 128 30 150
FULL=70 # it keeps segments for itself, and sload.f2fs cannot fill the last ones
fs_variant none 128 60 128

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"
FS=xfs MAP=partclone
MKFS=(mkfs.xfs -q -f)
. "$RING/fs.sh"
fs_variant gpt 322 45 360
FULL=75 # the log and the reserve are not for files
fs_variant mbr 322 97 322

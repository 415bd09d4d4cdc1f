# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# A golden disk that is captured, seeded and restored onto a larger, blank disk boots there by BIOS.
. "$(dirname "$0")/../lib.sh"

restored
sgdisk -v "$VMRING/restored.img" >"$T/sgdisk.err"
grep -q 'No problems found' "$T/sgdisk.err" || die "the table of the larger disk has problems"
boots bios bios "$VMRING/restored.img" virtio

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The restored disk boots by UEFI, on firmware that has never seen it: through the ESP's default path.
. "$(dirname "$0")/../lib.sh"

restored
boots uefi uefi "$VMRING/restored.img" ahci

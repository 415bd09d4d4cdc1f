# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The restored disk boots under Secure Boot: the signatures of shim, GRUB, kernel and modules are intact.
. "$(dirname "$0")/../lib.sh"

restored
boots secure-boot secure-boot "$VMRING/restored.img" nvme
say "Secure Boot was on"

# And the firmware would have minded: without its signature, the same shim is refused.
cp --sparse=always "$VMRING/restored.img" "$T/unsigned.img"
mcopy -o -i "$T/unsigned.img@@2M" /usr/lib/shim/shimx64.efi ::/EFI/BOOT/BOOTX64.EFI
boots_nothing unsigned secure-boot "$T/unsigned.img" nvme
grep -aq 'Access Denied\|Security Violation' "$T/unsigned.serial" || die "an unsigned shim was not refused"

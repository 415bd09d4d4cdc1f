#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Debian packages that Diecast needs, by purpose.
# shellcheck disable=SC2034

# To build: the four libraries, libext2fs, and what the Swift toolchain links with.
packages_build=(
  libtorrent-rasterbar-dev libblkid-dev libparted-dev libzstd-dev libext2fs-dev
  pkg-config g++ libstdc++-12-dev git
)
# To capture: what reads used maps.
packages_run=(partclone ntfs-3g)
# For the demo and the loop ring: filesystems, tables, networks, foreign BitTorrent clients, faulty disks.
packages_test=(
  e2fsprogs xfsprogs btrfs-progs dosfstools mtools exfatprogs exfat-fuse f2fs-tools fuse3
  gdisk fdisk parted util-linux mount attr rsync
  iproute2 procps python3 python3-libtorrent aria2 jq curl
  nbdkit libnbd-bin cryptsetup-bin lvm2 mdadm rtorrent shellcheck
)
# For the vm ring: an emulator, firmware, boot loaders. The kernel is unpacked from its package, not installed.
packages_vm=(
  qemu-system-x86 ovmf seabios grub-common grub-pc-bin grub-efi-amd64-bin grub-efi-amd64-signed shim-signed
  busybox-static kmod cpio openssl zstd
)

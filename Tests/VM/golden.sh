# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the golden disk: a small Debian-like system that boots by BIOS, by UEFI and under Secure Boot, checks
# its own files and powers off. No root, mount or loop device, so that nothing can be left over.

VM=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
golden_uuid=11111111-2222-4333-8444-555555555555 # every golden disk's: a mixture of two would be found
golden_esp_mib=16
golden_root_mib=100
# What the machines of the cases need: their disks, the filesystem, and the variables of UEFI.
golden_modules=(virtio_pci virtio_blk ahci sd_mod nvme crc32c_generic ext4 efivarfs)

# kernel_tree: prints a directory with boot/vmlinuz-V and lib/modules/V of Debian's newest kernel. It is
# downloaded and unpacked, once, into the user's cache and never installed: installing it would make an
# initramfs and rewrite GRUB's configuration on the machine that runs the tests, and needs root.
kernel_tree() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/diecast/kernel package version name scratch tree
    package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1) || true
    version=$(apt-cache show --no-all-versions "${package:-none}" 2>/dev/null | sed -n 's/^Version: //p') || true
    name=${package}_${version}
    if [[ -n $package && -n $version && -d $cache/$name ]]; then
        printf '%s\n' "$cache/$name"
        return
    fi
    mkdir -p "$cache"
    scratch=$(mktemp -d "$cache/.unpacking.XXXXXX")
    if [[ -n $package && -n $version ]] && _kernel_unpack "$package=$version" "$scratch"; then
        # Another run may have been faster.
        mv -T "$scratch/tree" "$cache/$name" 2>/dev/null || true
        rm -rf "$scratch"
        printf '%s\n' "$cache/$name"
        return
    fi
    rm -rf "$scratch"
    tree=$(find "$cache" -mindepth 1 -maxdepth 1 -type d -name 'linux-image-*' | sort -V | tail -n 1)
    if [[ -z $tree ]]; then
        printf 'no kernel: apt-get download of linux-image-amd64 (%s) failed, and %s has none\n' "$name" "$cache" >&2
        return 1
    fi
    printf 'no newer kernel to be had: %s\n' "${tree##*/}" >&2
    printf '%s\n' "$tree"
}
_kernel_unpack() {
    local package=$1 scratch=$2 tree=$2/tree
    mkdir "$tree" || return
    # As root, apt gives its download to a user that cannot write here, and warns.
    (cd "$scratch" && apt-get -q -o APT::Sandbox::User=root download "$package") >&2 || return
    dpkg-deb --fsys-tarfile "$scratch"/*.deb | tar -x -C "$tree" ./boot ./lib/modules || return
    depmod -b "$tree" "$(ls "$tree/lib/modules")" >&2
}

_golden_busybox() {
    cp /bin/busybox "$1/"
    busybox --list | grep -vx busybox | (cd "$1" && xargs -n 1 ln -s busybox)
}
# _golden_initrd TREE OUT SCRATCH
_golden_initrd() {
    local tree=$1 out=$2 dir=$3 version module path
    version=$(ls "$tree/lib/modules")
    mkdir -p "$dir"/{bin,dev,modules,proc,root}
    _golden_busybox "$dir/bin"
    cp "$VM/golden-initrd-init" "$dir/init"
    for module in "${golden_modules[@]}"; do
        modprobe -d "$tree" -S "$version" --show-depends "$module" || return
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$dir.list"
    [[ -s $dir.list ]] || return
    while IFS= read -r path; do
        case $path in
        *.xz) xz -dc "$path" >"$dir/modules/$(basename "$path" .xz)" ;;
        *) cp "$path" "$dir/modules/" ;;
        esac
        basename "$path" .xz
    done <"$dir.list" >"$dir/modules/order"
    (cd "$dir" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet -R 0:0) | zstd -q -3 -f -o "$out"
}

# _golden_bios DISK CORE SECTOR: what grub-bios-setup does on a disk with a BIOS boot partition at SECTOR.
_golden_bios() {
    python3 - "$1" "$2" "$3" /usr/lib/grub/i386-pc/boot.img <<'P'
import struct, sys

disk, core, sector, boot = sys.argv[1], open(sys.argv[2], "rb").read(), int(sys.argv[3]), sys.argv[4]
boot = bytearray(open(boot, "rb").read())
core = bytearray(core + bytes(-len(core) % 512))
assert len(boot) == 512 and len(core) <= 1 << 20
struct.pack_into("<Q", boot, 0x5C, sector)  # where the core is
boot[0x64] = 0xFF  # the drive is the one the BIOS says
boot[0x66:0x68] = b"\x90\x90"  # and is checked
# The core's first sector has the list of the others: start, count, segment.
struct.pack_into("<QHH", core, 512 - 12, sector + 1, len(core) // 512 - 1, 0x820)
with open(disk, "r+b") as file:
    file.write(boot[:440])
    file.seek(sector * 512)
    file.write(core)
P
}

# golden_make DISK ID SEED TREE: about 120 MiB, of which 57 are used, with the kernel of TREE. DISK.sums gets
# what the marker says as sums=.
golden_make() {
    local disk=$1 id=$2 seed=$3 tree=$4 scratch=$1.d root=$1.d/root version
    local esp_start=4096 root_start=$((4096 + golden_esp_mib * 2048))
    mkdir -p "$root"/{bin,boot/grub,data,dev,etc,proc,sbin,sys,var}
    version=$(ls "$tree/lib/modules")

    cp "$tree/boot/vmlinuz-$version" "$root/boot/vmlinuz"
    _golden_initrd "$tree" "$root/boot/initrd.img" "$scratch/initrd"
    _golden_busybox "$root/bin"
    cp "$VM/golden-init" "$root/sbin/init"
    printf '%s\n' "$id" >"$root/etc/golden-id"
    cat >"$root/boot/grub/grub.cfg" <<G
serial --unit=0 --speed=115200
terminal_output serial
set timeout=0
echo "GOLDEN-GRUB $id"
search --no-floppy --fs-uuid --set=root $golden_uuid
linux /boot/vmlinuz root=UUID=$golden_uuid ro console=ttyS0 quiet panic=1 no_timer_check
initrd /boot/initrd.img
boot
G
    # Noise, text, small files, a hole.
    _golden_noise "$seed" $((20 << 20)) >"$root/data/noise"
    _golden_noise "$seed$seed" $((1 << 20)) | split -b 5000 - "$root/data/small."
    seq "$seed" "$((seed + 500000))" >"$root/data/text"
    truncate -s 3M "$root/data/hole"
    printf 'the end of %s\n' "$id" >>"$root/data/hole"
    (cd "$root" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$scratch/sums"
    mv "$scratch/sums" "$root/SHA256SUMS"
    sha256sum "$root/SHA256SUMS" | cut -c 1-16 >"$disk.sums"

    # BIOS boot, ESP, root, and a MiB for the second table.
    rm -f "$disk"
    truncate -s $((1 + 1 + golden_esp_mib + golden_root_mib + 1))M "$disk"
    sgdisk -a 2048 -n 1:2048:+1M -t 1:ef02 -n "2:$esp_start:+${golden_esp_mib}M" -t 2:ef00 \
        -n "3:$root_start:+${golden_root_mib}M" -t 3:8300 -U 99999999-0000-4000-8000-000000000001 "$disk" >/dev/null
    [[ $(sgdisk -p "$disk" | grep -Ec '^ +[123] ') == 3 ]] || return # it may do nothing and exit 0

    cat >"$scratch/early.cfg" <<G
search --no-floppy --fs-uuid --set=root $golden_uuid
set prefix=(\$root)/boot/grub
G
    grub-mkimage -O i386-pc -d /usr/lib/grub/i386-pc -c "$scratch/early.cfg" -p /boot/grub -o "$scratch/core.img" \
        biosdisk part_gpt ext2 search search_fs_uuid normal linux serial terminal echo configfile minicmd
    _golden_bios "$disk" "$scratch/core.img" 2048

    truncate -s "${golden_esp_mib}M" "$scratch/esp"
    mkfs.vfat -F 16 -s 1 -n ESP "$scratch/esp" >/dev/null
    cat "$scratch/early.cfg" - >"$scratch/esp.cfg" <<<"configfile \$prefix/grub.cfg"
    mmd -i "$scratch/esp" ::/EFI ::/EFI/BOOT ::/EFI/debian
    mcopy -i "$scratch/esp" /usr/lib/shim/shimx64.efi.signed ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$scratch/esp" /usr/lib/shim/mmx64.efi.signed ::/EFI/BOOT/mmx64.efi
    mcopy -i "$scratch/esp" /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed ::/EFI/BOOT/grubx64.efi
    mcopy -i "$scratch/esp" "$scratch/esp.cfg" ::/EFI/debian/grub.cfg
    dd if="$scratch/esp" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none

    truncate -s "${golden_root_mib}M" "$scratch/ext4"
    mke2fs -q -t ext4 -U "$golden_uuid" -L golden -E root_owner=0:0 -d "$root" "$scratch/ext4"
    dd if="$scratch/ext4" of="$disk" bs=1M seek=$((2 + golden_esp_mib)) conv=notrunc,sparse status=none
    sgdisk -v "$disk" | grep -q 'No problems found' || return
    rm -rf "$scratch"
}
_golden_noise() { openssl enc -aes-128-ctr -K "$(printf '%032x' "$1")" -iv 0 -in /dev/zero 2>/dev/null | head -c "$2" || true; }

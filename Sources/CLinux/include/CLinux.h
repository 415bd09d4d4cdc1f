// SPDX-License-Identifier: GPL-3.0-or-later
//
// CLinux: only what Swift cannot import from the C library: ioctls, which are
// variadic, and structures behind macros. Each function returns 0 or a
// result that is not negative, or -errno.

#ifndef DIECAST_CLINUX_H
#define DIECAST_CLINUX_H

#include <stdint.h>

/// open(2) with O_CLOEXEC; `flags` and `mode` as there.
int clinux_open(const char *path, int flags, unsigned int mode);

extern const int clinux_o_rdonly, clinux_o_rdwr, clinux_o_wronly, clinux_o_excl, clinux_o_direct, clinux_o_creat,
    clinux_o_directory;

/// What stat(2) says, as far as it is asked.
struct clinux_status {
    /// 0 something else, 1 a regular file, 2 a block device, 3 a directory.
    int kind;
    uint64_t size;
    uint32_t device_major, device_minor;
};

/// stat(2), or fstat(2) when `path` is NULL.
int clinux_stat(const char *path, int fd, struct clinux_status *out);
/// flock(2) with LOCK_EX or LOCK_SH, and LOCK_NB unless `wait`.
int clinux_flock(int fd, int exclusive, int wait);

/// BLKGETSIZE64: bytes.
int clinux_blk_size(int fd, uint64_t *bytes);
/// BLKSSZGET: bytes in a logical sector.
int clinux_blk_logical_sector(int fd, uint32_t *bytes);
/// BLKPBSZGET: bytes in a physical sector.
int clinux_blk_physical_sector(int fd, uint32_t *bytes);
/// BLKROGET: 1 when the device is read-only.
int clinux_blk_read_only(int fd, int *read_only);
/// BLKFLSBUF: writes back and drops the device's page cache.
int clinux_blk_flush_buffers(int fd);
/// BLKZEROOUT: `length` zero bytes from `start`, both multiples of a sector.
int clinux_blk_zero_out(int fd, uint64_t start, uint64_t length);
/// BLKDISCARD.
int clinux_blk_discard(int fd, uint64_t start, uint64_t length);
/// BLKRRPART: makes the kernel read the partition table again.
int clinux_blk_reread_partitions(int fd);
/// fallocate(2), punching a hole that keeps the size.
int clinux_punch_hole(int fd, uint64_t start, uint64_t length);

/// Makes malloc give large blocks back to the system as soon as they are freed, and keep few arenas (mallopt(3)).
void clinux_bound_malloc(void);

/// LOOP_CTL_GET_FREE: the number of a free loop device.
int clinux_loop_free(int control_fd);
/// LOOP_CONFIGURE: read-only, auto-clearing, `length` bytes from `start`.
int clinux_loop_configure(int loop_fd, int backing_fd, uint64_t start, uint64_t length, uint32_t sector_size);

#endif

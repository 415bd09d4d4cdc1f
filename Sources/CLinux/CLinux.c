// SPDX-License-Identifier: GPL-3.0-or-later
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <malloc.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

const int clinux_o_rdonly = O_RDONLY, clinux_o_rdwr = O_RDWR, clinux_o_wronly = O_WRONLY, clinux_o_excl = O_EXCL,
          clinux_o_direct = O_DIRECT, clinux_o_creat = O_CREAT, clinux_o_directory = O_DIRECTORY;

static int result(int value) { return value < 0 ? -errno : value; }

int clinux_open(const char *path, int flags, unsigned int mode) {
    return result(open(path, flags | O_CLOEXEC, mode));
}

int clinux_stat(const char *path, int fd, struct clinux_status *out) {
    struct stat status;
    if ((path ? stat(path, &status) : fstat(fd, &status)) != 0) return -errno;
    out->kind = S_ISREG(status.st_mode) ? 1 : S_ISBLK(status.st_mode) ? 2 : S_ISDIR(status.st_mode) ? 3 : 0;
    out->size = (uint64_t)status.st_size;
    out->device_major = major(status.st_rdev);
    out->device_minor = minor(status.st_rdev);
    return 0;
}

int clinux_flock(int fd, int exclusive, int wait) {
    return result(flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)));
}

int clinux_blk_size(int fd, uint64_t *bytes) { return result(ioctl(fd, BLKGETSIZE64, bytes)); }

int clinux_blk_logical_sector(int fd, uint32_t *bytes) {
    int value = 0;
    int status = result(ioctl(fd, BLKSSZGET, &value));
    *bytes = (uint32_t)value;
    return status;
}

int clinux_blk_physical_sector(int fd, uint32_t *bytes) {
    unsigned int value = 0;
    int status = result(ioctl(fd, BLKPBSZGET, &value));
    *bytes = value;
    return status;
}

int clinux_blk_read_only(int fd, int *read_only) { return result(ioctl(fd, BLKROGET, read_only)); }

int clinux_blk_flush_buffers(int fd) { return result(ioctl(fd, BLKFLSBUF, 0)); }

int clinux_blk_zero_out(int fd, uint64_t start, uint64_t length) {
    uint64_t range[2] = {start, length};
    return result(ioctl(fd, BLKZEROOUT, range));
}

int clinux_blk_discard(int fd, uint64_t start, uint64_t length) {
    uint64_t range[2] = {start, length};
    return result(ioctl(fd, BLKDISCARD, range));
}

int clinux_blk_reread_partitions(int fd) { return result(ioctl(fd, BLKRRPART, 0)); }

int clinux_punch_hole(int fd, uint64_t start, uint64_t length) {
    return result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)length));
}

int clinux_loop_free(int control_fd) { return result(ioctl(control_fd, LOOP_CTL_GET_FREE)); }

int clinux_loop_configure(int loop_fd, int backing_fd, uint64_t start, uint64_t length, uint32_t sector_size) {
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)backing_fd;
    config.block_size = sector_size;
    config.info.lo_offset = start;
    config.info.lo_sizelimit = length;
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    return result(ioctl(loop_fd, LOOP_CONFIGURE, &config));
}

void clinux_bound_malloc(void) {
    // A fixed threshold also turns off glibc's raising of it, which would keep freed windows on the heap.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
    mallopt(M_ARENA_MAX, 4);
}

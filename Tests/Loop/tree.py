#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a directory with files that are hard to copy, and lists one.

    tree.py fill DIR [--percent N | --bytes N] [--caps links,owner,xattr,...|all] [--seed N] [--files N]
    tree.py list DIR        one line an entry: all that can be seen of it, and the hash of its content
"""
import argparse
import errno
import hashlib
import os
import random
import stat
import sys

CAPS = ("symlinks", "links", "owner", "xattr", "nodes", "unicode", "sparse", "fallocate", "nanoseconds")


class Filler:
    def __init__(self, args):
        self.dir = args.dir
        self.random = random.Random(args.seed)
        self.caps = CAPS if args.caps == "all" else args.caps.split(",")
        self.files = args.files
        self.percent = args.percent
        self.budget = args.bytes
        self.spent = 0
        self.full = False

    def statvfs(self):
        os.sync() if self.percent >= 90 else None
        return os.statvfs(self.dir)

    def left(self):
        """Bytes still to be written."""
        if self.budget is not None:
            return self.budget - self.spent
        state = os.statvfs(self.dir)
        wanted = (state.f_blocks * (100 - self.percent)) // 100
        return max(0, (state.f_bfree - wanted)) * state.f_frsize

    def content(self, size):
        """Half noise, half text, in turns of 8 KiB, so that it compresses by two."""
        parts = []
        while size > 0:
            part = min(size, 65536)
            half = part // 2
            parts.append(self.random.randbytes(half))
            word = b"%016x " % self.random.getrandbits(64)
            parts.append((word * (part // 17 + 1))[: part - half])
            size -= part
        return b"".join(parts)

    def write(self, path, size, sync=False):
        path = os.path.join(self.dir, path)
        try:
            with open(path, "wb") as file:
                file.write(self.content(size))
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            self.spent += size
            return True
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self.full = True
            return False

    def mkdir(self, path):
        os.makedirs(os.path.join(self.dir, path), exist_ok=True)

    def small(self):
        self.mkdir("small/deep/er/and/deeper")
        self.mkdir("small/empty directory")
        for number in range(self.files):
            where = "small/deep/er" if number % 5 == 0 else "small"
            self.write(f"{where}/file-{number}.{'txt' if number % 2 else 'bin'}", self.random.choice((0, 1, 700, 4096, 9000, 33333)))

    def fragments(self):
        """Write, delete every second one, write into the holes, on the disk each time."""
        piece = max(8192, min(65536, self.left() // 400 // 4096 * 4096))
        count = min(300, self.left() * 45 // 100 // piece)
        self.mkdir("fragments")
        for number in range(count):
            self.write(f"fragments/{number}", piece)
        os.sync()
        before = self.spent
        for number in range(0, count, 2):
            path = os.path.join(self.dir, "fragments", str(number))
            if os.path.exists(path):
                os.unlink(path)
        self.spent = before - (count + 1) // 2 * piece
        os.sync()
        self.write("fragments/in the holes", piece * count * 2 // 3)

    def odd(self):
        self.mkdir("odd")
        path = lambda name: os.path.join(self.dir, "odd", name)
        self.write("odd/appended", 10000)
        for _ in range(3):
            with open(path("appended"), "ab") as file:
                file.write(self.content(30001))
                file.flush()
                os.fsync(file.fileno())
        self.write("odd/plain", 5000)
        self.write("odd/" + "n" * 200, 5)
        if "unicode" in self.caps:
            self.write("odd/ä ö – 日本語 ✓", 50)
        if "links" in self.caps:
            os.link(path("plain"), path("hard"))
        if "symlinks" in self.caps:
            os.symlink("plain", path("symbolic"))
            os.symlink("/nowhere/" + "x" * 90, path("dangling"))
        if "sparse" in self.caps:
            with open(path("sparse"), "wb") as file:
                file.write(b"begin")
                file.seek(20 << 20)
                file.write(self.content(70000))
                file.truncate(40 << 20)
        if "fallocate" in self.caps:
            with open(path("preallocated"), "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 300000)
        if "xattr" in self.caps:
            os.setxattr(path("plain"), "user.ring", b"\x00value\xff")
            os.setxattr(path("appended"), "user.long", b"y" * 900)
        if "owner" in self.caps:
            os.chown(path("plain"), 1234, 70000)
            os.chmod(path("plain"), 0o4711)
            os.chmod(path("appended"), 0)
        if "nodes" in self.caps:
            os.mkfifo(path("fifo"))
            os.mknod(path("device"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
        if "nanoseconds" in self.caps:
            os.utime(path("plain"), ns=(10**18, 946684799_123456789))
        else:
            os.utime(path("plain"), (946684800, 946684800))

    def rest(self):
        self.mkdir("large")
        number = 0
        while not self.full and self.left() >= 4096:
            self.write(f"large/{number}", min(2 << 20, self.left()))
            if number % 8 == 7:
                os.sync()  # so that what is left is true
            number += 1

    def run(self):
        self.small()
        self.odd()
        self.fragments()
        self.rest()
        os.sync()
        if self.budget is None:
            state = os.statvfs(self.dir)
            percent = 100 - 100 * state.f_bfree / state.f_blocks
            print(f"{percent:.1f}% full")
            if self.percent >= 95 and percent < 94:  # btrfs keeps some for itself
                sys.exit("that is not nearly full")


def show(path):
    """Control characters and spaces would break the lines."""
    return os.fsencode(path).decode("latin-1").encode("unicode_escape").decode()


def listing(top):
    names = ["."]
    for directory, directories, files in os.walk(top, onerror=lambda error: print("error", error)):
        names += [os.path.relpath(os.path.join(directory, name), top) for name in directories + files]
    for name in sorted(names):
        path = os.path.join(top, name)
        state = os.lstat(path)
        fields = [show(name), stat.filemode(state.st_mode), oct(state.st_mode), f"{state.st_uid}:{state.st_gid}", state.st_size,
                  state.st_mtime_ns, state.st_nlink, state.st_rdev]
        try:
            if stat.S_ISLNK(state.st_mode):
                fields.append(show(os.readlink(path)))
            if stat.S_ISREG(state.st_mode):
                with open(path, "rb") as file:
                    fields.append(hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else digest(file))
            for key in sorted(os.listxattr(path, follow_symlinks=False)):
                if key != "security.selinux":
                    fields.append(f"{key}={os.getxattr(path, key, follow_symlinks=False).hex()}")
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:
                fields.append(f"error {error.errno}")  # a line of its own kind, so that it is a difference
        print("\t".join(str(field) for field in fields))


def digest(file):
    result = hashlib.sha256()
    while block := file.read(1 << 20):
        result.update(block)
    return result.hexdigest()


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    fill = commands.add_parser("fill")
    fill.add_argument("dir")
    fill.add_argument("--percent", type=int, default=45)
    fill.add_argument("--bytes", type=int)
    fill.add_argument("--caps", default="")
    fill.add_argument("--seed", type=int, default=1)
    fill.add_argument("--files", type=int, default=200)
    listed = commands.add_parser("list")
    listed.add_argument("dir")
    args = parser.parse_args()
    if args.command == "fill":
        Filler(args).run()
    else:
        listing(args.dir)


if __name__ == "__main__":
    sys.exit(main())

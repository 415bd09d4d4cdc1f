#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fat.py DEVICE: bytes free and percent in use of a FAT12, 16 or 32, as its first table says."""
import struct
import sys

with open(sys.argv[1], "rb") as volume:
    boot = volume.read(512)
    size, per_cluster, reserved, tables, roots, short = struct.unpack_from("<HBHBHH", boot, 11)
    short_length, = struct.unpack_from("<H", boot, 22)
    long_sectors, long_length = struct.unpack_from("<II", boot, 32)
    sectors, length = short or long_sectors, short_length or long_length
    clusters = (sectors - reserved - tables * length - (roots * 32 + size - 1) // size) // per_cluster
    volume.seek(reserved * size)
    table = volume.read(length * size)
if clusters < 4085:
    entries = [int.from_bytes(table[i * 3 // 2:i * 3 // 2 + 2], "little") >> (4 * (i % 2)) & 0xFFF for i in range(2, clusters + 2)]
elif clusters < 65525:
    entries = struct.unpack_from(f"<{clusters}H", table, 4)
else:
    entries = [entry & 0x0FFFFFFF for entry in struct.unpack_from(f"<{clusters}I", table, 8)]
free = sum(1 for entry in entries if entry == 0)
print(free * size * per_cluster, 100 - 100 * free // clusters)

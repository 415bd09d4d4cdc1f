#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""chunks.py STORE: is every chunk what its name says? Its name is its BEP 52 pieces root: the SHA-256
Merkle root over blocks of 16 KiB, the leaves filled up with zeros to a power of two. Prints how many."""
import hashlib
import os
import sys


def root(data):
    leaves = [hashlib.sha256(data[at:at + 16384]).digest() for at in range(0, len(data), 16384)] or [hashlib.sha256(b"").digest()]
    count = 1
    while count < len(leaves):
        count *= 2
    leaves += [bytes(32)] * (count - len(leaves))
    while len(leaves) > 1:
        leaves = [hashlib.sha256(leaves[i] + leaves[i + 1]).digest() for i in range(0, len(leaves), 2)]
    return leaves[0].hex()


good, bad = 0, []
for directory, _, names in os.walk(os.path.join(sys.argv[1], "chunks")):
    for name in names:
        if name.endswith(".tmp"):
            continue
        path = os.path.join(directory, name)
        with open(path, "rb") as file:
            matches = root(file.read()) == name and os.path.basename(directory) == name[:2]
        if matches:
            good += 1
        else:
            bad.append(path)
for path in bad:
    print("not what its name says:", path)
print(good)
sys.exit(bool(bad))

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""v1.py TORRENT DIR: a client that knows BEP 3 and nothing later. It asks the tracker for the SHA-1 of the
info dictionary, downloads from the first peer that answers, checks each piece's SHA-1, and writes every
file of the `files` list, pad files too. Its bytes come from nothing that Diecast or libtorrent wrote."""
import hashlib
import os
import socket
import struct
import sys
import urllib.parse
import urllib.request

BLOCK = 16384


def decode(data, at=0):
    """A bencoded value and where it ends; dictionaries remember where they lie."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in b"ld":
        start, at, items = at, at + 1, []
        while data[at:at + 1] != b"e":
            value, after = decode(data, at)
            items.append((value, data[at:after]))
            at = after
        if kind == b"l":
            return [value for value, _ in items], at + 1
        result = {key: value for (key, _), (value, _) in zip(items[::2], items[1::2])}
        result["raw"] = {key: raw for (key, _), (_, raw) in zip(items[::2], items[1::2])}
        return result, at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class Peer:
    def __init__(self, address, info_hash, identity):
        self.socket = socket.create_connection(address, 20)
        self.socket.sendall(b"\x13BitTorrent protocol" + bytes(8) + info_hash + identity)
        answer = self.take(68)
        assert answer[:20] == b"\x13BitTorrent protocol" and answer[28:48] == info_hash, "the handshake"

    def take(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.socket.recv(min(count - len(data), 1 << 16))
            assert part, "the peer hung up"
            data += part
        return bytes(data)

    def message(self):
        while True:
            length = struct.unpack(">I", self.take(4))[0]
            if length:
                body = self.take(length)
                return body[0], body[1:]

    def send(self, kind, body=b""):
        self.socket.sendall(struct.pack(">IB", 1 + len(body), kind) + body)

    def unchoke(self):
        self.send(2)  # interested
        while self.message()[0] != 1:
            pass

    def piece(self, index, length):
        blocks = range(0, length, BLOCK)
        for begin in blocks:
            self.send(6, struct.pack(">III", index, begin, min(BLOCK, length - begin)))
        data, missing = bytearray(length), set(blocks)
        while missing:
            kind, body = self.message()
            assert kind != 0, "choked in the middle of a piece"
            if kind == 7:
                got, begin = struct.unpack(">II", body[:8])
                assert got == index and begin in missing, "a block that nobody asked for"
                data[begin:begin + len(body) - 8] = body[8:]
                missing.remove(begin)
        return bytes(data)


def main():
    with open(sys.argv[1], "rb") as file:
        torrent = decode(file.read())[0]
    info = torrent[b"info"]
    info_hash = hashlib.sha1(torrent["raw"][b"info"]).digest()
    identity = b"-V10000-" + os.urandom(12)
    length, hashes = info[b"piece length"], info[b"pieces"]
    total = sum(file[b"length"] for file in info[b"files"])
    query = urllib.parse.urlencode({
        "info_hash": info_hash, "peer_id": identity, "port": 6999, "uploaded": 0, "downloaded": 0, "left": total,
        "compact": 1, "event": "started"}, quote_via=urllib.parse.quote)  # a plus is a plus in a hash
    answer = decode(urllib.request.urlopen(f"{torrent[b'announce'].decode()}?{query}", timeout=20).read())[0]
    assert b"failure reason" not in answer, answer
    peers = answer[b"peers"]
    address = (socket.inet_ntoa(peers[:4]), struct.unpack(">H", peers[4:6])[0])
    peer = Peer(address, info_hash, identity)
    peer.unchoke()

    content = bytearray()
    files = iter(info[b"files"])
    file = next(files)
    for index in range(len(hashes) // 20):
        data = peer.piece(index, min(length, total - index * length))
        assert hashlib.sha1(data).digest() == hashes[index * 20:index * 20 + 20], f"piece {index} is not what its hash says"
        content += data
        while file is not None and len(content) >= file[b"length"]:
            path = os.path.join(sys.argv[2], info[b"name"].decode(), *(part.decode() for part in file[b"path"]))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as output:
                output.write(content[:file[b"length"]])
            assert b"p" not in file.get(b"attr", b"") or not any(content[:file[b"length"]]), f"{path} is not zeros"
            del content[:file[b"length"]]
            file = next(files, None)
    assert file is None and not content, "the files do not fill the pieces"
    print("complete", info_hash.hex())


main()

// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Testing

private func root(_ bytes: [UInt8]) -> String { Hashing.piecesRoot(bytes.span.bytes).hex }

@Suite struct HashingTests {
  /// FIPS 180-4's own examples.
  @Test func knownDigests() {
    let abc = Array("abc".utf8)
    #expect(Hashing.sha256(abc).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Hashing.sha256([UInt8]()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Hashing.sha1(abc.span.bytes).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
    var parts = ContentHasher()
    for part in [Array("a".utf8), Array("bc".utf8)] { parts.update(part.span.bytes) }
    #expect(parts.finish().hash == Hashing.sha256(abc))
  }

  /// Computed by libtorrent 2.0 (`create_torrent`, v2) over the bytes 0, 1, …, 250, 0, 1, ….
  @Test(arguments: KnownRoots.all) func piecesRootsAreThoseOfLibtorrent(_ count: Int, _ expected: String) {
    #expect(root((0..<count).map { UInt8($0 % 251) }) == expected)
  }

  @Test func aSingleBlockIsItsOwnRoot() {
    let bytes = [UInt8](repeating: 3, count: Hashing.blockSize)
    #expect(root(bytes) == Hashing.sha256(bytes).hex)
    #expect(root([1]) == Hashing.sha256([1]).hex)
  }

  @Test func missingLeavesAreZeroHashes() {
    let blocks = (0..<3).map { [UInt8](repeating: UInt8($0), count: Hashing.blockSize) }
    let leaves = blocks.map { Hashing.sha256($0).bytes } + [[UInt8](repeating: 0, count: 32)]
    let left = Hashing.sha256(leaves[0] + leaves[1])
    let right = Hashing.sha256(leaves[2] + leaves[3])
    #expect(root(Array(blocks.joined())) == Hashing.sha256(left.bytes + right.bytes).hex)
  }

  /// A piece of a larger file is padded to the piece, a file of its own to its own blocks only.
  @Test func layerHashesArePaddedToAWholePiece() {
    let bytes = [UInt8](repeating: 5, count: 20_000)
    let layer = Hashing.pieceLayerHash(bytes.span.bytes, blocksPerPiece: 4)
    let leaves = [Hashing.sha256(Array(bytes[..<16_384])), Hashing.sha256(Array(bytes[16_384...]))]
    #expect(layer == Hashing.root(leaves, width: 4))
    #expect(layer != Hashing.piecesRoot(bytes.span.bytes))
    #expect(Hashing.root(leaves) == Hashing.piecesRoot(bytes.span.bytes))
  }

  @Test func everyByteCounts() {
    let bytes = [UInt8](repeating: 1, count: 40_000)
    let before = root(bytes)
    for place in [0, 16_383, 16_384, 32_768, 39_999] {
      var changed = bytes
      changed[place] ^= 1
      #expect(root(changed) != before)
    }
    #expect(root(Array(bytes.dropLast())) != before)
    #expect(root(bytes + [1]) != before)
  }
}

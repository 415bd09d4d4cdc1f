// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import Testing

/// A v2 torrent with this file tree, as a hostile seeder would make one.
private func torrent(
  _ tree: Bencode, pieceLength: Bencode = .integer(65_536), version: Int64 = 2, name: String = "x"
) -> [UInt8] {
  let info: [String: Bencode] = [
    "file tree": tree, "meta version": .integer(version), "name": .string(name), "piece length": pieceLength,
  ]
  return Bencode.dictionary(text: ["info": .dictionary(text: info), "piece layers": .dictionary([:])]).encoded()
}

private func leaf(_ length: Int64 = 1, root: Int = 32) -> Bencode {
  .dictionary(text: [
    "": .dictionary(text: ["length": .integer(length), "pieces root": .bytes([UInt8](repeating: 7, count: root))])
  ])
}

@Suite struct TorrentFileTests {
  @Test func theLayoutPutsChunksFirstInTheOrderOfTheirIDs() throws {
    let image = try Samples.image()
    let layout = try image.torrent().layout
    #expect(layout.name == "golden@2026-11-21")
    #expect(layout.pieceLength == image.index.windowSize)
    for (number, chunk) in image.index.chunks.enumerated() {
      #expect(layout.files[number].path == TorrentLayout.chunkPath(chunk.id))
      #expect(layout.files[number].firstPiece == PieceIndex(number))
      #expect(layout.files[number].root == chunk.id.hash)
      #expect(layout.length(of: PieceIndex(number)) == chunk.length)
    }
    let rest = layout.files.suffix(2)
    #expect(
      rest.map(\.path) == [
        ["images", "golden", "2026-11-21", "index"], ["images", "golden", "2026-11-21", "manifest.json"],
      ])
    #expect(rest.map(\.length) == [ByteCount(image.indexBytes.count), ByteCount(image.manifestBytes.count)])
    #expect(layout.pieceCount == image.index.chunks.count + 2)
    #expect(layout.file(named: "index")?.root == Hashing.piecesRoot(image.indexBytes.span.bytes))
    #expect(layout.file(named: "nothing") == nil)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func whatWasMadeDecodesToTheSameLayout(_ seed: UInt64) throws {
    let image = try Samples.image(Samples.index(seed: seed))
    let made = try image.torrent(trackers: ["http://a/announce", "http://b/announce"])
    let decoded = try TorrentFile(decoding: made.bytes)
    let direct = TorrentLayout(
      manifest: image.manifest, manifestBytes: image.manifestBytes, index: image.index, indexBytes: image.indexBytes)
    #expect(decoded.layout == direct)
    #expect(decoded.infoHash == made.infoHash && decoded.infoHashV1 == nil)
    #expect(decoded.trackers == ["http://a/announce", "http://b/announce"])
    #expect(decoded.trackerHashes == [Array(made.infoHash.bytes.prefix(20))])
    // Trackers are no part of what the torrent is.
    #expect(try image.torrent().infoHash == made.infoHash)
  }

  @Test func anIndexOfSeveralPiecesHasAPieceLayer() throws {
    var random = Seeded(state: 1)
    var chunks: [ImageIndex.Chunk] = []
    for _ in 0..<1500 {
      chunks.append(
        ImageIndex.Chunk(
          id: ChunkID(random.hash()), digest: ContentDigest(random.hash()), length: ByteCount(512),
          contentLength: ByteCount(512), encoding: .raw))
    }
    chunks.sort { $0.id < $1.id }
    let index = ImageIndex(
      windowSize: .kib(64), volumeLengths: [.kib(64 * 1500)], chunks: chunks,
      windows: chunks.indices.map {
        ImageIndex.Window(
          volume: 0, number: $0, chunk: ChunkIndex($0),
          extents: [ByteRange(start: ByteOffset(UInt64($0) << 16), length: ByteCount(512))])
      })
    let image = try Samples.image(index)
    #expect(image.indexBytes.count > 65_536)
    let torrent = try image.torrent()
    let file = try #require(torrent.layout.file(named: "index"))
    #expect(file.pieceCount == (image.indexBytes.count + 65_535) / 65_536)
    #expect(
      torrent.layout.length(of: PieceIndex(file.firstPiece.int + file.pieceCount - 1)).int == image.indexBytes.count
        % 65_536)
    guard case .dictionary(let layers)? = try Bencode.decode(torrent.bytes)["piece layers"] else {
      Issue.record("no piece layers")
      return
    }
    let layer = try #require(layers[file.root.bytes]?.bytesValue)
    #expect(layers.count == 1 && layer.count == file.pieceCount * 32)
    let hashes = stride(from: 0, to: layer.count, by: 32).compactMap { Hash256(layer[$0..<$0 + 32]) }
    // The tree above the layer is padded with the root of a piece of zero leaves.
    let pad = Hashing.root([], width: 4)
    #expect(Hashing.root(hashes, pad: pad) == file.root)
  }

  @Test func hybridTorrentsNeedOneHashAPiece() throws {
    let image = try Samples.image()
    func hybrid(_ count: Int) throws -> TorrentFile {
      try TorrentFile(
        manifest: image.manifest, manifestBytes: image.manifestBytes, index: image.index, indexBytes: image.indexBytes,
        pieceHashesV1: Array(repeating: [UInt8](repeating: 1, count: 20), count: count))
    }
    let made = try hybrid(4)
    #expect(made.infoHashV1?.count == 20)
    #expect(made.trackerHashes.count == 2)
    #expect(made.infoHash != (try image.torrent()).infoHash)
    #expect(thrownCode { _ = try hybrid(3) } == .internal)
    #expect(thrownCode { _ = try hybrid(5) } == .internal)
  }

  @Test(arguments: ["", ".", "..", "a/b", "/", "a\0b", String(repeating: "n", count: 256)])
  func hostileFileNamesAreMalformed(_ name: String) {
    for tree in [
      Bencode.dictionary(text: [name: leaf()]),
      .dictionary(text: ["chunks": .dictionary(text: [name: leaf()])]),
      .dictionary(text: [name: .dictionary(text: ["f": leaf()])]),
    ] {
      // An empty name marks a leaf in its parent, so only inside a leaf is it a name.
      if name.isEmpty, case .dictionary(let top) = tree, top[Array("chunks".utf8)] != nil { continue }
      #expect(thrownCode { _ = try TorrentFile(decoding: torrent(tree)) } == .malformed, "\(name)")
    }
  }

  @Test func namesThatAreNotUTF8AreMalformed() {
    #expect(thrownCode { _ = try TorrentFile(decoding: torrent(.dictionary([[0xff, 0xfe]: leaf()]))) } == .malformed)
  }

  @Test(arguments: [-1, 0, 1 << 60 + 1, 1_000_000_000_000_000_000 * 2, .max, .min] as [Int64])
  func hostileLengthsAreMalformed(_ length: Int64) {
    #expect(thrownCode { _ = try TorrentFile(decoding: torrent(.dictionary(text: ["f": leaf(length)]))) } == .malformed)
  }

  /// Each length is possible alone, but not as a number of pieces.
  @Test(arguments: [1, 2, 16]) func filesOfTooManyPiecesAreMalformed(_ count: Int) {
    let files = (0..<count).map { ("f\($0)", leaf(1 << 60)) }
    let tree = Bencode.dictionary(text: Dictionary(uniqueKeysWithValues: files))
    #expect(thrownCode { _ = try TorrentFile(decoding: torrent(tree)) } == .malformed)
  }

  @Test(arguments: [0, 31, 33]) func rootsMustBeHashes(_ count: Int) {
    let tree = Bencode.dictionary(text: ["f": leaf(1, root: count)])
    #expect(thrownCode { _ = try TorrentFile(decoding: torrent(tree)) } == .malformed)
  }

  @Test func treesMustBeTreesOfFewLevels() throws {
    func nested(_ depth: Int) -> Bencode {
      (0..<depth).reduce(leaf()) { tree, _ in .dictionary(text: ["d": tree]) }
    }
    #expect(throws: Never.self) { _ = try TorrentFile(decoding: torrent(nested(4))) }
    for tree in [
      nested(12), nested(58), nested(1000), .integer(1), .list([]), .dictionary([:]),
      .dictionary(text: ["f": .integer(1)]),
    ] {
      #expect(thrownCode { _ = try TorrentFile(decoding: torrent(tree)) } == .malformed)
    }
  }

  @Test(arguments: [-1, 0, 1, 16_384, 65_537, 1 << 29, .max, .min] as [Int64])
  func pieceLengthsMustBeAWindows(_ length: Int64) {
    let bytes = torrent(.dictionary(text: ["f": leaf()]), pieceLength: .integer(length))
    #expect(thrownCode { _ = try TorrentFile(decoding: bytes) } == .malformed)
  }

  @Test func torrentsOfVersionOneAreUnsupported() {
    let bytes = torrent(.dictionary(text: ["f": leaf()]), version: 1)
    #expect(thrownCode { _ = try TorrentFile(decoding: bytes) } == .unsupported)
    for other in ["de", "le", "d4:infodee", "d4:infoi1ee", "i1e", ""] {
      let code = thrownCode { _ = try TorrentFile(decoding: Array(other.utf8)) }
      #expect(code == .malformed || code == .unsupported, "\(other)")
    }
  }

  @Test func changedBytesOfATorrentAreTypedErrorsOrOtherTorrents() throws {
    let bytes = try Samples.image().torrent(trackers: ["http://a/announce"]).bytes
    for position in bytes.indices {
      for change: UInt8 in [0x01, 0x03, 0x10, 0x80] {
        var changed = bytes
        changed[position] ^= change
        do { _ = try TorrentFile(decoding: changed) } catch {
          #expect(error.code == .malformed || error.code == .unsupported, "\(error)")
        }
      }
    }
  }

  @Test func trackersAreBoundedAndFallBackToTheFirst() throws {
    let image = try Samples.image()
    let many = (0..<100).map { "http://host\($0)/announce" }
    #expect(try image.torrent(trackers: many).trackers == Array(many.prefix(64)))
    let long = "http://" + String(repeating: "x", count: 3000)
    #expect(try image.torrent(trackers: ["http://a", long]).trackers == ["http://a"])
    var top = try #require(try topLevel(image.torrent(trackers: ["http://a"]).bytes))
    top.removeValue(forKey: Array("announce-list".utf8))
    #expect(try TorrentFile(decoding: Bencode.dictionary(top).encoded()).trackers == ["http://a"])
  }

  private func topLevel(_ bytes: [UInt8]) throws -> [[UInt8]: Bencode]? {
    if case .dictionary(let entries) = try Bencode.decode(bytes) { entries } else { nil }
  }
}

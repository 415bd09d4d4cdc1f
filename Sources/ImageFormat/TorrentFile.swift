// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// A `.torrent` of an image: its layout, its hashes, its trackers.
public struct TorrentFile: Sendable {
  /// The files and pieces.
  public let layout: TorrentLayout
  /// The v2 info hash: SHA-256 of the info dictionary (BEP 52).
  public let infoHash: Hash256
  /// The v1 info hash, 20 bytes, of a hybrid torrent; nil otherwise.
  public let infoHashV1: [UInt8]?
  /// Tracker URLs, in the torrent's order.
  public let trackers: [String]
  /// The file's bytes.
  public let bytes: [UInt8]

  /// What trackers are asked for: the v2 hash cut to 20 bytes, and the v1 hash where there is one.
  public var trackerHashes: [[UInt8]] { [Array(infoHash.bytes.prefix(20))] + (infoHashV1.map { [$0] } ?? []) }

  /// Makes the torrent of an image; nothing but the manifest and the index is
  /// needed. With `pieceHashesV1` (one SHA-1 a piece, see `Hashing.sha1`),
  /// which need every chunk to be read, it is a hybrid that BEP 3 clients know.
  public init(
    manifest: Manifest, manifestBytes: [UInt8], index: ImageIndex, indexBytes: [UInt8],
    pieceHashesV1: [[UInt8]]? = nil, trackers: [String] = []
  ) throws(DiecastError) {
    let layout = TorrentLayout(
      manifest: manifest, manifestBytes: manifestBytes, index: index, indexBytes: indexBytes)
    var info: [String: Bencode] = [
      "file tree": Self.fileTree(layout.files[...], depth: 0),
      "meta version": .integer(2),
      "name": .string(layout.name),
      "piece length": .integer(Int64(layout.pieceLength.rawValue)),
    ]
    if let pieceHashesV1 {
      guard pieceHashesV1.count == layout.pieceCount else {
        throw DiecastError(.internal, "\(pieceHashesV1.count) hashes for \(layout.pieceCount) pieces")
      }
      info["pieces"] = .bytes(Array(pieceHashesV1.joined()))
      info["files"] = Self.filesV1(layout)
    }
    var layers: [[UInt8]: Bencode] = [:]
    for bytes in [indexBytes, manifestBytes] where bytes.count > layout.pieceLength.int {
      let hashes = Self.pieceLayer(bytes, pieceLength: layout.pieceLength)
      layers[unsafe Hashing.piecesRoot(bytes.span.bytes).bytes] = .bytes(hashes)
    }
    var torrent: [String: Bencode] = ["info": .dictionary(text: info), "piece layers": .dictionary(layers)]
    if let first = trackers.first {
      torrent["announce"] = .string(first)
      torrent["announce-list"] = .list(trackers.map { .list([.string($0)]) })
    }
    try self.init(decoding: Bencode.dictionary(text: torrent).encoded())
  }

  private static func pieceLayer(_ bytes: [UInt8], pieceLength: ByteCount) -> [UInt8] {
    var result: [UInt8] = []
    let span = unsafe bytes.span.bytes
    for start in stride(from: 0, to: bytes.count, by: pieceLength.int) {
      let part = span.extracting(start..<min(start + pieceLength.int, bytes.count))
      result += Hashing.pieceLayerHash(part, blocksPerPiece: pieceLength.int / Hashing.blockSize).bytes
    }
    return result
  }

  private static func fileTree(_ files: ArraySlice<TorrentLayout.File>, depth: Int) -> Bencode {
    var entries: [[UInt8]: Bencode] = [:]
    var rest = files
    while let first = rest.first {
      let name = first.path[depth]
      let group = rest.prefix { $0.path[depth] == name }
      rest = rest.dropFirst(group.count)
      if first.path.count == depth + 1 {
        let leaf: [String: Bencode] = [
          "length": .integer(Int64(first.length.rawValue)), "pieces root": .bytes(first.root.bytes),
        ]
        entries[Array(name.utf8)] = .dictionary(text: ["": .dictionary(text: leaf)])
      } else {
        entries[Array(name.utf8)] = fileTree(group, depth: depth + 1)
      }
    }
    return .dictionary(entries)
  }

  /// BEP 3's file list with the pad files of BEP 47, so that every file begins a piece here as well.
  /// Their names are unique, as some clients refuse a path that comes twice.
  private static func filesV1(_ layout: TorrentLayout) -> Bencode {
    var list: [Bencode] = []
    for (position, file) in layout.files.enumerated() {
      list.append(
        .dictionary(text: [
          "length": .integer(Int64(file.length.rawValue)), "path": .list(file.path.map { .string($0) }),
        ]))
      let tail = file.length.rawValue % layout.pieceLength.rawValue
      if tail != 0, position + 1 < layout.files.count {
        let pad = layout.pieceLength.rawValue - tail
        list.append(
          .dictionary(text: [
            "attr": .string("p"), "length": .integer(Int64(pad)),
            "path": .list([.string(".pad"), .string("\(position)-\(pad)")]),
          ]))
      }
    }
    return .list(list)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Which files a torrent of an image has, in order, and which pieces they
/// are. In BEP 52 every file begins a piece, and files come in the order of
/// their paths: first the chunks, by id, so that chunk n is piece n; then
/// the index; then the manifest.
public struct TorrentLayout: Sendable, Equatable {
  /// One file.
  public struct File: Sendable, Equatable {
    /// Path components under the torrent's own name.
    public let path: [String]
    /// Its length.
    public let length: ByteCount
    /// Its `pieces root` (BEP 52).
    public let root: Hash256
    /// Its first piece.
    public let firstPiece: PieceIndex
    /// How many pieces it has; at least one.
    public let pieceCount: Int
  }

  /// The torrent's suggested directory name.
  public let name: String
  /// Bytes in a piece; a power of two.
  public let pieceLength: ByteCount
  /// The files, in order.
  public let files: [File]

  /// Pieces in all.
  public var pieceCount: Int { files.last.map { $0.firstPiece.int + $0.pieceCount } ?? 0 }

  init(name: String, pieceLength: ByteCount, entries: [(path: [String], length: ByteCount, root: Hash256)]) {
    self.name = name
    self.pieceLength = pieceLength
    var files: [File] = []
    var next = 0
    for entry in entries {
      let pieces = Int((entry.length.rawValue + pieceLength.rawValue - 1) / pieceLength.rawValue)
      files.append(
        File(
          path: entry.path, length: entry.length, root: entry.root, firstPiece: PieceIndex(next), pieceCount: pieces))
      next += pieces
    }
    self.files = files
  }

  /// Where a chunk lies under a store and under a torrent.
  public static func chunkPath(_ id: ChunkID) -> [String] {
    let hex = id.hash.hex
    return ["chunks", String(hex.prefix(2)), hex]
  }

  /// The directory of an image's own files under a store and under a torrent.
  public static func imagePath(name: String, version: String) -> [String] { ["images", name, version] }

  /// The layout of an image with these files.
  public init(manifest: Manifest, manifestBytes: [UInt8], index: ImageIndex, indexBytes: [UInt8]) {
    let directory = Self.imagePath(name: manifest.name, version: manifest.version)
    var entries = index.chunks.map { chunk in
      (path: Self.chunkPath(chunk.id), length: chunk.length, root: chunk.id.hash)
    }
    for (file, bytes) in [("index", indexBytes), ("manifest.json", manifestBytes)] {
      let root = unsafe Hashing.piecesRoot(bytes.span.bytes)
      entries.append((path: directory + [file], length: ByteCount(bytes.count), root: root))
    }
    self.init(name: "\(manifest.name)@\(manifest.version)", pieceLength: index.windowSize, entries: entries)
  }

  /// The file whose path ends in `name`, such as `manifest.json`; nil when there is none or more than one.
  public func file(named name: String) -> File? {
    let found = files.filter { $0.path.last == name }
    return found.count == 1 ? found[0] : nil
  }

  /// The length of a piece; the last of a file may be short.
  public func length(of piece: PieceIndex) -> ByteCount {
    // Files are sorted by first piece: the last that begins at or before it.
    var low = 0
    var high = files.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if files[middle].firstPiece <= piece { low = middle } else { high = middle - 1 }
    }
    let file = files[low]
    let start = UInt64(piece.int - file.firstPiece.int) * pieceLength.rawValue
    return min(pieceLength, file.length - ByteCount(start))
  }
}

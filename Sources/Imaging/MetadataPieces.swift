// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat

/// The pieces after the chunks: the index and the manifest, kept in memory.
struct MetadataPieces: Sendable {
  private let layout: TorrentLayout
  private let firstPiece: Int
  private let image: StoredImage

  init(image: StoredImage) {
    self.image = image
    layout = TorrentLayout(
      manifest: image.manifest, manifestBytes: image.manifestBytes, index: image.index, indexBytes: image.indexBytes)
    firstPiece = image.index.chunks.count
  }

  var pieceCount: Int { layout.pieceCount }

  /// The chunk that a piece is; nil for a piece of the index or the manifest.
  func chunk(of piece: PieceIndex) -> ChunkIndex? { piece.int < firstPiece ? ChunkIndex(piece.int) : nil }

  /// Every piece of the index and of the manifest.
  var pieces: Range<Int> { firstPiece..<layout.pieceCount }

  /// Fills `bytes` with such a piece.
  func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    for file in layout.files.suffix(2) {
      let number = piece.int - file.firstPiece.int
      guard number >= 0, number < file.pieceCount else { continue }
      let source = file.path.last == "index" ? image.indexBytes : image.manifestBytes
      let start = number * layout.pieceLength.int
      let end = min(start + layout.pieceLength.int, source.count)
      guard end - start == bytes.byteCount else { break }
      unsafe bytes.copy(source.span.bytes.extracting(start..<end))
      return
    }
    throw DiecastError(.internal, "The torrent has no piece \(piece.rawValue)")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
public import ImageFormat
internal import Swarm
import Synchronization

/// Fetches an image's manifest and index from the swarm itself, for whoever has nothing but a torrent.
public enum SwarmMetadata {
  /// Joins the swarm for those two files only. Throws `malformed` where the
  /// torrent is not of an image, `network` after the source's patience.
  public static func fetch(
    _ source: SwarmSource, progress: Progress, interrupt: Interrupt
  ) throws(DiecastError) -> StoredImage {
    let layout = source.torrent.layout
    guard let manifest = layout.file(named: "manifest.json"), let index = layout.file(named: "index"),
      manifest.length.rawValue <= UInt64(Limits.manifestBytes), index.length.rawValue <= UInt64(Limits.indexBytes)
    else {
      throw DiecastError(
        .malformed, "The torrent is not one of a Diecast image", remedy: "Use the image.torrent that Diecast made")
    }
    let store = MemoryPieceStore()
    var priorities = [UInt8](repeating: 0, count: layout.pieceCount)
    for file in [manifest, index] {
      for piece in file.firstPiece.int..<file.firstPiece.int + file.pieceCount { priorities[piece] = 7 }
    }
    let node = try SwarmNode(
      source: source, store: store, have: PieceSet(count: layout.pieceCount), priorities: priorities,
      progress: progress, interrupt: interrupt)
    defer { node.close() }
    try node.waitUntilComplete()
    return try StoredImage(manifestBytes: store.bytes(of: manifest), indexBytes: store.bytes(of: index))
  }
}

/// Pieces in memory; bounded, as only two files of limited size are asked for.
private final class MemoryPieceStore: PieceStore {
  private let pieces = Mutex<[PieceIndex: [UInt8]]>([:])

  func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    guard let held = pieces.withLock({ $0[piece] }), held.count == bytes.byteCount else {
      throw DiecastError(.internal, "Piece \(piece.rawValue) is not in memory")
    }
    unsafe bytes.copy(held.span.bytes)
  }

  func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {
    let copy = (0..<bytes.byteCount).map { bytes.byte($0) }
    pieces.withLock { $0[piece] = copy }
  }

  func bytes(of file: TorrentLayout.File) -> [UInt8] {
    pieces.withLock { pieces in
      (file.firstPiece.int..<file.firstPiece.int + file.pieceCount).flatMap { pieces[PieceIndex($0)] ?? [] }
    }
  }
}

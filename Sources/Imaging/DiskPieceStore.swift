// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
internal import ImageFormat
public import Swarm
import Synchronization

/// Pieces on a disk: writing one puts its content to its extents, reading one
/// makes the same chunk again from there. A node uses it for its target; a
/// golden machine that seeds itself uses it read-only.
public final class DiskPieceStore: PieceStore {
  private let content: ImageOnDisk
  private let metadata: MetadataPieces
  private let workers: ChunkWorkerPool
  private let progress: Progress
  private let remade = Atomic<Int>(0)

  /// The pieces of `content`'s image.
  public init(_ content: ImageOnDisk, progress: Progress) {
    self.content = content
    self.progress = progress
    metadata = MetadataPieces(image: content.image)
    let manifest = content.image.manifest
    workers = ChunkWorkerPool(windowSize: manifest.windowSize, level: manifest.codec.level)
  }

  /// Chunks that were made again from the disk for peers.
  public var remadeChunks: Int { remade.load(ordering: .relaxed) }

  /// See ``PieceStore``.
  public func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    guard let chunk = metadata.chunk(of: piece) else { return try metadata.read(piece, into: &bytes) }
    guard content.canRemakeChunks else {
      throw DiecastError(
        .unsupported,
        "This machine's zstd is not the \(content.image.manifest.codec.version) that the image was made with",
        remedy: "It serves only the pieces in its cache")
    }
    let worker = try workers.take()
    defer { workers.giveBack(worker) }
    try content.remake(chunk, into: &bytes, worker: worker)
    remade.add(1, ordering: .relaxed)
  }

  /// See ``PieceStore``.
  public func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {
    guard let chunk = metadata.chunk(of: piece) else { return }
    let worker = try workers.take()
    defer { workers.giveBack(worker) }
    try content.apply(chunk, bytes, worker: worker)
    let windows = content.windowsByChunk[chunk.int].count
    progress.advance(ByteCount(content.image.index.chunks[chunk.int].contentLength.int * windows))
  }
}

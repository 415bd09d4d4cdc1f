// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
public import DiecastCore
public import ImageFormat
public import ImageStore
public import Swarm

/// Pieces as the chunk files of a store: what a server seeds from, and what a mirror fills.
public final class ChunkPieceStore: PieceStore {
  private let image: StoredImage
  private let store: ImageStore
  private let metadata: MetadataPieces
  private let progress: Progress?
  /// Kept so that nothing is pruned meanwhile.
  private let lock: FileLock?

  /// The pieces of an image in `store`, which is kept from pruning meanwhile.
  /// `progress` is told of what is written.
  public init(image: StoredImage, store: ImageStore, progress: Progress? = nil) {
    self.progress = progress
    self.image = image
    self.store = store
    metadata = MetadataPieces(image: image)
    lock = store.lockForReading()
  }

  /// See ``PieceStore``.
  public func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    guard let chunk = metadata.chunk(of: piece) else { return try metadata.read(piece, into: &bytes) }
    try store.readChunkUnchecked(image.index.chunks[chunk.int].id, into: &bytes)
  }

  /// See ``PieceStore``.
  public func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {
    guard let chunk = metadata.chunk(of: piece) else { return }
    _ = try store.addChunk(image.index.chunks[chunk.int].id, bytes)
    progress?.addWritten(ByteCount(bytes.byteCount))
    progress?.advance(ByteCount(bytes.byteCount))
  }
}

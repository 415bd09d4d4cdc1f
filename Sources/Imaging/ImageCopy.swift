// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
public import ImageFormat
public import ImageStore
internal import Swarm
import Synchronization

/// Copies an image from one store to another, only the chunks that the other lacks.
public enum ImageCopy {
  /// What a copy did.
  public struct Result: Sendable {
    /// Chunks that were copied, and their bytes.
    public var chunks = 0
    /// See `chunks`.
    public var bytes = ByteCount.zero
  }

  /// Every chunk is checked on the way; the image gets its name when all is durable.
  public static func copy(
    _ image: StoredImage, from source: ImageStore, to target: ImageStore, workers: Int, progress: Progress,
    interrupt: Interrupt
  ) throws -> Result {
    let locks = (source.lockForReading(), try target.lockForUse())
    defer { _ = locks }
    let manifest = image.manifest
    let missing = image.index.chunks.filter { !target.contains($0.id, length: $0.length) }
    progress.begin(.copying, total: missing.reduce(.zero) { $0 + $1.length })
    try Parallel.forEach(
      count: missing.count, workers: workers, interrupt: interrupt,
      makeState: { AlignedBuffer(capacity: manifest.windowSize.int) },
      body: { buffer, position in
        let chunk = missing[position]
        try source.readChunk(chunk.id, length: chunk.length, into: buffer)
        _ = try buffer.withBytes(0..<chunk.length.int) { (span) throws(DiecastError) in
          try target.addChunk(chunk.id, span)
        }
        progress.addRead(chunk.length)
        progress.addWritten(chunk.length)
        progress.advance(chunk.length)
      })
    let torrent = try source.publishedTorrent(name: manifest.name, version: manifest.version) ?? image.torrent()
    try image.check(torrent)
    try target.publish(image, torrent: torrent)
    return Result(chunks: missing.count, bytes: missing.reduce(.zero) { $0 + $1.length })
  }

  /// The same from a swarm: the target becomes one more store that can seed the image.
  public static func copy(
    _ image: StoredImage, from source: SwarmSource, to target: ImageStore, progress: Progress, interrupt: Interrupt
  ) throws -> Result {
    try image.check(source.torrent)
    let lock = try target.lockForUse()
    defer { _ = lock }
    var have = PieceSet(count: source.torrent.layout.pieceCount)
    for piece in 0..<have.count { have[PieceIndex(piece)] = true }
    var result = Result()
    for (piece, chunk) in image.index.chunks.enumerated() where !target.contains(chunk.id, length: chunk.length) {
      have[PieceIndex(piece)] = false
      result.chunks += 1
      result.bytes += chunk.length
    }
    progress.begin(.copying, total: result.bytes)
    let node = try SwarmNode(
      source: source, store: ChunkPieceStore(image: image, store: target, progress: progress), have: have,
      progress: progress, interrupt: interrupt)
    defer { node.close() }
    try node.waitUntilComplete()
    // Without its trackers, which belong to this source.
    let torrent = source.torrent.infoHashV1 == nil ? try image.torrent() : source.torrent
    try target.publish(image, torrent: torrent)
    return result
  }
}

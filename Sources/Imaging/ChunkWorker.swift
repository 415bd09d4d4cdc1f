// SPDX-License-Identifier: GPL-3.0-or-later

internal import ChunkCodec
internal import DiecastCore
internal import ImageFormat
import Synchronization

/// One worker's buffers and compressor, allocated once.
///
/// Sendable only so that a pool can hand it from one thread to the next; one
/// thread owns it at a time.
final class ChunkWorker: @unchecked Sendable {
  /// A window's content.
  let content: AlignedBuffer
  /// An extent as it comes from the medium, with room for alignment.
  let scratch: AlignedBuffer
  /// A chunk's bytes.
  let chunk: AlignedBuffer
  let codec: ZstdCodec

  init(windowSize: ByteCount, level: Int) throws(DiecastError) {
    content = AlignedBuffer(capacity: windowSize.int)
    scratch = AlignedBuffer(capacity: windowSize.int + 2 * AlignedBuffer.alignment)
    chunk = AlignedBuffer(capacity: ZstdCodec.bound(windowSize.int))
    codec = try ZstdCodec(level: level)
  }
}

/// Workers that were used before, for callbacks that come on threads of
/// someone else's. There are never more than threads that call at once.
final class ChunkWorkerPool: Sendable {
  private let idle = Mutex<[ChunkWorker]>([])
  private let windowSize: ByteCount
  private let level: Int

  init(windowSize: ByteCount, level: Int) {
    self.windowSize = windowSize
    self.level = level
  }

  func take() throws(DiecastError) -> ChunkWorker {
    if let worker = idle.withLock({ $0.popLast() }) { return worker }
    return try ChunkWorker(windowSize: windowSize, level: level)
  }

  func giveBack(_ worker: ChunkWorker) { idle.withLock { $0.append(worker) } }
}

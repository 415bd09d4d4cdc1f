// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import ChunkCodec
internal import DiecastCore
public import ImageFormat
import Synchronization

/// An image's windows as they lie on one disk: the disk is the cache. Content
/// is written to its extents, read from them, compared with its digest, and
/// made into the very chunk again.
///
/// Sendable: ranges of different windows never overlap, and windows are
/// handled one thread at a time.
public final class ImageOnDisk: Sendable {
  /// The image.
  public let image: StoredImage
  let disk: Disk
  let windowsByChunk: [[Int]]
  /// By window: what of its extents is to read as zeros whatever the disk
  /// holds. Only a golden disk has any; on a restored one zeros are written.
  private let holes: [[ByteRange]]
  private let held = Mutex<HeldHead?>(nil)
  private let progress: Progress
  let canRemakeChunks: Bool

  init(image: StoredImage, disk: Disk, holes: [[ByteRange]] = [], progress: Progress) {
    self.image = image
    self.disk = disk
    self.holes = holes
    self.progress = progress
    windowsByChunk = image.index.windowsByChunk()
    canRemakeChunks = Self.canRemakeChunks(of: image)
  }

  /// Whether this machine's codec makes an image's chunks byte for byte.
  static func canRemakeChunks(of image: StoredImage) -> Bool {
    image.manifest.codec == ZstdCodec.current(level: image.manifest.codec.level)
  }

  // MARK: The held head

  /// From now on the head is kept in memory, and zeros on the disk.
  func holdHead() throws(DiecastError) {
    let head = try HeldHead(disk: disk)
    held.withLock { $0 = head }
    try disk.zero(head.range)
  }

  /// Writes the head to its place.
  func releaseHead() throws(DiecastError) {
    guard let head = held.withLock({ $0 }) else { return }
    try unsafe disk.write(head.contents.span.bytes, at: .zero)
    held.withLock { $0 = nil }
  }

  // MARK: Windows

  private func volumeStart(_ window: ImageIndex.Window) -> ByteCount {
    ByteCount(image.manifest.volumes[window.volume].start.rawValue)
  }

  /// The extents of a window in bytes from the disk's start.
  func extentsOnDisk(_ window: Int) -> [ByteRange] {
    let window = image.index.windows[window]
    return window.extents.map { $0.shifted(by: volumeStart(window)) }
  }

  /// Reads a window's content into the front of `worker.content`; returns its length.
  private func readContent(_ window: Int, worker: ChunkWorker) throws(DiecastError) -> Int {
    var position = 0
    let start = volumeStart(image.index.windows[window])
    for extent in extentsOnDisk(window) {
      let part = position..<position + extent.length.int
      try worker.content.withMutableBytes(part) { (span) throws(DiecastError) in
        try disk.read(into: &span, at: extent.start)
        held.withLock { $0?.overlay(&span, at: extent.start) }
      }
      if !holes.isEmpty {
        for hole in holes[window] {
          guard let zeros = hole.shifted(by: start).intersection(extent) else { continue }
          let from = position + (zeros.start - extent.start).int
          worker.content.zero(from..<from + zeros.length.int)
        }
      }
      position = part.upperBound
    }
    progress.addRead(ByteCount(position))
    return position
  }

  /// Whether the disk holds a window's content; `uncached` asks the medium, past the page cache.
  func matches(_ window: Int, worker: ChunkWorker, uncached: Bool) throws(DiecastError) -> Bool {
    var hasher = ContentHasher()
    var isZero = true
    let chunk = image.index.windows[window].chunk
    for extent in extentsOnDisk(window) {
      var part = 0..<extent.length.int
      if uncached {
        part = try disk.readUncached(extent, into: worker.scratch)
      } else {
        try worker.scratch.withMutableBytes(part) { (span) throws(DiecastError) in
          try disk.read(into: &span, at: extent.start)
        }
      }
      worker.scratch.withMutableBytes(part) { span in
        held.withLock { $0?.overlay(&span, at: extent.start) }
      }
      worker.scratch.withBytes(part) { span in
        if chunk == nil { isZero = isZero && span.isAllZero } else { hasher.update(span) }
      }
      progress.addRead(extent.length)
    }
    guard let chunk else { return isZero }
    return hasher.finish() == image.index.chunks[chunk.int].digest
  }

  /// Writes the front of `worker.content` to a window's extents.
  private func writeContent(_ window: Int, worker: ChunkWorker) throws(DiecastError) {
    var position = 0
    for extent in extentsOnDisk(window) {
      let part = position..<position + extent.length.int
      try worker.content.withBytes(part) { (span) throws(DiecastError) in
        let kept = held.withLock { $0?.keep(span, at: extent.start) } ?? 0
        if kept < span.byteCount {
          try disk.write(span.extracting(kept..<span.byteCount), at: extent.start + ByteCount(kept))
        }
      }
      position = part.upperBound
    }
    progress.addWritten(ByteCount(position))
  }

  /// Makes a window's extents read as zeros, without any content being sent.
  func zero(_ window: Int) throws(DiecastError) {
    for extent in extentsOnDisk(window) {
      let zeros = [UInt8](repeating: 0, count: HeldHead.length.int)
      let headPart = min(extent.length.int, zeros.count)
      let kept = held.withLock { unsafe $0?.keep(zeros.span.bytes.extracting(0..<headPart), at: extent.start) } ?? 0
      let rest = ByteRange(from: extent.start + ByteCount(kept), to: extent.end)
      if !rest.isEmpty { try disk.zero(rest) }
      progress.addWritten(extent.length)
    }
  }

  // MARK: Chunks

  /// Decompresses a verified chunk, checks its content, and writes it to every window that has it.
  func apply(_ chunk: ChunkIndex, _ bytes: RawSpan, worker: ChunkWorker) throws(DiecastError) {
    let entry = image.index.chunks[chunk.int]
    let count = entry.contentLength.int
    switch entry.encoding {
    case .raw: worker.content.copy(bytes, to: 0)
    case .zstd: try worker.codec.decompress(bytes, count: count, into: worker.content)
    }
    try writeToWindows(chunk, windows: windowsByChunk[chunk.int], worker: worker)
  }

  /// Writes what `worker.content` holds, after checking that it is the chunk's content.
  private func writeToWindows(
    _ chunk: ChunkIndex, windows: [Int], worker: ChunkWorker
  ) throws(DiecastError) {
    let entry = image.index.chunks[chunk.int]
    let digest = worker.content.withBytes(0..<entry.contentLength.int) { ContentDigest(Hashing.sha256($0)) }
    guard digest == entry.digest else {
      throw DiecastError(
        .corrupt, "The chunk \(entry.id) does not hold the content that the index states",
        remedy: "The image is inconsistent: capture it anew")
    }
    for window in windows { try writeContent(window, worker: worker) }
  }

  /// Copies a chunk's content from a window that has it to others that lack it.
  func copyContent(
    of chunk: ChunkIndex, from source: Int, to windows: [Int], worker: ChunkWorker
  ) throws(DiecastError) {
    _ = try readContent(source, worker: worker)
    try writeToWindows(chunk, windows: windows, worker: worker)
  }

  /// Makes a chunk again from the disk. The caller checks its root.
  func remake(_ chunk: ChunkIndex, into bytes: inout MutableRawSpan, worker: ChunkWorker) throws(DiecastError) {
    let entry = image.index.chunks[chunk.int]
    let changed = DiecastError(
      .corrupt, "The disk \(disk.path) no longer holds the content of the chunk \(entry.id)",
      remedy: "Something else wrote to the disk: restore it again")
    guard let window = windowsByChunk[chunk.int].first else {
      throw DiecastError(.internal, "The chunk \(entry.id) belongs to no window")
    }
    let count = try readContent(window, worker: worker)
    switch entry.encoding {
    case .raw:
      guard count == bytes.byteCount else { throw changed }
      worker.content.withBytes(0..<count) { bytes.copy($0) }
    case .zstd:
      let length = try worker.content.withBytes(0..<count) { (span) throws(DiecastError) in
        try worker.codec.compress(span, into: worker.chunk)
      }
      guard length == bytes.byteCount else { throw changed }
      worker.chunk.withBytes(0..<bytes.byteCount) { bytes.copy($0) }
    }
  }
}

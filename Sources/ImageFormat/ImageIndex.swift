// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Which windows of which volumes an image restores, and from which chunks:
/// the `index` file, specified in `docs/image-format.md`.
public struct ImageIndex: Sendable, Equatable {
  /// How a chunk's bytes stand for its content.
  public enum Encoding: UInt8, Sendable {
    /// As they are: compressing did not help.
    case raw = 0
    /// One zstd frame.
    case zstd = 1
  }

  /// One chunk of the table.
  public struct Chunk: Sendable, Equatable {
    /// Its name.
    public let id: ChunkID
    /// SHA-256 of its content.
    public let digest: ContentDigest
    /// Its bytes, as stored and sent.
    public let length: ByteCount
    /// Its content's bytes.
    public let contentLength: ByteCount
    /// How the one stands for the other.
    public let encoding: Encoding

    /// All parts of a chunk.
    public init(
      id: ChunkID, digest: ContentDigest, length: ByteCount, contentLength: ByteCount, encoding: Encoding
    ) {
      self.id = id
      self.digest = digest
      self.length = length
      self.contentLength = contentLength
      self.encoding = encoding
    }
  }

  /// One window: where its content goes, and which chunk holds it.
  public struct Window: Sendable, Equatable {
    /// Which volume of the manifest.
    public let volume: Int
    /// Its place in the volume, from 0.
    public let number: Int
    /// Its chunk; nil when its content is all zero.
    public let chunk: ChunkIndex?
    /// Its extents, in bytes from the volume's start: sorted, disjoint, inside the window.
    public let extents: [ByteRange]

    /// All parts of a window.
    public init(volume: Int, number: Int, chunk: ChunkIndex?, extents: [ByteRange]) {
      self.volume = volume
      self.number = number
      self.chunk = chunk
      self.extents = extents
    }

    /// The sum of its extents: its content's bytes.
    public var contentLength: ByteCount { extents.totalLength }
  }

  /// Bytes in a window; a power of two.
  public let windowSize: ByteCount
  /// Each volume's length, in the manifest's order.
  public let volumeLengths: [ByteCount]
  /// The chunks, sorted by id: the order of the torrent's pieces.
  public let chunks: [Chunk]
  /// The windows, by volume and number.
  public let windows: [Window]

  /// All parts of an index, which the caller has made consistent.
  public init(windowSize: ByteCount, volumeLengths: [ByteCount], chunks: [Chunk], windows: [Window]) {
    self.windowSize = windowSize
    self.volumeLengths = volumeLengths
    self.chunks = chunks
    self.windows = windows
  }

  /// The windows that each chunk fills, by the chunk's place in the table.
  public func windowsByChunk() -> [[Int]] {
    var result = [[Int]](repeating: [], count: chunks.count)
    for (index, window) in windows.enumerated() {
      if let chunk = window.chunk { result[chunk.int].append(index) }
    }
    return result
  }

  /// The smallest window size, a power of two from 4 MiB, that keeps an image to about 65,000 pieces.
  public static func windowSize(forUsed used: ByteCount) -> ByteCount {
    var size = ByteCount.mib(4)
    while used.rawValue / size.rawValue > 65_536, size < Limits.windowSize.upperBound { size = size + size }
    return size
  }
}

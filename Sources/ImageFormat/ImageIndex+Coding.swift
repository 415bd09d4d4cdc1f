// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

extension ImageIndex {
  private static let magic = Array("DIECASTX".utf8)
  private static let formatVersion: UInt32 = 1

  /// The bytes of the `index` file.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Self.magic)
    writer.uint32(Self.formatVersion)
    writer.uint32(0)
    writer.uint64(windowSize.rawValue)
    writer.varint(UInt64(volumeLengths.count))
    for length in volumeLengths { writer.varint(length.rawValue) }
    writer.varint(UInt64(chunks.count))
    for chunk in chunks {
      writer.append(chunk.id.hash.bytes)
      writer.append(chunk.digest.hash.bytes)
      writer.varint(chunk.length.rawValue)
      writer.varint(chunk.contentLength.rawValue)
      writer.byte(chunk.encoding.rawValue)
    }
    var byVolume = [[Window]](repeating: [], count: volumeLengths.count)
    for window in windows { byVolume[window.volume].append(window) }
    for volume in byVolume {
      writer.varint(UInt64(volume.count))
      var nextNumber = 0
      for window in volume {
        writer.varint(UInt64(window.number - nextNumber))
        nextNumber = window.number + 1
        writer.varint(window.chunk.map { UInt64($0.rawValue) + 1 } ?? 0)
        encodeExtents(of: window, into: &writer)
      }
    }
    return writer.bytes
  }

  private func encodeExtents(of window: Window, into writer: inout ByteWriter) {
    writer.varint(UInt64(window.extents.count))
    var position = ByteOffset(UInt64(window.number) * windowSize.rawValue)
    for extent in window.extents {
      writer.varint((extent.start - position).rawValue)
      writer.varint(extent.length.rawValue)
      position = extent.end
    }
  }

  /// Decodes the `index` file; every count and range is checked before it is used.
  public init(decoding bytes: [UInt8]) throws(DiecastError) {
    var reader = ByteReader(bytes, what: "the index")
    guard bytes.count <= Limits.indexBytes else { throw reader.malformed("it has \(bytes.count) bytes") }
    guard Array(try reader.take(Self.magic.count)) == Self.magic else { throw reader.malformed("no index") }
    let version = try reader.uint32()
    guard version == Self.formatVersion else {
      throw DiecastError(
        .unsupported, "The index has format \(version), this Diecast knows \(Self.formatVersion)",
        remedy: "Use a newer Diecast")
    }
    guard try reader.uint32() == 0 else { throw reader.malformed("a reserved field is not zero") }
    let windowSize = ByteCount(try reader.uint64())
    guard windowSize.isPowerOfTwo, Limits.windowSize.contains(windowSize) else {
      throw reader.malformed("a window cannot have \(windowSize) bytes")
    }

    let volumeCount = try reader.varint(limit: UInt64(Limits.volumes), "the number of volumes")
    var volumeLengths: [ByteCount] = []
    for _ in 0..<volumeCount {
      volumeLengths.append(ByteCount(try reader.varint(limit: Limits.diskBytes.rawValue, "a volume's length")))
    }
    let chunks = try Self.decodeChunks(&reader, windowSize: windowSize)
    var isUsed = [Bool](repeating: false, count: chunks.count)
    var windows: [Window] = []
    for (volume, length) in volumeLengths.enumerated() {
      let limit = (length.rawValue + windowSize.rawValue - 1) / windowSize.rawValue
      let count = try reader.varint(limit: min(limit, UInt64(Limits.windows - windows.count)), "the number of windows")
      var nextNumber: UInt64 = 0
      for _ in 0..<count {
        let number = nextNumber + (try reader.varint(limit: limit, "a window's number"))
        guard number < limit else { throw reader.malformed("a window lies outside its volume") }
        nextNumber = number + 1
        let window = try Self.decodeWindow(
          &reader, volume: volume, number: number, windowSize: windowSize, volumeLength: length, chunks: chunks)
        if let chunk = window.chunk { isUsed[chunk.int] = true }
        windows.append(window)
      }
    }
    guard reader.remaining == 0 else { throw reader.malformed("bytes follow its end") }
    guard isUsed.allSatisfy({ $0 }) else { throw reader.malformed("a chunk belongs to no window") }
    self.init(windowSize: windowSize, volumeLengths: volumeLengths, chunks: chunks, windows: windows)
  }

  private static func decodeChunks(_ reader: inout ByteReader, windowSize: ByteCount) throws(DiecastError) -> [Chunk] {
    let count = try reader.varint(limit: UInt64(Limits.chunks), "the number of chunks")
    // Each takes at least 67 bytes, so this bounds the allocation by what is there.
    guard count <= UInt64(reader.remaining / 67) else { throw reader.malformed("\(count) chunks do not fit") }
    var chunks: [Chunk] = []
    chunks.reserveCapacity(Int(count))
    for _ in 0..<count {
      let id = ChunkID(try reader.hash())
      let digest = ContentDigest(try reader.hash())
      let length = try reader.varint(limit: windowSize.rawValue, "a chunk's length")
      let contentLength = try reader.varint(limit: windowSize.rawValue, "a chunk's content length")
      guard let encoding = Encoding(rawValue: try reader.byte()) else { throw reader.malformed("unknown encoding") }
      guard length > 0, contentLength > 0, encoding == .raw ? length == contentLength : length < contentLength else {
        throw reader.malformed("a chunk of \(length) bytes cannot hold \(contentLength)")
      }
      if let last = chunks.last, last.id >= id { throw reader.malformed("the chunks are not sorted") }
      chunks.append(
        Chunk(
          id: id, digest: digest, length: ByteCount(length), contentLength: ByteCount(contentLength),
          encoding: encoding))
    }
    return chunks
  }

  private static func decodeWindow(
    _ reader: inout ByteReader, volume: Int, number: UInt64, windowSize: ByteCount, volumeLength: ByteCount,
    chunks: [Chunk]
  ) throws(DiecastError) -> Window {
    let reference = try reader.varint(limit: UInt64(chunks.count), "a chunk reference")
    let start = number * windowSize.rawValue
    let end = min(start + windowSize.rawValue, volumeLength.rawValue)
    let extentCount = try reader.varint(limit: UInt64(reader.remaining / 2), "the number of extents")
    guard extentCount > 0 else { throw reader.malformed("a window has no extents") }
    var extents: [ByteRange] = []
    extents.reserveCapacity(Int(extentCount))
    var position = start
    for index in 0..<extentCount {
      let gap = try reader.varint(limit: end - position, "a gap")
      position += gap
      let length = try reader.varint(limit: end - position, "an extent's length")
      guard length > 0, index == 0 || gap > 0 else { throw reader.malformed("an extent is empty or touches another") }
      extents.append(ByteRange(start: ByteOffset(position), length: ByteCount(length)))
      position += length
    }
    let chunk = reference == 0 ? nil : ChunkIndex(UInt32(reference - 1))
    if let chunk, chunks[chunk.int].contentLength != extents.totalLength {
      throw reader.malformed("a window's extents do not match its chunk")
    }
    return Window(volume: volume, number: Int(number), chunk: chunk, extents: extents)
  }
}

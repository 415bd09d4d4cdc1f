// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Testing

@Suite struct ImageIndexTests {
  @Test(arguments: 0..<60 as Range<UInt64>) func everyIndexRoundTrips(_ seed: UInt64) throws {
    let index = Samples.index(seed: seed)
    let bytes = index.encoded()
    let decoded = try ImageIndex(decoding: bytes)
    #expect(decoded == index)
    #expect(decoded.encoded() == bytes)
  }

  @Test func theSamplesHaveSharedChunksZeroWindowsAndSeveralVolumes() {
    let all = (0..<60 as Range<UInt64>).map { Samples.index(seed: $0) }
    #expect(all.contains { $0.windowsByChunk().contains { $0.count > 1 } })
    #expect(all.contains { $0.windows.contains { $0.chunk == nil } })
    #expect(all.contains { $0.volumeLengths.count > 2 })
    #expect(all.contains { $0.windows.contains { $0.extents.count > 1 } })
  }

  @Test(arguments: [3, 11] as [UInt64]) func everyTruncationIsMalformed(_ seed: UInt64) {
    let bytes = Samples.index(seed: seed).encoded()
    for count in 0..<bytes.count {
      #expect(thrownCode { _ = try ImageIndex(decoding: Array(bytes[..<count])) } == .malformed, "\(count)")
    }
    #expect(thrownCode { _ = try ImageIndex(decoding: bytes + [0]) } == .malformed)
  }

  /// A changed byte gives a typed error, or an index that encodes to the changed bytes: nothing is read two ways.
  @Test(arguments: [3, 11] as [UInt64]) func everyChangedByteIsRefusedOrMeansSomethingElse(_ seed: UInt64) throws {
    let index = Samples.index(seed: seed)
    let bytes = index.encoded()
    for position in bytes.indices {
      for change: UInt8 in isSlow ? [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] : [0x01, 0x80] {
        var changed = bytes
        changed[position] ^= change
        do {
          let decoded = try ImageIndex(decoding: changed)
          #expect(decoded != index)
          #expect(decoded.encoded() == changed, "byte \(position) ^ \(change)")
        } catch {
          #expect(error.code == .malformed || error.code == .unsupported, "\(error)")
        }
      }
    }
  }

  @Test func randomBytesAfterTheHeadNeverTrap() {
    var random = Seeded(state: 5)
    let head = Samples.smallIndex().encoded().prefix(24)
    for _ in 0..<2000 {
      var writer = ByteWriter()
      writer.append(head)
      writer.append(random.bytes(Int.random(in: 0...200, using: &random)))
      do { _ = try ImageIndex(decoding: writer.bytes) } catch { #expect(error.code == .malformed) }
    }
  }

  @Test func anotherFormatIsUnsupportedAndNamed() {
    var bytes = Samples.smallIndex().encoded()
    bytes[8] = 9
    let error = #expect(throws: DiecastError.self) { _ = try ImageIndex(decoding: bytes) }
    #expect(error?.code == .unsupported)
    #expect(error?.sentence.contains("format 9") == true)
  }

  /// An index of one volume, written by hand up to the chunk count.
  private func head(windowSize: UInt64 = 65_536, volumes: [UInt64] = [131_072]) -> ByteWriter {
    var writer = ByteWriter()
    writer.append(Array("DIECASTX".utf8))
    writer.uint32(1)
    writer.uint32(0)
    writer.uint64(windowSize)
    writer.varint(UInt64(volumes.count))
    for length in volumes { writer.varint(length) }
    return writer
  }

  private func refuses(_ writer: ByteWriter, _ words: String, line: Int = #line) {
    let error = #expect(throws: DiecastError.self) { _ = try ImageIndex(decoding: writer.bytes) }
    #expect(
      error?.code == .malformed && error?.sentence.contains(words) == true, "line \(line): \(String(describing: error))"
    )
  }

  @Test(arguments: [0, 1, 4096, 65_537, 1 << 29, .max] as [UInt64]) func absurdWindowsAreRefused(_ size: UInt64) {
    refuses(head(windowSize: size), "a window cannot have")
  }

  @Test func absurdCountsAreRefusedBeforeAnythingIsAllocated() {
    var volumes = head(volumes: [])
    volumes = ByteWriter()
    volumes.append(head(volumes: []).bytes.dropLast())
    volumes.varint(1 << 40)
    refuses(volumes, "the number of volumes")

    refuses(head(volumes: [UInt64(Int64.max)]), "a volume's length")

    var chunks = head()
    chunks.varint(1 << 40)
    refuses(chunks, "the number of chunks")
    var fewer = head()
    fewer.varint(1 << 20)
    refuses(fewer, "do not fit")

    var windows = head()
    windows.varint(0)
    windows.varint(3)
    refuses(windows, "the number of windows")

    var extents = head()
    for value: UInt64 in [0, 1, 0, 0, 1 << 40] { extents.varint(value) }
    refuses(extents, "the number of extents")
  }

  @Test func windowsAndExtentsMustLieWhereTheyBelong() {
    /// One zero window with these gap and length pairs, after `skip` windows.
    func index(skip: UInt64 = 0, _ pairs: [(UInt64, UInt64)]) -> ByteWriter {
      var writer = head()
      for value in [0, 1, skip, 0, UInt64(pairs.count)] { writer.varint(value) }
      for (gap, length) in pairs {
        writer.varint(gap)
        writer.varint(length)
      }
      return writer
    }
    #expect(throws: Never.self) { _ = try ImageIndex(decoding: index([(0, 65_536)]).bytes) }
    #expect(throws: Never.self) { _ = try ImageIndex(decoding: index(skip: 1, [(512, 512), (512, 64_000)]).bytes) }
    refuses(index([(0, 65_537)]), "an extent's length")
    refuses(index([(65_537, 1)]), "a gap")
    refuses(index([(512, 65_536)]), "an extent's length")
    refuses(index([(0, 0)]), "is empty")
    refuses(index([(0, 512), (0, 512)]), "touches another")
    refuses(index([]), "no extents")
    refuses(index(skip: 2, [(0, 512)]), "outside its volume")
    refuses(index(skip: UInt64(Int64.max), [(0, 512)]), "a window's number")
  }

  @Test func chunksMustBeSortedUsedAndPossible() {
    func entry(_ first: UInt8, _ length: UInt64, _ content: UInt64, _ encoding: UInt8) -> [UInt8] {
      var writer = ByteWriter()
      writer.append([first] + [UInt8](repeating: 0, count: 63))
      writer.varint(length)
      writer.varint(content)
      writer.byte(encoding)
      return writer.bytes
    }
    func index(_ entries: [[UInt8]], references: [UInt64], length: UInt64 = 65_536) -> ByteWriter {
      var writer = head()
      writer.varint(UInt64(entries.count))
      writer.append(entries.joined())
      writer.varint(UInt64(references.count))
      for reference in references {
        for value in [0, reference, 1, 0, length] { writer.varint(value) }
      }
      return writer
    }
    let raw = entry(1, 65_536, 65_536, 0)
    #expect(throws: Never.self) { _ = try ImageIndex(decoding: index([raw], references: [1, 1]).bytes) }
    refuses(index([raw, raw], references: [1, 2]), "not sorted")
    refuses(index([entry(2, 65_536, 65_536, 0), raw], references: [1, 2]), "not sorted")
    refuses(index([raw], references: []), "belongs to no window")
    refuses(index([raw], references: [2]), "a chunk reference")
    refuses(index([raw], references: [1], length: 512), "do not match its chunk")
    refuses(index([entry(1, 65_535, 65_536, 0)], references: [1]), "cannot hold")
    refuses(index([entry(1, 65_536, 65_536, 1)], references: [1]), "cannot hold")
    refuses(index([entry(1, 0, 65_536, 1)], references: [1]), "cannot hold")
    refuses(index([entry(1, 1, 65_536, 2)], references: [1]), "unknown encoding")
    refuses(index([entry(1, 65_537, 65_537, 0)], references: [1]), "a chunk's length")
  }

  @Test(arguments: [(1, 4), (256, 4), (257, 8), (300, 8), (600, 16), (1 << 20, 256)] as [(UInt64, UInt64)])
  func windowsGrowWithTheUsedBytes(_ gibibytes: UInt64, _ mebibytes: UInt64) {
    #expect(ImageIndex.windowSize(forUsed: .gib(gibibytes)) == .mib(mebibytes))
  }

  @Test func windowsByChunkListsEveryUse() {
    let index = Samples.smallIndex()
    let uses = index.windowsByChunk()
    for (chunk, windows) in uses.enumerated() {
      #expect(windows.allSatisfy { index.windows[$0].chunk == ChunkIndex(chunk) })
    }
    #expect(uses.map(\.count).sorted() == [1, 2])
  }
}

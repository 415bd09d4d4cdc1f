// SPDX-License-Identifier: GPL-3.0-or-later

import ChunkCodec
import DiecastCore
import Testing

/// Compresses well, but not to nothing.
private func text(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 &* ($0 / 4096 &+ 3)) } }

private func noise(_ count: Int) -> [UInt8] {
  var state: UInt64 = 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}

private func compress(_ bytes: [UInt8], with codec: ZstdCodec) throws -> [UInt8]? {
  let output = AlignedBuffer(capacity: ZstdCodec.bound(bytes.count))
  guard let count = try codec.compress(bytes.span.bytes, into: output) else { return nil }
  return output.withBytes(0..<count) { span in (0..<count).map { span.byte($0) } }
}

private func decompress(_ chunk: [UInt8], count: Int, capacity: Int? = nil, with codec: ZstdCodec) throws -> [UInt8] {
  let output = AlignedBuffer(capacity: capacity ?? count)
  try codec.decompress(chunk.span.bytes, count: count, into: output)
  return output.withBytes(0..<count) { span in (0..<count).map { span.byte($0) } }
}

private func code(_ body: () throws -> Void) -> DiecastError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? DiecastError)?.code
  }
}

@Suite struct ZstdCodecTests {
  @Test(arguments: [-5, 1, 3, 9, 19], [512, 4096, 65_536, 300_032]) func contentRoundTrips(_ level: Int, _ count: Int)
    throws
  {
    let codec = try ZstdCodec(level: level)
    let content = text(count)
    let chunk = try #require(try compress(content, with: codec))
    #expect(chunk.count < count)
    #expect(try decompress(chunk, count: count, with: codec) == content)
  }

  /// Seeding from the disk depends on it: whoever compresses, in whatever order, gets the same chunk.
  @Test func chunksAreTheSameWhoeverMakesThem() throws {
    let first = try ZstdCodec(level: 3)
    let once = try #require(try compress(text(100_000), with: first))
    _ = try compress(text(5000), with: first)
    _ = try compress(noise(50_000), with: first)
    _ = code { _ = try decompress([1, 2, 3], count: 100, with: first) }
    #expect(try compress(text(100_000), with: first) == once)
    #expect(try compress(text(100_000), with: ZstdCodec(level: 3)) == once)
    #expect(try compress(text(100_000), with: ZstdCodec(level: 19)) != once)
    // A larger buffer to write to must not change the frame either.
    let roomy = AlignedBuffer(capacity: 1 << 20)
    let content = text(100_000)
    let count = try first.compress(content.span.bytes, into: roomy)
    #expect(count == once.count)
    #expect(roomy.withBytes(0..<once.count) { span in (0..<once.count).map { span.byte($0) } } == once)
  }

  @Test func framesStateTheContentsSizeAndHaveNoChecksum() throws {
    let chunk = try #require(try compress(text(70_000), with: ZstdCodec(level: 1)))
    #expect(Array(chunk[..<4]) == [0x28, 0xb5, 0x2f, 0xfd])
    let descriptor = chunk[4]
    // RFC 8878, 3.1.1.1.1: a content size is there, and bit 2, the checksum flag, is not set.
    #expect(descriptor >> 6 != 0 || descriptor & 0x20 != 0)
    #expect(descriptor & 0x04 == 0)
  }

  @Test(arguments: [1, 512, 65_536]) func whatDoesNotCompressIsNil(_ count: Int) throws {
    #expect(try compress(noise(count), with: ZstdCodec(level: 19)) == nil)
  }

  @Test func anotherSizeThanStatedIsCorrupt() throws {
    let codec = try ZstdCodec(level: 1)
    let chunk = try #require(try compress(text(8192), with: codec))
    for count in [0, 1, 8191, 8193, 16_384] {
      #expect(code { _ = try decompress(chunk, count: count, capacity: 20_000, with: codec) } == .corrupt, "\(count)")
    }
    #expect(code { _ = try decompress(chunk + chunk, count: 8192, with: codec) } == .corrupt)
  }

  @Test func everyTruncationIsCorrupt() throws {
    let codec = try ZstdCodec(level: 1)
    let chunk = try #require(try compress(text(1024), with: codec))
    for count in 0..<chunk.count {
      #expect(code { _ = try decompress(Array(chunk[..<count]), count: 1024, with: codec) } == .corrupt, "\(count)")
    }
  }

  /// A flipped bit is an error or other content, never a write past the end.
  @Test func flippedBitsNeverPassForTheContent() throws {
    let codec = try ZstdCodec(level: 1)
    let content = text(1024)
    let chunk = try #require(try compress(content, with: codec))
    var refused = 0
    for bit in 0..<chunk.count * 8 {
      var changed = chunk
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      do {
        _ = try decompress(changed, count: 1024, with: codec)
      } catch {
        #expect((error as? DiecastError)?.code == .corrupt)
        refused += 1
      }
    }
    #expect(refused > 0)
    #expect(try decompress(chunk, count: 1024, with: codec) == content)
  }

  @Test func theCodecNamesItsVersionAndLevel() throws {
    #expect(try ZstdCodec(level: 7).codec == ZstdCodec.current(level: 7))
    #expect(ZstdCodec.current(level: 7).name == "zstd")
    #expect(ZstdCodec.version.split(separator: ".").count == 3)
    #expect(ZstdCodec.levels.contains(22) && ZstdCodec.levels.contains(-22))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Testing

@testable import ImageFormat

private func read(_ bytes: [UInt8]) throws -> UInt64 {
  var reader = ByteReader(bytes, what: "the test")
  return try reader.varint()
}

@Suite struct ByteReaderTests {
  @Test func varintsRoundTripAtEveryWidth() throws {
    for bits in 0..<63 {
      for value in [UInt64(1) << bits, UInt64(1) << bits - 1, UInt64(1) << bits + 1] where value < 1 << 63 {
        var writer = ByteWriter()
        writer.varint(value)
        #expect(writer.bytes.count == max(1, (64 - value.leadingZeroBitCount + 6) / 7))
        #expect(try read(writer.bytes) == value)
      }
    }
  }

  @Test(
    arguments: [
      [0x80, 0x00], [0x81, 0x80, 0x00], [UInt8](repeating: 0x80, count: 8) + [0], [UInt8](repeating: 0xff, count: 9),
      [UInt8](repeating: 0xff, count: 9) + [1], [UInt8](repeating: 0xff, count: 10), [], [0x80],
    ] as [[UInt8]])
  func longerLargerAndCutVarintsAreRefused(_ bytes: [UInt8]) {
    #expect(thrownCode { _ = try read(bytes) } == .malformed)
  }

  @Test func theLargestVarintHasSixtyThreeBits() throws {
    #expect(try read([UInt8](repeating: 0xff, count: 8) + [0x7f]) == UInt64(Int64.max))
  }

  @Test func limitsAreInclusiveAndNamed() throws {
    var reader = ByteReader([5, 6], what: "the test")
    #expect(try reader.varint(limit: 5, "a count") == 5)
    let error = #expect(throws: DiecastError.self) { _ = try reader.varint(limit: 5, "a count") }
    #expect(error?.sentence.contains("a count is 6, at most 5 is allowed") == true)
    #expect(error?.sentence.contains("the test") == true)
  }

  @Test func fixedNumbersAreLittleEndian() throws {
    var writer = ByteWriter()
    writer.uint32(0x0403_0201)
    writer.uint64(0x0c0b_0a09_0807_0605)
    writer.byte(13)
    #expect(writer.bytes == (1...13).map { UInt8($0) })
    var reader = ByteReader(writer.bytes, what: "the test")
    #expect(try reader.uint32() == 0x0403_0201)
    #expect(try reader.uint64() == 0x0c0b_0a09_0807_0605)
    #expect(reader.remaining == 1 && reader.position == 12 && reader.peek() == 13)
    #expect(thrownCode { _ = try reader.uint32() } == .malformed)
    #expect(try reader.byte() == 13)
    #expect(reader.peek() == nil)
    #expect(thrownCode { _ = try reader.byte() } == .malformed)
    #expect(try reader.take(0).isEmpty)
    #expect(thrownCode { _ = try reader.take(-1) } == .malformed)
    #expect(thrownCode { _ = try reader.take(.max) } == .malformed)
    #expect(thrownCode { _ = try reader.hash() } == .malformed)
  }

  @Test(arguments: [("", 0), ("123456789", 0xcbf4_3926), ("The quick brown fox jumps over the lazy dog", 0x414f_a339)])
  func checksumsAreThoseOfUEFI(text: String, expected: Int) {
    #expect(CRC32.checksum(Array(text.utf8)) == UInt32(expected))
  }
}

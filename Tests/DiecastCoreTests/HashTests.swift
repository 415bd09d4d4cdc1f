// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Testing

@Suite struct HashTests {
  @Test func hexRoundTripsEveryByte() {
    let all = (0...255).map { UInt8($0) }
    #expect([UInt8](lowercaseHex: all.hex) == all)
    #expect(all.hex.utf8.count == 512)
    #expect([UInt8(0), 0x0f, 0xa0, 0xff].hex == "000fa0ff")
    #expect([UInt8]().hex == "")
    #expect([UInt8](lowercaseHex: "") == [])
  }

  @Test(arguments: ["0", "abc", "AB", "0x", "g0", " 00", "00 ", "é0", "0\u{661}", "ab-cd", "\0\0"])
  func hexRefusesEverythingElse(_ text: String) {
    #expect([UInt8](lowercaseHex: text) == nil)
  }

  @Test func hashRoundTripsItsBytesAndDigits() throws {
    let bytes = (0..<32).map { UInt8($0 * 7 % 256) }
    let hash = try #require(Hash256(bytes))
    #expect(hash.bytes == bytes)
    #expect(hash.hex == bytes.hex)
    #expect("\(hash)" == bytes.hex)
    #expect(Hash256(hex: bytes.hex) == hash)
    #expect(Hash256.zero.bytes == [UInt8](repeating: 0, count: 32))
  }

  @Test(arguments: [0, 1, 31, 33, 64]) func hashNeedsExactlyThirtyTwoBytes(_ count: Int) {
    #expect(Hash256([UInt8](repeating: 1, count: count)) == nil)
    #expect(Hash256(hex: String(repeating: "0", count: count * 2)) == nil)
  }

  @Test func hashDigitsMustBeLowerCase() {
    #expect(Hash256(hex: String(repeating: "AB", count: 32)) == nil)
  }

  /// The order of a torrent's pieces depends on it.
  @Test func hashesOrderAsTheirBytesAtEveryPosition() throws {
    for position in 0..<32 {
      var low = [UInt8](repeating: 0x7f, count: 32)
      var high = low
      high[position] = 0x80
      // What follows the first difference must not count.
      for later in (position + 1)..<max(33, position + 1) where later < 32 { (low[later], high[later]) = (0xff, 0) }
      let (first, second) = (try #require(Hash256(low)), try #require(Hash256(high)))
      #expect(first < second, "byte \(position)")
      #expect(!(second < first))
      #expect((first.hex < second.hex) == (first < second))
      #expect(ChunkID(first) < ChunkID(second))
    }
  }

  @Test func equalHashesHashAlike() throws {
    let bytes = [UInt8](repeating: 9, count: 32)
    let (first, second) = (try #require(Hash256(bytes)), try #require(Hash256(bytes)))
    #expect(first == second)
    #expect(Set([first, second]).count == 1)
    for position in 0..<32 {
      var other = bytes
      other[position] ^= 1
      #expect(Hash256(other) != first)
    }
  }
}

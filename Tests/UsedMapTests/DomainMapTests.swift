// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Testing

@testable import UsedMap

@Suite struct DomainMapTests {
  static let text = """
    # Domain logfile created by unset_name v0.3.23
    # Source: /dev/loop0
    # Offset: 0x00000000
    # current_pos  current_status
    0x19000000     ?
    #      pos        size  status
    0x00000000  0x00006000  +
    0x00006000  0x0000A000  ?
    0x00010000  0x00008000  +
    0x00018000  0x18FE8000  ?

    """

  private func range(_ start: UInt64, _ length: UInt64) -> ByteRange {
    ByteRange(start: ByteOffset(start), length: ByteCount(length))
  }

  @Test func readsWhatPartcloneWrites() throws {
    let map = try DomainMap.parse(Array(Self.text.utf8))
    #expect(map.end == 0x1900_0000)
    #expect(map.used == [range(0, 0x6000), range(0x10000, 0x8000)])
  }

  @Test func joinsRunsThatTouch() throws {
    let map = try DomainMap.parse(Array("0x00003000 ?\n0x0 0x1000 +\n0x1000 0x1000 +\n0x2000 0x1000 ?\n".utf8))
    #expect(map.used == [range(0, 0x2000)])
  }

  @Test func everyTruncationIsSeen() {
    let bytes = Array(Self.text.utf8)
    for count in 0..<bytes.count {
      #expect(throws: DomainMap.Failure.self) { try DomainMap.parse(Array(bytes[..<count])) }
    }
  }

  /// A flipped bit in the runs either is seen, or changes nothing but which runs are used, or hits a comment.
  @Test func flippedBitsNeverTrapNorLeaveTheFilesystem() {
    let bytes = Array(Self.text.utf8)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << UInt8(bit)
        guard let map = try? DomainMap.parse(flipped) else { continue }
        #expect(map.used.allSatisfy { $0.end.rawValue <= map.end })
        #expect(map.used == map.used.coalesced())
      }
    }
  }

  @Test(arguments: [
    ("", DomainMap.Failure.empty),
    ("0x0 ?\n", .empty),
    ("0x2000 ?\n0x0 0x1000 +\n", .truncated(at: 0x1000, end: 0x2000)),
    ("0x2000 ?\n0x1000 0x1000 +\n", .notContiguous(line: 2, expected: 0, found: 0x1000)),
    ("0x2000 ?\n0x0 0x2000 +\n0x1000 0x1000 +\n", .notContiguous(line: 3, expected: 0x2000, found: 0x1000)),
    ("0x2000 ?\n0x0 0x3000 +\n", .beyondEnd(line: 2, end: 0x2000)),
    ("0x2000 ?\n0x0 0x0 +\n", .beyondEnd(line: 2, end: 0x2000)),
    ("0xFFFFFFFFFFFFFFFFF ?\n", .overflow(line: 1)),
    ("0x8000000000000000 ?\n", .overflow(line: 1)),
    ("0x2000 +\n", .garbage(line: 1)),
    ("0x2000 ?\n0x0 0x2000 -\n", .garbage(line: 2)),
    ("0x2000 ?\n0x0 0x2000\n", .garbage(line: 2)),
    ("0x2000 ?\n0x 0x2000 +\n", .garbage(line: 2)),
    ("0x2000 ?\n0x0 0x2000 +", .garbage(line: 2)),
  ])
  func refuses(_ text: String, _ failure: DomainMap.Failure) {
    #expect(throws: failure) { try DomainMap.parse(Array(text.utf8)) }
  }

  @Test func endlessLinesAreBounded() {
    var parser = DomainMapParser()
    #expect(throws: DomainMap.Failure.garbage(line: 1)) {
      try parser.feed(Array(repeating: UInt8(ascii: "#"), count: 5000)[...])
    }
  }
}

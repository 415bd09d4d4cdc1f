// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Testing

private func decode(_ text: String) throws -> Bencode { try Bencode.decode(Array(text.utf8)) }

@Suite struct BencodeTests {
  @Test(arguments: [
    "i0e", "i-1e", "i9223372036854775807e", "i-9223372036854775808e", "0:", "4:spam", "le", "de", "li1e1:ae",
    "d1:ai1e1:bli2eee", "d0:0:e", "lllleeee",
  ])
  func theCanonicalFormRoundTrips(_ text: String) throws {
    #expect(try decode(text).encoded() == Array(text.utf8))
  }

  @Test(arguments: [
    "", "i", "ie", "i-e", "i-0e", "i01e", "i+1e", "i 1e", "i1", "i9223372036854775808e",
    "i111111111111111111111111e", "1:", "2:a", "01:a", "-1:a", "+1:a", "1;a", "9223372036854775807:a",
    "99999999999999999999:a", "l", "li1e", "d", "d1:a", "d1:ae", "di1e1:ae", "d1:bi1e1:ai1ee", "d1:ai1e1:ai2ee",
    "lee", "i1ei2e", "x", "e", " i1e", "i1e\n",
  ])
  func everythingElseIsMalformed(_ text: String) {
    #expect(thrownCode { _ = try decode(text) } == .malformed, "\(text)")
  }

  @Test func depthIsBounded() {
    func nested(_ depth: Int) -> String { String(repeating: "l", count: depth) + String(repeating: "e", count: depth) }
    #expect(throws: Never.self) { _ = try decode(nested(64)) }
    #expect(thrownCode { _ = try decode(nested(65)) } == .malformed)
    #expect(thrownCode { _ = try decode(nested(2_000_000)) } == .malformed)
    #expect(thrownCode { _ = try decode(String(repeating: "d1:a", count: 500_000)) } == .malformed)
  }

  @Test func itemsAreBounded() {
    let list = "l" + String(repeating: "i1e", count: 9) + "e"
    #expect(throws: Never.self) { _ = try Bencode.decode(Array(list.utf8), maximumItems: 10) }
    #expect(thrownCode { _ = try Bencode.decode(Array(list.utf8), maximumItems: 9) } == .malformed)
  }

  @Test func keysAreSortedAsBytes() {
    let value = Bencode.dictionary([
      [0xff]: .integer(1), [0x61]: .integer(2), [0x61, 0x00]: .integer(3), []: .integer(4),
    ])
    #expect(value.encoded() == Array("d0:i4e1:ai2e2:a".utf8) + [0] + Array("i3e1:".utf8) + [0xff] + Array("i1ee".utf8))
  }

  @Test func valuesAnswerOnlyForTheirOwnKind() throws {
    let value = try decode("d1:ai7e1:b1:xe")
    #expect(value["a"]?.integerValue == 7 && value["a"]?.bytesValue == nil && value["a"]?["x"] == nil)
    #expect(value["b"]?.bytesValue == [0x78] && value["b"]?.integerValue == nil)
    #expect(value["c"] == nil)
  }

  @Test func everyTruncationOfATorrentIsMalformed() throws {
    let bytes = try Samples.image().torrent(trackers: ["http://a/announce"]).bytes
    for count in 0..<bytes.count {
      #expect(thrownCode { _ = try TorrentFile(decoding: Array(bytes[..<count])) } == .malformed, "\(count)")
    }
  }
}

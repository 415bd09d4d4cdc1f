// SPDX-License-Identifier: GPL-3.0-or-later

import ImageFormat
import Testing

@testable import Server

@Suite struct HostileQueryTests {
  private func reason(_ query: [UInt8]) throws -> String? {
    let tracker = Tracker(infoHashes: [Sample.hash])
    let answer = try Bencode.decode(tracker.announce(query: query, from: Sample.loopback, reachedAt: nil))
    return answer["failure reason"]?.bytesValue.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func takesAProperOne() throws {
    #expect(try reason(Sample.query(port: 1)) == nil)
    #expect(try reason(Sample.query(port: 1, more: "&ip=10.0.0.1&key=ff&supportcrypto=1&x&=&&x=%00")) == nil)
  }

  @Test(arguments: [
    "&left=2", "&info_hash=aaaaaaaaaaaaaaaaaaaa", "&event=other", "&numwant=x", "&numwant=99999999999999999999",
    "&numwant=1&numwant=1", "&x=%", "&x=%4", "&x=%zz", "&%=1", "&event=started&event=started",
  ])
  func refuses(more: String) throws {
    #expect(try reason(Sample.query(port: 1, more: more)) != nil)
  }

  @Test(arguments: [
    ("port=1", "port=0"), ("port=1", "port=65536"), ("port=1", "port=-1"), ("port=1", "port="), ("port=1", "p=1"),
    ("left=1", "left=-1"), ("left=1", "left=18446744073709551616"), ("left=1", "left=1e9"),
    ("uploaded=0", "uploaded=-5"), ("downloaded=0", "downloaded=%30%78"), ("%ab", ""), ("peer_id=", "peer_id=%00"),
    ("info_hash=", "infohash="),
  ])
  func refuses(_ part: String, as other: String) throws {
    let query = String(decoding: Sample.query(port: 1), as: UTF8.self)
    guard let range = query.firstRange(of: part) else { throw TrackerFailure("no such part") }
    #expect(try reason(Array(query.replacingCharacters(in: range, with: other).utf8)) != nil)
  }

  @Test func refusesLongOnes() throws {
    #expect(try reason(Sample.query(port: 1, more: "&x=" + String(repeating: "a", count: 4096))) != nil)
    #expect(try reason(Sample.query(port: 1, more: String(repeating: "&x=1", count: 300))) != nil)
    #expect(try reason([]) != nil)
    #expect(try reason(Sample.query(Sample.otherHash, port: 1)) == "this tracker does not serve that torrent")
  }

  @Test func decodesBytes() throws {
    let query = try QueryString(parsing: "a=%00%ff%2B+&a=&b&c=d=e".utf8)
    #expect(query.all("a") == [[0, 255, UInt8(ascii: "+"), UInt8(ascii: "+")], []])
    #expect(try query.text("b") == "")
    #expect(try query.text("c") == "d=e")
    #expect(try query.text("d") == nil)
  }

  @Test func neverTraps() throws {
    var generator = SeededGenerator(state: 20_261_121)
    let tracker = Tracker(infoHashes: [Sample.hash])
    let proper = Sample.query(port: 6881, more: "&numwant=50&event=started&compact=0&no_peer_id=1&key=12")
    for round in 0..<5_000 {
      var query = proper
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        query[Int.random(in: 0..<query.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      if round.isMultiple(of: 3) { query.removeLast(Int.random(in: 0...query.count, using: &generator)) }
      if round.isMultiple(of: 7) {
        query = (0..<Int.random(in: 0..<300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator)
        }
      }
      // Whatever is asked, the answer is proper bencode.
      _ = try Bencode.decode(tracker.announce(query: query, from: Sample.loopback, reachedAt: Sample.loopback))
      _ = try Bencode.decode(tracker.scrape(query: query))
    }
  }
}

extension String {
  fileprivate func firstRange(of part: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
    self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}

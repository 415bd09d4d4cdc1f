// SPDX-License-Identifier: GPL-3.0-or-later

import ImageFormat
import NIOCore
import Testing

@testable import Server

@Suite struct ParserTests {
  @Test(arguments: ["a", "server:80", "192.0.2.1:8080", "[::1]", "[2001:db8::1]:65535", "a-b.example_c.org"])
  func takesHosts(_ host: String) { #expect(HostHeader.validated(host) == host) }

  @Test(arguments: [
    "", ":80", "a:", "a:0", "a:65536", "a:1x", "a b", "a/b", "a@b", "a\r\nX: y", "[::1", "[]", "[::1]x", "[name]:1",
    "é",
    "a:80:80", "-a", "a\"", "a<script>", String(repeating: "a", count: 300),
  ])
  func refusesHosts(_ host: String) { #expect(HostHeader.validated(host) == nil) }

  @Test func refusesNoHost() { #expect(HostHeader.validated(nil) == nil) }

  @Test func parsesRanges() {
    #expect(HTTPRange("bytes=0-0", size: 10) == .part(0...0))
    #expect(HTTPRange("bytes=2-", size: 10) == .part(2...9))
    #expect(HTTPRange("bytes=-3", size: 10) == .part(7...9))
    #expect(HTTPRange("bytes=-30", size: 10) == .part(0...9))
    #expect(HTTPRange("bytes=5-500", size: 10) == .part(5...9))
    #expect(HTTPRange("bytes=10-", size: 10) == .unsatisfiable)
    #expect(HTTPRange("bytes=-0", size: 10) == .unsatisfiable)
    #expect(HTTPRange("bytes=0-", size: 0) == .unsatisfiable)
    for other in [
      nil, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "items=0-1", "bytes=--1",
      "bytes=99999999999999999999-", "bytes=0-99999999999999999999", "bytes=+1-2",
    ] {
      #expect(HTTPRange(other, size: 10) == .whole)
    }
  }

  private func joined(_ torrent: [UInt8], _ announce: String?) -> String {
    String(
      decoding: TorrentFile(torrent).parts(announce: announce).flatMap { Array($0.readableBytesView) }, as: UTF8.self)
  }

  @Test func insertsTheTracker() throws {
    #expect(joined(Sample.torrent, "http://h/") == "d4:aaaai1e8:announce9:http://h/7:comment2:hi4:infod4:name1:xee")
    #expect(joined(Sample.torrent, nil) == String(decoding: Sample.torrent, as: UTF8.self))
    let old = Array("d8:announce1:x13:announce-listll1:xee4:infodee".utf8)
    #expect(joined(old, "http://h/") == "d8:announce9:http://h/4:infodee")
    let near = "d10:announce-a1:x14:announce-listi1:ye"
    #expect(joined(Array(near.utf8), "u") == "d8:announce1:u10:announce-a1:x14:announce-listi1:ye")
    #expect(joined(Array("de".utf8), "u") == "d8:announce1:ue")
  }

  @Test func leavesWhatIsNoTorrent() {
    let deep = String(repeating: "l", count: 100_000)
    for text in [
      "", "d", "de ", "le", "i1e", "d1:ae", "d1:ai1e", "d99999999999:a1:be", "di1ei1ee", "d1:a\(deep)e", "d:1:ae",
    ] {
      #expect(joined(Array(text.utf8), "u") == text)
    }
    var generator = SeededGenerator(state: 7)
    for _ in 0..<20_000 {
      var bytes = Sample.torrent
      bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      bytes.removeLast(Int.random(in: 0..<4, using: &generator))
      _ = TorrentFile(bytes).parts(announce: "u")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import ImageFormat
import Testing

@testable import Server

@Suite struct TrackerTests {
  let start = ContinuousClock.now

  private func announce(
    _ tracker: Tracker, _ address: PeerAddress, port: Int, left: Int = 1, more: String = "", after: Duration = .zero,
    local: PeerAddress? = nil
  ) throws -> Bencode {
    try Bencode.decode(
      tracker.announce(
        query: Sample.query(port: port, left: left, more: more), from: address, reachedAt: local, now: start + after))
  }

  @Test func tellsPeersOfEachOther() throws {
    let tracker = Tracker(infoHashes: [Sample.hash])
    let first = try announce(tracker, Sample.v4(1), port: 6881, more: "&event=started")
    #expect(first["peers"]?.bytesValue == [])
    #expect(first["interval"]?.integerValue == 30)
    #expect(first["min interval"]?.integerValue == 5)
    let second = try announce(tracker, Sample.v4(2), port: 258)
    #expect(second["peers"]?.bytesValue == [192, 0, 2, 1, 0x1a, 0xe1])
    #expect(second["incomplete"]?.integerValue == 2)
    let third = try announce(tracker, Sample.v4(1), port: 6881)
    #expect(third["peers"]?.bytesValue == [192, 0, 2, 2, 1, 2])
    #expect(third["incomplete"]?.integerValue == 2, "the same address and port is the same peer")
  }

  @Test func givesBothFamilies() throws {
    let tracker = Tracker(infoHashes: [Sample.hash])
    _ = try announce(tracker, Sample.v6(7), port: 1)
    _ = try announce(tracker, Sample.v4(8), port: 2)
    let answer = try announce(tracker, Sample.v4(9), port: 3)
    #expect(answer["peers"]?.bytesValue == [192, 0, 2, 8, 0, 2])
    #expect(answer["peers6"]?.bytesValue == Sample.v6(7).bytes + [0, 1])
    let mapped = PeerAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 8])
    #expect(mapped == Sample.v4(8))
    #expect(PeerAddress(text: "2001:db8::7") == Sample.v6(7))
    #expect(PeerAddress(text: "::ffff:192.0.2.8") == Sample.v4(8))
    #expect(PeerAddress(text: "name") == nil)
  }

  @Test func givesListsWhenNotCompact() throws {
    let tracker = Tracker(infoHashes: [Sample.hash])
    _ = try announce(tracker, Sample.v6(7), port: 1)
    let answer = try announce(tracker, Sample.v4(9), port: 3, more: "&compact=0")
    guard case .list(let peers) = answer["peers"] else { throw TrackerFailure("no list") }
    #expect(peers.count == 1)
    #expect(peers[0]["ip"] == .string("2001:db8:0:0:0:0:0:7"))
    #expect(peers[0]["port"]?.integerValue == 1)
    #expect(peers[0]["peer id"]?.bytesValue == Sample.peerID)
    let without = try announce(tracker, Sample.v4(9), port: 3, more: "&compact=0&no_peer_id=1")
    guard case .list(let anonymous) = without["peers"] else { throw TrackerFailure("no list") }
    #expect(anonymous[0]["peer id"] == nil)
  }

  @Test func forgetsWhoStopsOrFallsSilent() throws {
    let tracker = Tracker(infoHashes: [Sample.hash])
    _ = try announce(tracker, Sample.v4(1), port: 1)
    _ = try announce(tracker, Sample.v4(2), port: 2, after: .seconds(50))
    let stopped = try announce(tracker, Sample.v4(2), port: 2, more: "&event=stopped", after: .seconds(74))
    #expect(stopped["incomplete"]?.integerValue == 1)
    #expect(stopped["peers"]?.bytesValue == [])
    let later = try announce(tracker, Sample.v4(3), port: 3, after: .seconds(76))
    #expect(later["peers"]?.bytesValue == [])
    #expect(later["incomplete"]?.integerValue == 1)
  }

  @Test func givesSeedersNoSeeders() throws {
    let tracker = Tracker(infoHashes: [Sample.hash], configuration: TrackerConfiguration(selfPeerPort: 7000))
    _ = try announce(tracker, Sample.v4(1), port: 1, left: 0)
    _ = try announce(tracker, Sample.v4(2), port: 2)
    let seeder = try announce(tracker, Sample.v4(3), port: 3, left: 0, local: Sample.v4(100))
    #expect(seeder["peers"]?.bytesValue == [192, 0, 2, 2, 0, 2])
    let leecher = try announce(tracker, Sample.v4(2), port: 2, local: Sample.v4(100))
    #expect(leecher["peers"]?.bytesValue?.count == 18)
    #expect(leecher["complete"]?.integerValue == 3, "two seeders and the server's own")
  }

  @Test func namesTheServersOwnPeer() throws {
    let tracker = Tracker(infoHashes: [Sample.hash], configuration: TrackerConfiguration(selfPeerPort: 258))
    let answer = try announce(tracker, Sample.v4(1), port: 1, local: Sample.v4(100))
    #expect(answer["peers"]?.bytesValue == [192, 0, 2, 100, 1, 2])
    _ = try announce(tracker, Sample.v4(2), port: 2)
    let one = try announce(tracker, Sample.v4(1), port: 1, more: "&numwant=1", local: Sample.v6(100))
    #expect(one["peers"]?.bytesValue == [])
    #expect(one["peers6"]?.bytesValue == Sample.v6(100).bytes + [1, 2])
    let none = try announce(tracker, Sample.v4(1), port: 1, more: "&numwant=0", local: Sample.v4(100))
    #expect(none["peers"]?.bytesValue == [])
    let own = try announce(tracker, Sample.v4(100), port: 258, local: Sample.v4(100))
    #expect(own["peers"]?.bytesValue?.count == 12, "not itself, but the two others")
  }

  @Test func keepsFixedPeers() throws {
    let tracker = Tracker(infoHashes: [Sample.hash])
    tracker.register(infoHash: Sample.hash, address: Sample.v4(50), port: 5)
    tracker.register(infoHash: Sample.otherHash, address: Sample.v4(50), port: 5)
    _ = try announce(tracker, Sample.v4(50), port: 5, more: "&event=stopped")
    let answer = try announce(tracker, Sample.v4(1), port: 1, after: .seconds(100_000))
    #expect(answer["peers"]?.bytesValue == [192, 0, 2, 50, 0, 5])
  }

  @Test func boundsPeersAndAnswers() throws {
    let tracker = Tracker(infoHashes: [Sample.hash], configuration: TrackerConfiguration(maximumPeers: 300))
    for port in 1...400 { _ = try announce(tracker, Sample.v4(1), port: port, after: .milliseconds(port)) }
    let many = try announce(tracker, Sample.v4(1), port: 400, more: "&numwant=100000", after: .seconds(1))
    #expect(many["incomplete"]?.integerValue == 300)
    let peers = try #require(many["peers"]?.bytesValue)
    #expect(peers.count == 200 * 6)
    let ports = stride(from: 0, to: peers.count, by: 6).map { Int(peers[$0 + 4]) << 8 | Int(peers[$0 + 5]) }
    #expect(Set(ports).count == 200, "no peer twice")
    #expect(ports.allSatisfy { (101...399).contains($0) }, "the oldest made room, and nobody is told of itself")
    let usual = try announce(tracker, Sample.v4(1), port: 400, more: "&numwant=-1", after: .seconds(1))
    #expect(usual["peers"]?.bytesValue?.count == 50 * 6)
  }

  @Test func countsCompletions() throws {
    let tracker = Tracker(infoHashes: [Sample.hash, Sample.otherHash])
    _ = try announce(tracker, Sample.v4(1), port: 1)
    for _ in 0..<3 { _ = try announce(tracker, Sample.v4(1), port: 1, left: 0, more: "&event=completed") }
    _ = try announce(tracker, Sample.v4(2), port: 2, more: "&event=completed")
    #expect(
      tracker.statistics(infoHash: Sample.hash, now: start)
        == Tracker.Statistics(seeders: 1, leechers: 1, completed: 1))
    let scrape = { (query: String) in try Bencode.decode(tracker.scrape(query: query.utf8, now: start)) }
    let one = try scrape("info_hash=\(Sample.encoded(Sample.hash))&info_hash=\(Sample.encoded(Sample.peerID))")
    let counts = Bencode.dictionary(text: [
      "complete": .integer(1), "downloaded": .integer(1), "incomplete": .integer(1),
    ])
    #expect(one == .dictionary(text: ["files": .dictionary([Sample.hash: counts])]))
    guard case .dictionary(let all) = try scrape("")["files"] else { throw TrackerFailure("no files") }
    #expect(all.count == 2)
    let hashes = Array(repeating: "info_hash=aaaaaaaaaaaaaaaaaaaa", count: 65).joined(separator: "&")
    #expect(try scrape(hashes)["failure reason"] != nil)
    #expect(try scrape("info_hash=abc")["failure reason"] != nil)
  }
}

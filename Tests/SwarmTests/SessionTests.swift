// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Swarm
import Testing

private final class NoStore: PieceStore {
  func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {}
  func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {}
}

/// The smallest torrent that Diecast itself would take.
private let torrent =
  Array("d4:infod9:file treed1:fd0:d6:lengthi11e11:pieces root32:".utf8)
  + [UInt8](repeating: 7, count: 32)
  + Array("eee12:meta versioni2e4:name1:x12:piece lengthi65536ee12:piece layersdee".utf8)

private func session(_ listen: String = "127.0.0.1:0") throws -> SwarmSession {
  try SwarmSession(
    settings: SwarmSettings(listen: listen, arenaBytes: .mib(1), cacheBytes: .mib(1), localDiscovery: false),
    userAgent: "test")
}

private func code(_ body: () throws -> Void) -> DiecastError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? DiecastError)?.code
  }
}

@Suite struct SessionTests {
  @Test func closingReleasesTheStoreAndMayBeRepeated() async throws {
    try await onBlockingThread {
      weak var released: NoStore?
      let open = try session()
      var added: SwarmTorrent?
      do {
        let store = NoStore()
        released = store
        added = try open.add(torrent: torrent, store: store, role: .leech(have: PieceSet(count: 1), priorities: []))
      }
      #expect(released != nil && added?.status()?.piecesTotal == 1)
      open.close()
      open.close()
      added = nil
      #expect(released == nil)
    }
  }

  @Test func removingATorrentReleasesItsStore() async throws {
    try await onBlockingThread {
      weak var released: NoStore?
      let open = try session()
      do {
        let store = NoStore()
        released = store
        try open.add(torrent: torrent, store: store, role: .leech(have: PieceSet(count: 1), priorities: [])).remove()
      }
      for _ in 0..<500 where released != nil { _ = open.nextEvent(milliseconds: 10) }
      #expect(released == nil)
      open.close()
    }
  }

  @Test func aStoreIsReleasedAlsoWhenItsTorrentIsRefused() async throws {
    try await onBlockingThread {
      let open = try session()
      weak var released: NoStore?
      for bytes in [
        [], Array("de".utf8), Array("d4:infodee".utf8), Array(torrent.dropLast()),
        [UInt8](repeating: 0x64, count: 5000),
      ] {
        let store = NoStore()
        released = store
        #expect(code { _ = try open.add(torrent: bytes, store: store, role: .seed) } == .malformed)
      }
      #expect(released == nil)
      open.close()
    }
  }

  @Test func aClosedSessionAnswersAndTakesNothing() async throws {
    try await onBlockingThread {
      let closed = try session()
      let added = try closed.add(torrent: torrent, store: NoStore(), role: .seed)
      closed.close()
      #expect(closed.listenPort == nil && closed.nextEvent(milliseconds: 0) == nil)
      #expect(added.status() == nil && added.peers().isEmpty)
      added.addPeer(address: "127.0.0.1", port: 1)
      added.setPriorities([1])
      added.remove()
      #expect(code { _ = try closed.add(torrent: torrent, store: NoStore(), role: .seed) } == .malformed)
    }
  }

  @Test func callsBesideClosingAreSafe() async throws {
    for _ in 0..<3 {
      let open = try session()
      let added = try open.add(torrent: torrent, store: NoStore(), role: .seed)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 {
          group.addTask {
            try await onBlockingThread {
              for _ in 0..<200 {
                _ = added.status()
                _ = open.nextEvent(milliseconds: 0)
              }
            }
          }
        }
        group.addTask { try await onBlockingThread { open.close() } }
        try await group.waitForAll()
      }
      #expect(added.status() == nil)
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 64, 1001]) func pieceSetsAreBitfields(_ count: Int) {
    var set = PieceSet(count: count)
    #expect(set.bits.count == (count + 7) / 8 && set.memberCount == 0)
    for piece in stride(from: 0, to: count, by: 3) { set[PieceIndex(piece)] = true }
    for piece in 0..<count { #expect(set[PieceIndex(piece)] == piece.isMultiple(of: 3)) }
    #expect(set.memberCount == (count + 2) / 3)
    if count > 0 {
      #expect(set.bits[0] & 0x80 != 0)
      set[PieceIndex(0 as Int)] = false
      #expect(set.bits[0] & 0x80 == 0)
    }
  }

  @Test func theLibraryIsTheOneThatWasTested() {
    #expect(SwarmSession.libraryVersion.hasPrefix("2.0."))
  }
}

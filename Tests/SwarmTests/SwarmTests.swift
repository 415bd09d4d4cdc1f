// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Swarm
import Synchronization
import Testing

/// Pieces in memory, which fails as told.
private final class MemoryStore: PieceStore {
  let pieces: Mutex<[PieceIndex: [UInt8]]>
  let writeError: DiecastError?
  let readError: DiecastError?
  let writes = Mutex<[PieceIndex]>([])

  init(_ pieces: [[UInt8]] = [], writeError: DiecastError? = nil, readError: DiecastError? = nil) {
    self.pieces = Mutex(Dictionary(uniqueKeysWithValues: pieces.enumerated().map { (PieceIndex($0), $1) }))
    self.writeError = writeError
    self.readError = readError
  }

  func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    if let readError { throw readError }
    guard let held = pieces.withLock({ $0[piece] }), held.count == bytes.byteCount else {
      throw DiecastError(.internal, "no piece \(piece.rawValue) of \(bytes.byteCount) bytes")
    }
    bytes.copy(held.span.bytes)
  }

  func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {
    writes.withLock { $0.append(piece) }
    if let writeError { throw writeError }
    let copy = (0..<bytes.byteCount).map { bytes.byte($0) }
    pieces.withLock { $0[piece] = copy }
  }
}

/// An image of raw chunks, its pieces and its torrent.
private struct Sample {
  let pieces: [[UInt8]]
  let torrent: TorrentFile

  private static func content(_ number: Int, length: Int) -> [UInt8] {
    let factor = 2 * number + 3
    return (0..<length).map { place in UInt8(truncatingIfNeeded: place * factor ^ place >> 8) }
  }

  init(chunks count: Int, length: Int = 65_536) throws {
    let unsorted = (0..<count).map { Self.content($0, length: length) }
    let contents = unsorted.sorted { Hashing.piecesRoot($0.span.bytes) < Hashing.piecesRoot($1.span.bytes) }
    let chunks = contents.map {
      ImageIndex.Chunk(
        id: ChunkID(Hashing.piecesRoot($0.span.bytes)), digest: ContentDigest(Hashing.sha256($0)),
        length: ByteCount($0.count), contentLength: ByteCount($0.count), encoding: .raw)
    }
    let index = ImageIndex(
      windowSize: .kib(64), volumeLengths: [.kib(UInt64(64 * count))], chunks: chunks,
      windows: (0..<count).map {
        ImageIndex.Window(
          volume: 0, number: $0, chunk: ChunkIndex($0),
          extents: [ByteRange(start: ByteOffset(UInt64($0) << 16), length: ByteCount(length))])
      })
    let indexBytes = index.encoded()
    let sum = ByteCount(count * length)
    let manifest = Manifest(
      tool: "test", name: "golden", version: "1", created: 1, parent: nil,
      codec: .init(name: "zstd", version: "1.5.4", level: 1), windowSize: .kib(64), mergeGap: .kib(64),
      disks: [
        ImageDisk(
          size: index.volumeLengths[0], logicalSectorSize: ByteCount(512), physicalSectorSize: ByteCount(512),
          table: .none)
      ],
      volumes: [
        Volume(
          disk: 0, kind: .disk, partition: nil, start: .zero, length: index.volumeLengths[0], usedBytes: sum, map: .raw)
      ],
      index: .init(digest: Hashing.sha256(indexBytes).hex, length: ByteCount(indexBytes.count)),
      totals: .init(
        usedBytes: sum, contentBytes: sum, zeroBytes: .zero, windows: count, chunks: count, chunkBytes: sum))
    let image = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: indexBytes)
    torrent = try image.torrent()
    pieces = contents + [image.indexBytes, image.manifestBytes]
  }
}

private func session() throws -> SwarmSession {
  try SwarmSession(
    settings: SwarmSettings(
      listen: "127.0.0.1:0", workerThreads: 2, arenaBytes: .mib(4), cacheBytes: .mib(1), localDiscovery: false),
    userAgent: "test")
}

/// Waits until `condition` holds; at most a minute, as tests share their cores.
private func wait(_ session: SwarmSession, until condition: (SwarmEvent?) -> Bool) -> Bool {
  let end = ContinuousClock().now + .seconds(60)
  while ContinuousClock().now < end {
    if condition(session.nextEvent(milliseconds: 20)) { return true }
  }
  return false
}

private func port(_ session: SwarmSession) throws -> UInt16 {
  _ = wait(session) { _ in session.listenPort != nil }
  return try #require(session.listenPort)
}

private func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await onBlockingThread(body)
}

@Suite struct SwarmTests {
  @Test func everyPieceArrivesVerifiedAndOnce() async throws {
    try await onThread {
      let sample = try Sample(chunks: 9, length: 50_176)
      let (seeder, leecher) = (try session(), try session())
      let (full, empty) = (MemoryStore(sample.pieces), MemoryStore())
      let seeding = try seeder.add(torrent: sample.torrent.bytes, store: full, role: .seed)
      let torrent = try leecher.add(
        torrent: sample.torrent.bytes, store: empty,
        role: .leech(have: PieceSet(count: sample.pieces.count), priorities: []))
      torrent.addPeer(address: "127.0.0.1", port: try port(seeder))
      #expect(wait(leecher) { _ in torrent.status()?.isFinished == true })
      #expect(empty.pieces.withLock { $0 } == full.pieces.withLock { $0 })
      #expect(empty.writes.withLock { $0.sorted() } == sample.pieces.indices.map { PieceIndex($0) })
      let status = try #require(torrent.status())
      #expect(status.piecesTotal == 11 && status.piecesHave == 11 && status.hashFailures == 0 && !status.hasFailed)
      #expect(status.downloaded.int >= sample.pieces.reduce(0) { $0 + $1.count })
      #expect(torrent.peers().map(\.address) == ["127.0.0.1"])
      #expect(seeding.status()?.isFinished == true)
      leecher.close()
      seeder.close()
    }
  }

  @Test func whatIsThereOrNotWantedIsNotFetched() async throws {
    try await onThread {
      let sample = try Sample(chunks: 6)
      let (seeder, leecher) = (try session(), try session())
      let full = MemoryStore(sample.pieces)
      let partial = MemoryStore(Array(sample.pieces[..<3]))
      _ = try seeder.add(torrent: sample.torrent.bytes, store: full, role: .seed)
      var have = PieceSet(count: 8)
      for piece in 0..<3 { have[PieceIndex(piece)] = true }
      let torrent = try leecher.add(
        torrent: sample.torrent.bytes, store: partial, role: .leech(have: have, priorities: [4, 4, 4, 4, 0, 4, 0, 7]))
      torrent.addPeer(address: "127.0.0.1", port: try port(seeder))
      #expect(wait(leecher) { _ in torrent.status()?.isFinished == true })
      #expect(partial.writes.withLock { $0.sorted() } == [3, 5, 7].map { PieceIndex($0 as Int) })
      torrent.setPriorities([4, 4, 4, 4, 4, 4, 4, 4])
      #expect(wait(leecher) { _ in partial.writes.withLock { $0.count } == 5 })
      leecher.close()
      seeder.close()
    }
  }

  @Test func aWriteThatFailsStopsTheTorrentWithItsOwnError() async throws {
    try await onThread {
      let sample = try Sample(chunks: 3)
      let failure = DiecastError(
        .writeFailed, "Cannot write the test", remedy: "None",
        cause: SystemCallFailure(call: "pwrite", errno: 28, words: "No space left on device"))
      let (seeder, leecher) = (try session(), try session())
      _ = try seeder.add(torrent: sample.torrent.bytes, store: MemoryStore(sample.pieces), role: .seed)
      let torrent = try leecher.add(
        torrent: sample.torrent.bytes, store: MemoryStore(writeError: failure),
        role: .leech(have: PieceSet(count: 5), priorities: []))
      torrent.addPeer(address: "127.0.0.1", port: try port(seeder))
      var message = ""
      #expect(
        wait(leecher) { event in
          if event?.kind == .torrentError { message = event?.message ?? "" }
          return !message.isEmpty
        })
      #expect(torrent.writeFailure == failure)
      #expect(message.contains("Cannot write the test"), "\(message)")
      #expect(torrent.status()?.hasFailed == true)
      leecher.close()
      seeder.close()
    }
  }

  @Test func aReadThatFailsIsToldAndTheSwarmGoesOn() async throws {
    try await onThread {
      let sample = try Sample(chunks: 3)
      let broken = DiecastError(.readFailed, "Cannot read the test")
      let (bad, good, leecher) = (try session(), try session(), try session())
      _ = try bad.add(torrent: sample.torrent.bytes, store: MemoryStore(sample.pieces, readError: broken), role: .seed)
      _ = try good.add(torrent: sample.torrent.bytes, store: MemoryStore(sample.pieces), role: .seed)
      let empty = MemoryStore()
      let torrent = try leecher.add(
        torrent: sample.torrent.bytes, store: empty, role: .leech(have: PieceSet(count: 5), priorities: []))
      torrent.addPeer(address: "127.0.0.1", port: try port(bad))
      #expect(wait(bad) { $0?.kind == .readError })
      torrent.addPeer(address: "127.0.0.1", port: try port(good))
      #expect(wait(leecher) { _ in torrent.status()?.isFinished == true })
      #expect(empty.pieces.withLock { $0.count } == 5)
      for session in [leecher, good, bad] { session.close() }
    }
  }

  /// A seeder whose store gives other bytes than the torrent names.
  @Test func wrongBytesNeverReachAStore() async throws {
    try await onThread {
      let sample = try Sample(chunks: 2)
      var wrong = sample.pieces
      wrong[0][100] ^= 1
      let (seeder, leecher) = (try session(), try session())
      _ = try seeder.add(torrent: sample.torrent.bytes, store: MemoryStore(wrong), role: .seed)
      let empty = MemoryStore()
      let torrent = try leecher.add(
        torrent: sample.torrent.bytes, store: empty, role: .leech(have: PieceSet(count: 4), priorities: []))
      torrent.addPeer(address: "127.0.0.1", port: try port(seeder))
      #expect(wait(leecher) { _ in empty.pieces.withLock { $0.count } == 3 })
      _ = leecher.nextEvent(milliseconds: 300)
      #expect(empty.pieces.withLock { $0[PieceIndex(0 as Int)] } == nil)
      #expect(torrent.status()?.isFinished == false)
      leecher.close()
      seeder.close()
    }
  }
}

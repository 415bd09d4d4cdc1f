// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import ImageFormat
import ImageStore
import Swarm
import Synchronization
import Testing

@testable import Imaging

/// One piece of a store.
private func read(_ store: any PieceStore, _ piece: Int, _ layout: TorrentLayout) throws -> [UInt8] {
  var bytes = [UInt8](repeating: 0xee, count: layout.length(of: PieceIndex(piece)).int)
  var span = bytes.mutableSpan
  var raw = span.mutableBytes
  try store.read(PieceIndex(piece), into: &raw)
  return bytes
}

private func root(_ bytes: [UInt8]) -> Hash256 { Hashing.piecesRoot(bytes.span.bytes) }

@Suite struct PieceStoreTests {
  @Test(arguments: [1, 9]) func aGoldenDiskGivesTheSamePiecesAsItsStore(_ level: Int) async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let stored = try await bench.capture("golden", as: "golden", level: level).image
    let layout = try stored.torrent().layout
    let chunks = ChunkPieceStore(image: stored, store: bench.store)
    let disk = try Disk(path: "\(bench.path)/golden", access: .source)
    let plan = try await CapturePlan.make(for: disk, windowSize: .kib(64), mergeGap: .kib(16))
    let indexed = try Capture(
      plan: plan, disk: disk, store: nil,
      options: .init(name: "golden", version: "1", tool: "test", level: level, created: 1, workers: 2),
      progress: Progress(), interrupt: Interrupt()
    ).run()
    #expect(indexed.image.id == stored.id)
    let pieces = GoldenSource.pieceStore(of: indexed, on: disk, progress: Progress())
    for piece in 0..<layout.pieceCount {
      let bytes = try read(pieces, piece, layout)
      #expect(bytes == (try read(chunks, piece, layout)), "piece \(piece)")
      if piece < stored.index.chunks.count { #expect(root(bytes) == stored.index.chunks[piece].id.hash) }
    }
    #expect(pieces.remadeChunks == stored.index.chunks.count)
    // One more byte on the disk, and the piece is no longer that piece.
    let place = try #require(stored.index.windows.first { $0.volume == 1 && $0.number == 6 }?.chunk)
    try bench.put([0x99], in: "golden", at: UInt64(Bench.partitionStart + 6 * 65_536 + 5))
    let changed = Result { try read(pieces, place.int, layout) }
    if case .success(let bytes) = changed { #expect(root(bytes) != stored.index.chunks[place.int].id.hash) }
  }

  @Test func aRestoredDiskGivesTheSamePieces() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let layout = try image.torrent().layout
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    let disk = try Disk(path: "\(bench.path)/copy", access: .target)
    let content = ImageOnDisk(image: image, disk: disk, progress: Progress())
    let pieces = DiskPieceStore(content, progress: Progress())
    let chunks = ChunkPieceStore(image: image, store: bench.store)
    for piece in (0..<layout.pieceCount).reversed() {
      let bytes = try read(chunks, piece, layout)
      try pieces.write(PieceIndex(piece), bytes.span.bytes)
      #expect(try read(pieces, piece, layout) == bytes, "piece \(piece)")
    }
    for window in image.index.windows.indices where image.index.windows[window].chunk == nil {
      try content.zero(window)
    }
    let (after, before) = (try bench.bytes("copy"), try bench.bytes("golden"))
    #expect(image.extents.allSatisfy { same(after, before, $0) })
  }

  @Test func piecesThatAreNoneAreRefused() async throws {
    let bench = try Bench()
    try bench.bareDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let layout = try image.torrent().layout
    let store = ChunkPieceStore(image: image, store: bench.store)
    var bytes = [UInt8](repeating: 0, count: 10)
    let error = thrown {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      try store.read(PieceIndex(layout.pieceCount), into: &raw)
    }
    #expect(error?.code == .internal && bytes.count == 10)
  }

  /// libzstd of another version makes other bytes: such a machine serves its cache only.
  @Test func anotherCodecCannotRemakeChunks() async throws {
    let bench = try Bench()
    try bench.bareDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    var manifest = image.manifest
    manifest.codec.version = "1.4.0"
    let other = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: image.indexBytes)
    let disk = try Disk(path: "\(bench.path)/golden", access: .source)
    let pieces = DiskPieceStore(ImageOnDisk(image: other, disk: disk, progress: Progress()), progress: Progress())
    let layout = try other.torrent().layout
    #expect(thrown { _ = try read(pieces, 0, layout) }?.code == .unsupported)
    #expect(try !RestorePlan.make(image: other, disk: disk).canSeedFromDisk)
    #expect(try RestorePlan.make(image: image, disk: disk).canSeedFromDisk)
    // The index and the manifest come from memory.
    #expect(try read(pieces, layout.pieceCount - 1, layout) == other.manifestBytes)
  }

  @Test func aHybridTorrentHasTheHashesOfItsPieces() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let torrent = try HybridTorrent.make(
      of: image, in: bench.store, workers: 2, progress: Progress(), interrupt: Interrupt())
    let layout = try image.torrent().layout
    #expect(torrent.layout == layout)
    let hashes = try #require(try Bencode.decode(torrent.bytes)["info"]?["pieces"]?.bytesValue)
    #expect(hashes.count == layout.pieceCount * 20)
    let chunks = ChunkPieceStore(image: image, store: bench.store)
    for piece in 0..<layout.pieceCount {
      var bytes = try read(chunks, piece, layout)
      if piece + 1 < layout.pieceCount { bytes += [UInt8](repeating: 0, count: 65_536 - bytes.count) }
      #expect(Array(hashes[piece * 20..<piece * 20 + 20]) == Hashing.sha1(bytes.span.bytes), "piece \(piece)")
    }
  }
}

/// The whole path: a store seeds, a node restores from the swarm to its disk.
@Suite struct SwarmRestoreTests {
  private func settings() -> SwarmSettings {
    SwarmSettings(
      listen: "127.0.0.1:0", workerThreads: 1, arenaBytes: .mib(4), cacheBytes: .mib(1), localDiscovery: false)
  }

  private func source(_ image: StoredImage, port: UInt16) throws -> SwarmSource {
    SwarmSource(
      torrent: try image.torrent(), peers: [(address: "127.0.0.1", port: port)], settings: settings(),
      userAgent: "test",
      patience: .seconds(60))
  }

  @Test func aNodeRestoresAMirrorCopiesAndBothMatch() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let seed = try SwarmSeed(
      items: [.init(torrent: image.torrent(), store: ChunkPieceStore(image: image, store: bench.store))],
      settings: settings(), userAgent: "test", progress: Progress(), interrupt: Interrupt())
    defer { seed.close() }
    let from = try source(image, port: try seed.waitForPort())
    try bench.disk("copy", size: Bench.diskSize)
    let result = try await onBlockingThread { try bench.restore(image, to: "copy", from: .swarm(from)) }
    #expect(result.fetchedChunks == 7)
    #expect(try bench.bytes("copy") == bench.bytes("golden"))

    let fetched = try await onBlockingThread {
      try SwarmMetadata.fetch(from, progress: Progress(), interrupt: Interrupt())
    }
    #expect(fetched.id == image.id)
    let mirror = try ImageStore(path: "\(bench.path)/mirror", create: true)
    let copied = try await onBlockingThread {
      try ImageCopy.copy(image, from: from, to: mirror, progress: Progress(), interrupt: Interrupt())
    }
    #expect(copied.chunks == 7)
    let found = try Verify.chunks(of: image, in: mirror, workers: 2, progress: Progress(), interrupt: Interrupt())
    #expect(found.problemCount == 0 && found.checked == 7)
  }

  @Test func aSeederThatIsGoneIsANetworkErrorAndTheDiskDoesNotBoot() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    var from = try source(image, port: 1)
    from.patience = .milliseconds(300)
    try bench.disk("copy", size: Bench.diskSize)
    try bench.put(try Array(bench.bytes("golden")[..<(34 * 512)]), in: "copy", at: 0)
    let nobody = from
    let error = await #expect(throws: DiecastError.self) {
      _ = try await onBlockingThread { try bench.restore(image, to: "copy", from: .swarm(nobody)) }
    }
    #expect(error?.code == .network)
    #expect(try bench.bytes("copy")[..<512].isAll(0))
  }
}

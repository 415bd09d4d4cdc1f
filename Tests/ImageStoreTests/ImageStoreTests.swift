// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Glibc
import ImageFormat
import ImageStore
import Testing

@Suite struct ChunkTests {
  @Test func chunksAreAddedOnceAndReadBack() throws {
    let scratch = try ScratchStore()
    let bytes = Samples.content(1)
    let id = Samples.id(bytes)
    #expect(!scratch.store.contains(id, length: ByteCount(bytes.count)))
    #expect(try scratch.store.addChunk(id, bytes.span.bytes))
    #expect(!(try scratch.store.addChunk(id, bytes.span.bytes)))
    #expect(scratch.store.contains(id, length: ByteCount(bytes.count)))
    #expect(!scratch.store.contains(id, length: ByteCount(bytes.count - 1)))
    let hex = id.hash.hex
    #expect(try scratch.files() == ["chunks/\(hex.prefix(2))/\(hex)"])
    let buffer = AlignedBuffer(capacity: 65_536)
    try scratch.store.readChunk(id, length: ByteCount(bytes.count), into: buffer)
    #expect(buffer.withBytes(0..<bytes.count) { span in (0..<bytes.count).map { span.byte($0) } } == bytes)
    try scratch.store.syncChunkDirectories([id])
  }

  @Test func damagedCutGrownAndMissingChunksAreToldApart() throws {
    let scratch = try ScratchStore()
    let bytes = Samples.content(1)
    let id = Samples.id(bytes)
    let buffer = AlignedBuffer(capacity: 65_536)
    func read() -> DiecastError.Code? {
      thrown { try scratch.store.readChunk(id, length: ByteCount(bytes.count), into: buffer) }?.code
    }
    func readUnchecked() -> DiecastError.Code? {
      var target = [UInt8](repeating: 0, count: bytes.count)
      return thrown {
        var span = target.mutableSpan
        var raw = span.mutableBytes
        try scratch.store.readChunkUnchecked(id, into: &raw)
      }?.code
    }
    #expect(read() == .missingChunk && readUnchecked() == .missingChunk)
    _ = try scratch.store.addChunk(id, bytes.span.bytes)
    #expect(read() == nil && readUnchecked() == nil)
    for place in [0, 100, bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 0x20
      try Data(damaged).write(to: URL(fileURLWithPath: scratch.store.chunkPath(id)))
      #expect(read() == .corrupt)
    }
    try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: scratch.store.chunkPath(id)))
    #expect(read() == .corrupt && readUnchecked() == .corrupt)
    #expect(!scratch.store.contains(id, length: ByteCount(bytes.count)))
    // Adding it again repairs a chunk of another length.
    #expect(try scratch.store.addChunk(id, bytes.span.bytes))
    #expect(read() == nil)
    try Data(bytes + [0]).write(to: URL(fileURLWithPath: scratch.store.chunkPath(id)))
    #expect(read() == .corrupt && [.corrupt, .storeFailed].contains(readUnchecked()))
  }

  @Test func manyThreadsMayAddTheSameChunks() throws {
    let scratch = try ScratchStore()
    try Parallel.forEach(count: 200, workers: 4, interrupt: Interrupt(), makeState: {}) { _, index in
      let bytes = Samples.content(index % 10)
      _ = try scratch.store.addChunk(Samples.id(bytes), bytes.span.bytes)
    }
    #expect(try scratch.files().count == 10)
    let buffer = AlignedBuffer(capacity: 4096)
    for number in 0..<10 {
      let bytes = Samples.content(number)
      try scratch.store.readChunk(Samples.id(bytes), length: ByteCount(bytes.count), into: buffer)
    }
  }

  @Test(arguments: ["pwrite", "fsync", "close", "rename"]) func aFailedAddLeavesNothing(_ call: String) throws {
    let scratch = try ScratchStore()
    let bytes = Samples.content(1)
    FaultInjection.fail(call, after: 1, errno: ENOSPC)
    let error = thrown { _ = try scratch.store.addChunk(Samples.id(bytes), bytes.span.bytes) }
    #expect(FaultInjection.reset())
    #expect(error?.code == .storeFailed && error?.remedy == "Free space on that file system")
    #expect(try scratch.files() == [])
  }
}

@Suite struct ImageTests {
  @Test func aPublishedImageLoadsByNameAndByVersion() throws {
    let scratch = try ScratchStore()
    let old = try scratch.add([Samples.content(1)], name: "golden", version: "z1", created: 5)
    let new = try scratch.add([Samples.content(2)], name: "golden", version: "a2", created: 9)
    #expect(try scratch.store.load(ImageName(parsing: "golden")).id == new.id)
    #expect(try scratch.store.load(ImageName(parsing: "golden@z1")).id == old.id)
    #expect(try scratch.store.versions(of: "golden").map(\.version) == ["a2", "z1"])
    #expect(scratch.store.imageNames() == ["golden"])
    #expect(
      scratch.store.hasImage(name: "golden", version: "z1") && !scratch.store.hasImage(name: "golden", version: "z"))
    let torrent = try scratch.store.publishedTorrent(name: "golden", version: "a2")
    #expect(torrent?.infoHash == (try new.torrent()).infoHash)
    for name in ["golden@none", "none", "none@1"] {
      #expect(thrown { _ = try scratch.store.load(ImageName(parsing: name)) }?.code == .notFound)
    }
  }

  @Test func publishingTwiceIsRefusedAndChangesNothing() throws {
    let scratch = try ScratchStore()
    let image = try scratch.add([Samples.content(1)], name: "golden", version: "1")
    let before = try scratch.files()
    let other = try Samples.image([Samples.content(1)], name: "golden", version: "1", created: 77)
    #expect(thrown { try scratch.store.publish(other, torrent: other.torrent()) }?.code == .refused)
    #expect(try scratch.files() == before)
    #expect(try scratch.store.load(ImageName(parsing: "golden")).id == image.id)
  }

  @Test(arguments: [
    ("pwrite", 1), ("pwrite", 2), ("fsync", 3), ("close", 3), ("rename", 1), ("rename", 4), ("open", 3),
  ])
  func aFailedPublicationLeavesNoImage(_ call: String, _ n: Int) throws {
    let scratch = try ScratchStore()
    _ = try scratch.add([Samples.content(1)], name: "other", version: "1")
    let before = try scratch.files()
    let image = try Samples.image([Samples.content(1)], name: "golden", version: "1", created: 1)
    FaultInjection.fail(call, after: n, errno: EIO)
    let error = thrown { try scratch.store.publish(image, torrent: image.torrent()) }
    #expect(FaultInjection.reset())
    #expect(error?.code == .storeFailed)
    #expect(try scratch.files() == before)
    #expect(thrown { _ = try scratch.store.load(ImageName(parsing: "golden")) }?.code == .notFound)
    try scratch.store.publish(image, torrent: image.torrent())
    #expect(try scratch.store.load(ImageName(parsing: "golden")).id == image.id)
  }

  @Test func removingAnImageLeavesItsChunksToPrune() throws {
    let scratch = try ScratchStore()
    _ = try scratch.add([1, 2].map(Samples.content), name: "golden", version: "1")
    _ = try scratch.add([2, 3].map(Samples.content), name: "golden", version: "2")
    try scratch.store.remove(name: "golden", version: "1")
    #expect(thrown { try scratch.store.remove(name: "golden", version: "1") }?.code == .notFound)
    #expect(try scratch.store.prune(dryRun: true).chunks == 1)
    #expect(scratch.store.contains(Samples.id(Samples.content(1)), length: .kib(4)))
    let pruned = try scratch.store.prune(dryRun: false)
    #expect(pruned.chunks == 1 && pruned.bytes == .kib(4) && pruned.temporaryFiles == 0)
    #expect(!scratch.store.contains(Samples.id(Samples.content(1)), length: .kib(4)))
    #expect(scratch.store.contains(Samples.id(Samples.content(2)), length: .kib(4)))
    #expect(scratch.store.contains(Samples.id(Samples.content(3)), length: .kib(4)))
    try scratch.store.remove(name: "golden", version: "2")
    #expect(try scratch.store.prune(dryRun: false).chunks == 2)
    #expect(scratch.store.imageNames() == [])
    #expect(try scratch.files() == [])
  }

  @Test func pruneCleansUpWhatInterruptedRunsLeft() throws {
    let scratch = try ScratchStore()
    _ = try scratch.add([Samples.content(1)], name: "golden", version: "1")
    let hex = Samples.id(Samples.content(1)).hash.hex
    let leftovers = ["chunks/\(hex.prefix(2))/\(hex).12-7.tmp", "images/golden/.2-99.tmp/manifest.json"]
    for name in leftovers { try scratch.put(name) }
    // Anything else is none of the store's.
    try scratch.put("chunks/\(hex.prefix(2))/README")
    #expect(try scratch.store.prune(dryRun: true).temporaryFiles == 2)
    #expect(try scratch.store.prune(dryRun: false).temporaryFiles == 2)
    let after = try scratch.files()
    #expect(!after.contains { $0.contains(".tmp") } && after.contains { $0.hasSuffix("README") })
    #expect(try scratch.store.load(ImageName(parsing: "golden")).manifest.version == "1")
  }

  /// Its chunks are not known, so nothing may be removed.
  @Test func anImageThatCannotBeDecodedStopsPruning() throws {
    let scratch = try ScratchStore()
    _ = try scratch.add([Samples.content(1)], name: "golden", version: "1")
    _ = try scratch.store.addChunk(Samples.id(Samples.content(5)), Samples.content(5).span.bytes)
    let before = try scratch.files()
    try scratch.put("images/broken/1/manifest.json", Array("{}".utf8))
    #expect(thrown { _ = try scratch.store.prune(dryRun: false) }?.code == .malformed)
    #expect(Set(before).isSubset(of: try scratch.files()))
  }

  @Test func pruningWaitsForThoseWhoUseTheStore() async throws {
    let scratch = try ScratchStore()
    _ = try scratch.store.addChunk(Samples.id(Samples.content(5)), Samples.content(5).span.bytes)
    let store = scratch.store
    var lock: FileLock? = try store.lockForUse()
    let pruning = Task.detached { try await onBlockingThread { try store.prune(dryRun: false) } }
    Pause.milliseconds(40)
    #expect(lock != nil && store.contains(Samples.id(Samples.content(5)), length: .kib(4)))
    lock = nil
    #expect(try await pruning.value.chunks == 1)
  }

  /// What a BitTorrent client makes of the torrent: no torrent file in it.
  @Test func aMirroredDirectoryIsAStore() throws {
    let scratch = try ScratchStore()
    let image = try scratch.add([Samples.content(1)], name: "golden", version: "1")
    try FileManager.default.removeItem(atPath: "\(scratch.path)/images/golden/1/image.torrent")
    let mirror = try ImageStore(path: scratch.path, create: false)
    #expect(try mirror.load(ImageName(parsing: "golden")).id == image.id)
    #expect(try mirror.publishedTorrent(name: "golden", version: "1") == nil)
  }

  @Test func partsThatDoNotBelongTogetherAreCorrupt() throws {
    let scratch = try ScratchStore()
    let image = try scratch.add([Samples.content(1)], name: "golden", version: "1")
    let name = try ImageName(parsing: "golden@1")
    try scratch.put("images/golden/1/index", image.indexBytes + [0])
    #expect(thrown { _ = try scratch.store.load(name) }?.code == .malformed)
    try scratch.put(
      "images/golden/1/index",
      try Samples.image([Samples.content(2)], name: "golden", version: "1", created: 1).indexBytes)
    #expect(thrown { _ = try scratch.store.load(name) }?.code == .corrupt)
    try FileManager.default.removeItem(atPath: "\(scratch.path)/images/golden/1/index")
    #expect(thrown { _ = try scratch.store.load(name) }?.code == .corrupt)
    for (file, bytes) in [("manifest.json", image.manifestBytes), ("index", image.indexBytes)] {
      try scratch.put("images/copper/1/\(file)", bytes)
    }
    #expect(thrown { _ = try scratch.store.load(ImageName(parsing: "copper@1")) }?.code == .corrupt)
  }

  @Test func aDirectoryThatIsNoStoreIsNotFound() throws {
    #expect(thrown { _ = try ImageStore(path: "/nonexistent/store", create: false) }?.code == .notFound)
    #expect(thrown { _ = try ImageStore(path: "/dev/null/store", create: true) }?.code == .storeFailed)
  }
}

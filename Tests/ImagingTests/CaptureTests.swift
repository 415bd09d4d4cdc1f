// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import ImageFormat
import ImageStore
import Imaging
import Testing

@Suite struct CaptureTests {
  @Test func equalWindowsShareAChunkAndZeroWindowsHaveNone() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    #expect(image.manifest.volumes.map(\.kind) == [.gap, .partition, .partition])
    #expect(image.manifest.volumes.map(\.map) == [.raw, .raw, .raw])
    let windows = image.index.windows.filter { $0.volume == 1 }
    #expect(windows.map(\.number) == Array(0..<8))
    #expect(windows[0].chunk == windows[3].chunk && windows[0].chunk != nil)
    #expect(windows[1].chunk == nil)
    #expect(image.index.windows.filter { $0.volume == 2 }.allSatisfy { $0.chunk == nil })
    #expect(image.index.chunks.count == 7)
    let raw = try #require(windows[5].chunk)
    #expect(image.index.chunks[raw.int].encoding == .raw)
    #expect(image.index.chunks.filter { $0.encoding == .raw }.count == 1)
    #expect(try bench.store.load(ImageName(parsing: "golden")).id == image.id)
  }

  @Test func theSourceIsNotWritten() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let before = try bench.bytes("golden")
    _ = try await bench.capture("golden", as: "golden")
    #expect(try bench.bytes("golden") == before)
  }

  @Test func capturingTwiceAddsNoChunks() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let first = try await bench.capture("golden", as: "golden@1")
    #expect(first.newChunks == 7 && first.inheritedChunks == 0)
    let second = try await bench.capture("golden", as: "golden@2", workers: 1)
    #expect(second.newChunks == 0 && second.newBytes == .zero && second.inheritedChunks == 0)
    #expect(second.image.index == first.image.index)
    #expect(second.image.id != first.image.id)
  }

  @Test func aParentsChunksAreTakenOverWithoutCompressing() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let first = try await bench.capture("golden", as: "golden@1")
    try bench.put(text(65_536, seed: 77), in: "golden", at: UInt64(Bench.partitionStart + 2 * 65_536))
    let second = try await bench.capture("golden", as: "golden@2", parent: first.image)
    #expect(second.inheritedChunks == 6 && second.newChunks == 1)
    #expect(second.image.manifest.parent == first.image.id)
    // Another level makes other chunks, so nothing can be taken over.
    let third = try await bench.capture("golden", as: "golden@3", parent: second.image, level: 9)
    #expect(third.inheritedChunks == 0)
  }

  /// A chunk that the parent names but the store lacks is made anew.
  @Test func aParentsMissingChunksAreMadeAgain() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let first = try await bench.capture("golden", as: "golden@1").image
    try FileManager.default.removeItem(atPath: bench.store.chunkPath(first.index.chunks[0].id))
    let second = try await bench.capture("golden", as: "golden@2", parent: first)
    #expect(second.newChunks == 1 && second.inheritedChunks == 6)
    #expect(
      try Verify.chunks(of: second.image, in: bench.store, workers: 2, progress: Progress(), interrupt: Interrupt())
        .problemCount == 0)
  }

  @Test func aReadErrorStopsACaptureThatIsNoRescue() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let error = await #expect(throws: DiecastError.self) {
      _ = try await bench.capture("golden", as: "golden", workers: 1) {
        FaultInjection.fail("pread", after: 3, errno: EIO)
      }
    }
    #expect(error?.code == .readFailed && error?.cause?.errno == EIO)
    #expect(thrown { _ = try bench.store.load(ImageName(parsing: "golden")) }?.code == .notFound)
  }

  /// A window's read fails, then those of its first two sectors.
  @Test func aRescueMakesZerosOfWhatCannotBeRead() async throws {
    let bench = try Bench()
    try bench.bareDisk("golden")
    let result = try await bench.capture("golden", as: "golden", rescue: true, workers: 1) {
      FaultInjection.fail("pread", after: 3, times: 3, errno: EIO)
    }
    let lost = UnreadRange(start: ByteOffset(2 * 65_536), length: .kib(1))
    #expect(result.unread == [lost])
    #expect(result.image.manifest.volumes[0].unread == [lost])
    try bench.disk("copy", size: Bench.partitionLength, fill: 0xa5)
    _ = try bench.restore(result.image, to: "copy")
    var expected = Bench.partitionBytes
    for place in 0..<1024 { expected[2 * 65_536 + place] = 0 }
    #expect(try bench.bytes("copy") == expected)
  }

  @Test func aRescueThatReadsEverythingAtTheSecondAttemptLosesNothing() async throws {
    let bench = try Bench()
    try bench.bareDisk("golden")
    let result = try await bench.capture("golden", as: "golden", rescue: true, workers: 1) {
      FaultInjection.fail("pread", after: 3, errno: EIO)
    }
    #expect(result.unread.isEmpty && result.image.manifest.volumes[0].unread == nil)
    try bench.disk("copy", size: Bench.partitionLength, fill: 0xa5)
    _ = try bench.restore(result.image, to: "copy")
    #expect(try bench.bytes("copy") == Bench.partitionBytes)
  }

  @Test func aFullStoreStopsACaptureAndGivesNoName() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let error = await #expect(throws: DiecastError.self) {
      _ = try await bench.capture("golden", as: "golden", workers: 1) {
        FaultInjection.fail("pwrite", after: 4, errno: ENOSPC)
      }
    }
    #expect(error?.code == .storeFailed && error?.cause?.errno == ENOSPC)
    #expect(bench.store.imageNames() == [])
    // The next one goes on with what is there.
    let result = try await bench.capture("golden", as: "golden")
    #expect(result.newChunks == 7 - 3)
  }

  @Test func chunksOfAnImageAreVerified() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    func problems() throws -> Int {
      try Verify.chunks(of: image, in: bench.store, workers: 2, progress: Progress(), interrupt: Interrupt())
        .problemCount
    }
    #expect(try problems() == 0)
    let path = bench.store.chunkPath(image.index.chunks[2].id)
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    bytes[bytes.count / 2] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: bench.store.chunkPath(image.index.chunks[4].id))
    #expect(try problems() == 2)
  }

  @Test func imagesAreCopiedWithOnlyTheChunksThatAreMissing() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let first = try await bench.capture("golden", as: "golden@1").image
    try bench.put(text(65_536, seed: 77), in: "golden", at: UInt64(Bench.partitionStart))
    let second = try await bench.capture("golden", as: "golden@2").image
    let other = try ImageStore(path: "\(bench.path)/other", create: true)
    func copy(_ image: StoredImage) throws -> Int {
      try ImageCopy.copy(image, from: bench.store, to: other, workers: 2, progress: Progress(), interrupt: Interrupt())
        .chunks
    }
    #expect(try copy(first) == 7)
    #expect(try copy(second) == 1)
    #expect(try other.load(ImageName(parsing: "golden@2")).id == second.id)
    #expect(thrown { _ = try copy(second) }?.code == .refused)
    #expect(
      try Verify.chunks(of: second, in: other, workers: 2, progress: Progress(), interrupt: Interrupt()).problemCount
        == 0)
  }
}

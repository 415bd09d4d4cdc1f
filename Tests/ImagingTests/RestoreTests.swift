// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Glibc
import ImageFormat
import ImageStore
import Imaging
import Testing

@Suite struct RestoreTests {
  /// A captured GPT disk and its image.
  private func golden() async throws -> (Bench, StoredImage) {
    let bench = try Bench()
    try bench.gptDisk("golden")
    return (bench, try await bench.capture("golden", as: "golden").image)
  }

  @Test(arguments: [1, 3]) func aCopyOnADiskOfTheSameSizeIsTheSame(_ workers: Int) async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize)
    let result = try bench.restore(image, to: "copy", workers: workers)
    #expect(try bench.bytes("copy") == bench.bytes("golden"))
    #expect(result.fetchedChunks == 7 && result.wroteTable)
    #expect(result.verifiedBytes == image.manifest.totals.contentBytes)
  }

  @Test func whatTheImageDoesNotCoverIsLeftAlone() async throws {
    let (bench, image) = try await golden()
    let size = Bench.diskSize * 2
    try bench.disk("copy", size: size, fill: 0xa5)
    let result = try bench.restore(image, to: "copy")
    let (after, before) = (try bench.bytes("copy"), try bench.bytes("golden"))
    for range in image.extents { #expect(same(after, before, range), "\(range)") }
    #expect(result.writtenBytes == image.extents.totalLength && result.matchedBytes == .zero)
    // Sectors 0 to 33 and the last 33 are the table's.
    let mine =
      (image.extents + [
        ByteRange(start: .zero, length: ByteCount(34 * 512)),
        ByteRange(start: ByteOffset(UInt64(size - 33 * 512)), length: ByteCount(33 * 512)),
      ]).coalesced()
    var position = 0
    for range in mine {
      #expect(after[position..<Int(range.start.rawValue)].isAll(0xa5), "before \(range)")
      position = Int(range.end.rawValue)
    }
    #expect(position == size)
    // The old place of the backup is no longer the end.
    #expect(Array(after[size - 512..<size - 504]) == Array("EFI PART".utf8))
  }

  @Test func aSecondRestoreWritesNothing() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    _ = try bench.restore(image, to: "copy")
    let before = try bench.bytes("copy")
    // Any write at all would fail.
    let result = try bench.restore(image, to: "copy") { FaultInjection.fail("pwrite", after: 1, errno: EIO) }
    #expect(!FaultInjection.reset())
    #expect(result.fetchedChunks == 0 && !result.wroteTable && result.writtenBytes == .zero)
    #expect(result.matchedBytes == image.manifest.totals.contentBytes)
    #expect(try bench.bytes("copy") == before)
  }

  @Test func onlyAWindowThatDiffersIsFetched() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize)
    _ = try bench.restore(image, to: "copy")
    try bench.put([1, 2, 3], in: "copy", at: UInt64(Bench.partitionStart + 5 * 65_536 + 999))
    let result = try bench.restore(image, to: "copy")
    #expect(result.fetchedChunks == 1 && result.wroteTable)
    #expect(result.fetchedBytes == .kib(64))
    #expect(try bench.bytes("copy") == bench.bytes("golden"))
  }

  @Test func aChangedGoldenDiskCostsOnlyWhatChanged() async throws {
    let (bench, first) = try await golden()
    try bench.disk("copy", size: Bench.diskSize)
    _ = try bench.restore(first, to: "copy")
    try bench.put(text(65_536, seed: 99), in: "golden", at: UInt64(Bench.partitionStart + 4 * 65_536))
    let second = try await bench.capture("golden", as: "golden@2").image
    let result = try bench.restore(second, to: "copy")
    #expect(result.fetchedChunks == 1 && result.writtenBytes == .kib(64))
    #expect(try bench.bytes("copy") == bench.bytes("golden"))
  }

  /// Of two windows with one content, the one on the disk gives it to the other.
  @Test func aTwinOnTheDiskIsCopiedNotFetched() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize)
    _ = try bench.restore(image, to: "copy")
    try bench.put([0xff], in: "copy", at: UInt64(Bench.partitionStart))
    let empty = try ImageStore(path: "\(bench.path)/empty", create: true)
    let result = try bench.restore(image, to: "copy", from: .store(empty))
    #expect(result.fetchedChunks == 0 && result.writtenBytes == .kib(64))
    #expect(try bench.bytes("copy") == bench.bytes("golden"))
  }

  @Test func zeroWindowsAreZeroedWithoutAChunk() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize)
    _ = try bench.restore(image, to: "copy")
    try bench.put(noise(65_536, seed: 8), in: "copy", at: UInt64(Bench.partitionStart + 65_536))
    try bench.put([1], in: "copy", at: UInt64(Bench.secondStart + 100_000))
    let empty = try ImageStore(path: "\(bench.path)/empty", create: true)
    let result = try bench.restore(image, to: "copy", from: .store(empty))
    #expect(result.fetchedChunks == 0 && result.writtenBytes == .kib(128))
    #expect(try bench.bytes("copy") == bench.bytes("golden"))
  }

  @Test func aDiskThatIsTooSmallIsRefusedAndNotTouched() async throws {
    let (bench, image) = try await golden()
    let needed = Bench.secondStart + Bench.secondLength + 33 * 512
    try bench.disk("small", size: needed - 512, fill: 0xa5)
    let error = thrown { _ = try bench.restore(image, to: "small") }
    #expect(error?.code == .refused)
    #expect(error?.sentence.contains("needs \(needed) bytes") == true)
    #expect(try bench.bytes("small").isAll(0xa5))
    try bench.disk("exact", size: needed, fill: 0xa5)
    _ = try bench.restore(image, to: "exact")
    #expect(
      try Array(bench.bytes("exact")[34 * 512..<Bench.secondStart + Bench.secondLength])
        == Array(bench.bytes("golden")[34 * 512..<Bench.secondStart + Bench.secondLength]))
  }

  /// Whichever write fails, the disk has no partition table that boots, until all is right.
  @Test func aRestoreThatFailsAnywhereLeavesNoTableAndCanGoOn() async throws {
    let (bench, image) = try await golden()
    var failures = 0
    for n in 1...40 {
      try bench.disk("copy", size: Bench.diskSize)
      // An older system, which must not boot into the half of a newer one.
      try bench.put(try bench.bytes("golden"), in: "copy", at: 0)
      try bench.put(noise(Bench.partitionLength, seed: 3), in: "copy", at: UInt64(Bench.partitionStart))
      let error = thrown {
        _ = try bench.restore(image, to: "copy") { FaultInjection.fail("pwrite", after: n, errno: EIO) }
      }
      guard FaultInjection.reset() else {
        #expect(error == nil && n > 10)
        break
      }
      failures += 1
      #expect(error?.code == .writeFailed && error?.cause?.errno == EIO, "write \(n)")
      let after = try bench.bytes("copy")
      #expect(after[..<512].isAll(0), "write \(n) failed, and sector 0 is there")
      let result = try bench.restore(image, to: "copy")
      #expect(result.wroteTable)
      #expect(try bench.bytes("copy") == bench.bytes("golden"), "resumed after write \(n)")
    }
    #expect(failures > 10)
  }

  @Test func resumingFetchesOnlyWhatIsMissing() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    // The seven chunks are eight writes, the first chunk's twin being the second; the fifth fails.
    let error = thrown {
      _ = try bench.restore(image, to: "copy") { FaultInjection.fail("pwrite", after: 5, errno: EIO) }
    }
    #expect(FaultInjection.reset() && error?.code == .writeFailed)
    let result = try bench.restore(image, to: "copy")
    #expect((3...4).contains(result.fetchedChunks), "\(result.fetchedChunks)")
    #expect(result.matchedBytes > .zero)
    let (after, before) = (try bench.bytes("copy"), try bench.bytes("golden"))
    #expect(image.extents.allSatisfy { same(after, before, $0) })
  }

  @Test func anInterruptedRestoreSaysSoAndGoesOn() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    let interrupt = Interrupt()
    interrupt.request()
    #expect(thrown { _ = try bench.restore(image, to: "copy", interrupt: interrupt) }?.code == .interrupted)
    _ = try bench.restore(image, to: "copy")
    let (after, before) = (try bench.bytes("copy"), try bench.bytes("golden"))
    #expect(image.extents.allSatisfy { same(after, before, $0) })
  }

  @Test(arguments: ["fsync", "pread"]) func flushesAndReadsThatFailAreFailures(_ call: String) async throws {
    let (bench, image) = try await golden()
    for n in [1, 2, 3, 5, 8] {
      try bench.disk("copy", size: Bench.diskSize)
      let error = thrown {
        _ = try bench.restore(image, to: "copy") { FaultInjection.fail(call, after: n, errno: EIO) }
      }
      guard FaultInjection.reset() else { break }
      #expect(error?.cause?.errno == EIO, "\(call) \(n)")
    }
  }

  @Test func discardingForgetsEverythingElse() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.diskSize * 2, fill: 0xa5)
    let result = try bench.restore(image, to: "copy", discard: true)
    #expect(result.matchedBytes == .zero && result.fetchedChunks == 7)
    let after = try bench.bytes("copy")
    #expect(Array(after[Bench.partitionStart..<Bench.secondStart]) == Bench.partitionBytes)
    #expect(after[Bench.diskSize..<Bench.diskSize * 2 - 33 * 512].isAll(0))
  }
}

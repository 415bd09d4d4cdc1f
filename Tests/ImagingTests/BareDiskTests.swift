// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Glibc
import ImageFormat
import ImageStore
import Imaging
import Testing

/// Disks without a partition table: what would be mistaken for a whole
/// filesystem, its head, comes last.
@Suite struct BareDiskTests {
  static let headLength = 68 << 10

  private func golden() async throws -> (Bench, StoredImage) {
    let bench = try Bench()
    try bench.bareDisk("golden")
    return (bench, try await bench.capture("golden", as: "golden").image)
  }

  @Test func aCopyIsTheSame() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.partitionLength + 4096, fill: 0xa5)
    let result = try bench.restore(image, to: "copy")
    #expect(result.fetchedChunks == 6)
    let after = try bench.bytes("copy")
    #expect(Array(after[..<Bench.partitionLength]) == Bench.partitionBytes)
    // Where a larger disk would have the backup of a GPT, an old one is cleared; here that is the rest.
    #expect(after[Bench.partitionLength...].isAll(0))
    #expect(try bench.restore(image, to: "copy").writtenBytes == .zero)
  }

  @Test func untilTheEndTheHeadIsZeros() async throws {
    let (bench, image) = try await golden()
    var failures = 0
    for n in 1...30 {
      try bench.disk("copy", size: Bench.partitionLength, fill: 0xa5)
      let error = thrown {
        _ = try bench.restore(image, to: "copy") { FaultInjection.fail("pwrite", after: n, errno: EIO) }
      }
      guard FaultInjection.reset() else {
        #expect(error == nil)
        break
      }
      failures += 1
      #expect(error?.code == .writeFailed)
      #expect(try bench.bytes("copy")[..<Self.headLength].isAll(0), "write \(n)")
      _ = try bench.restore(image, to: "copy")
      #expect(try bench.bytes("copy") == Bench.partitionBytes, "resumed after write \(n)")
    }
    #expect(failures >= 7)
  }

  @Test func resumingFetchesOnlyWhatIsMissing() async throws {
    let (bench, image) = try await golden()
    try bench.disk("copy", size: Bench.partitionLength, fill: 0xa5)
    // Writes come in the order of the disk; the fifth is that of the sixth window.
    #expect(
      thrown { _ = try bench.restore(image, to: "copy") { FaultInjection.fail("pwrite", after: 5, errno: EIO) } } != nil
    )
    #expect(FaultInjection.reset())
    let result = try bench.restore(image, to: "copy")
    #expect((2...4).contains(result.fetchedChunks), "\(result.fetchedChunks)")
    #expect(try bench.bytes("copy") == Bench.partitionBytes)
  }

  @Test func aChangeInTheHeadIsRepaired() async throws {
    let (bench, image) = try await golden()
    for place in [0, 65_535, 65_536, Self.headLength - 1, Self.headLength] {
      try bench.disk("copy", size: Bench.partitionLength)
      try bench.put(Bench.partitionBytes, in: "copy", at: 0)
      try bench.put([Bench.partitionBytes[place] ^ 1], in: "copy", at: UInt64(place))
      let result = try bench.restore(image, to: "copy")
      #expect(result.writtenBytes == .kib(64), "byte \(place)")
      #expect(try bench.bytes("copy") == Bench.partitionBytes, "byte \(place)")
    }
  }

  @Test(arguments: [4096, 69_632, 70_144, 131_072]) func disksOfAnySizeWork(_ size: Int) async throws {
    let bench = try Bench()
    try bench.disk("golden", size: size)
    try bench.put(noise(size, seed: 2), in: "golden", at: 0)
    let image = try await bench.capture("golden", as: "golden").image
    try bench.disk("copy", size: size, fill: 0xa5)
    _ = try bench.restore(image, to: "copy")
    #expect(try bench.bytes("copy") == noise(size, seed: 2))
    try bench.disk("small", size: size - 512, fill: 0xa5)
    #expect(thrown { _ = try bench.restore(image, to: "small") }?.code == .refused)
    #expect(try bench.bytes("small").isAll(0xa5))
  }

  @Test func anEmptyDiskIsZeroWindowsOnly() async throws {
    let bench = try Bench()
    try bench.disk("golden", size: 200 << 10)
    let image = try await bench.capture("golden", as: "golden").image
    #expect(image.index.chunks.isEmpty && image.index.windows.count == 4)
    try bench.disk("copy", size: 200 << 10, fill: 0xa5)
    let result = try bench.restore(image, to: "copy")
    #expect(result.fetchedChunks == 0)
    #expect(try bench.bytes("copy").isAll(0))
  }
}

/// A filesystem whose used map is known: what it does not use is neither read nor written.
@Suite(.enabled(if: has("mke2fs", "debugfs", "e2fsck"))) struct FilesystemTests {
  @Test(arguments: [false, true]) func usedBlocksAreTheSameAndNothingElseIsTouched(_ hasTable: Bool) async throws {
    let bench = try Bench()
    let (size, offset, length) = (10 << 20, hasTable ? 1 << 20 : 0, 8 << 20)
    try bench.disk("golden", size: hasTable ? size : length, fill: 0x5a)
    try Data(noise(1_000_000, seed: 5)).write(to: URL(fileURLWithPath: "\(bench.path)/content"))
    try bench.run(
      "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E", "offset=\(offset),nodiscard", "golden", "\(length >> 10)k"
    )
    try bench.run("debugfs", "-w", "-R", "write content content", "golden?offset=\(offset)")
    if hasTable {
      var table = Bench.table()
      table.partitions = [table.partitions[0]]
      table.partitions[0].firstSector = UInt64(offset / 512)
      table.partitions[0].lastSector = UInt64((offset + length) / 512 - 1)
      let image = try GPTCodec.encode(table, sectorSize: ByteCount(512), diskSize: ByteCount(size))
      for part in image.parts { try bench.put(part.bytes, in: "golden", at: part.offset.rawValue) }
    }
    let image = try await bench.capture("golden", as: "golden").image
    let volume = try #require(image.manifest.volumes.last)
    #expect(volume.map == .libext2fs && volume.filesystem == "ext4")
    #expect(volume.usedBytes < .mib(6) && volume.usedBytes > .mib(1))

    let target = hasTable ? size + (2 << 20) : length
    try bench.disk("copy", size: target, fill: 0xa5)
    _ = try bench.restore(image, to: "copy", workers: 2)
    let (after, before) = (try bench.bytes("copy"), try bench.bytes("golden"))
    var differing = 0
    for range in image.extents {
      if same(after, before, range) { continue }
      let (copy, source) = (part(after, range), part(before, range))
      // Only holes differ: zeros where the golden disk has what it does not use.
      for (left, right) in zip(copy, source) where left != right {
        differing += left == 0 && right == 0x5a ? 0 : 1
      }
    }
    #expect(differing == 0)
    var position = offset
    for range in image.extents where range.start.rawValue >= UInt64(offset) {
      #expect(after[position..<Int(range.start.rawValue)].isAll(0xa5), "before \(range)")
      position = Int(range.end.rawValue)
    }
    try bench.run("e2fsck", "-fn", "copy?offset=\(offset)")
    try bench.run("debugfs", "-R", "dump content copied", "copy?offset=\(offset)")
    #expect(try bench.bytes("copied") == noise(1_000_000, seed: 5))
  }
}

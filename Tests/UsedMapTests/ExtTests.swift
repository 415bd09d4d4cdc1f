// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Testing

@testable import UsedMap

@Suite(.enabled(if: TestVolume.has("mke2fs"))) struct ExtTests {
  static let shapes = [
    "-t ext4 -b 1024", "-t ext4 -b 4096", "-t ext2 -b 1024", "-t ext3 -b 4096", "-t ext4 -O bigalloc -C 65536",
    "-t ext4 -b 1024 -O meta_bg,^resize_inode", "-t ext4 -O 64bit", "-t ext4 -O ^64bit,^metadata_csum",
    "-t ext4 -b 1024 -O bigalloc -C 8192",
  ]

  @Test(arguments: isSlow ? shapes : Array(shapes.prefix(2))) func mapsEveryBlockOfEveryFile(_ shape: String)
    async throws
  {
    let volume = try TestVolume(mebibytes: isSlow ? 63 : 15, "mke2fs -q -F \(shape) -d $CONTENT $FS")
    let map = try await volume.map("ext4")
    volume.expectSound(map, source: .libext2fs)
    #expect(map.notes.isEmpty)
    #expect(map.ranges.first?.start == .zero)
    #expect(map.usedBytes.rawValue < volume.length * 3 / 4)
    try volume.expectContent(in: map)
  }

  @Test func alteredFreeCountIsRaw() async throws {
    let volume = try TestVolume(mebibytes: 16, "mke2fs -q -F -t ext4 -O ^metadata_csum $FS")
    let count = try volume.bytes(1024 + 12, 1)[0]
    try volume.patch(1024 + 12, [count ^ 1])
    volume.expectRaw(try await volume.map("ext4"), "free blocks, but its superblock states")
  }

  @Test func checksumsAreVerified() async throws {
    let volume = try TestVolume(mebibytes: 16, "mke2fs -q -F -t ext4 -O metadata_csum $FS")
    let count = try volume.bytes(1024 + 12, 1)[0]
    try volume.patch(1024 + 12, [count ^ 1])
    volume.expectRaw(try await volume.map("ext4"), "the superblock's checksum is wrong")
  }

  @Test(arguments: [
    (96, [UInt8(0xC6), 2], "journal has not been replayed"), (58, [0], "not unmounted cleanly"),
    (58, [3], "found errors"), (98, [0x80], "features"), (102, [0x40], "features"), (94, [0x40], "features"),
    (4, [0xFF, 0xFF, 0xFF, 0x7F], "but its volume has only"), (24, [9], "block size is absurd"),
    (32, [8, 0, 0, 0], "libext2fs cannot open it"), (32, [0, 0, 0, 0], "groups of"),
    (224, [0], "journal lies on another"),
  ])
  func doubtfulSuperblocksAreRaw(_ offset: Int, _ bytes: [UInt8], _ note: String) async throws {
    let volume = try TestVolume(mebibytes: 16, fileCount: 0, "mke2fs -q -F -t ext4 -O ^metadata_csum $FS")
    try volume.patch(UInt64(1024 + offset), bytes)
    volume.expectRaw(try await volume.map("ext4"), note)
  }

  /// Whatever a superblock claims, reading it neither traps nor leaves the volume.
  @Test func garbledSuperblocksNeverTrap() async throws {
    let volume = try TestVolume(mebibytes: 16, fileCount: 0, "mke2fs -q -F -t ext4 -O ^metadata_csum $FS")
    let sound = try volume.bytes(1024, 1024)
    for round in 0..<200 {
      var bytes = sound
      bytes[round % 128] = UInt8.random(in: 0...255)
      bytes[Int.random(in: 0..<400)] = UInt8.random(in: 0...255)
      try volume.patch(1024, bytes)
      let map = try await volume.map("ext4")
      #expect(map.ranges.allSatisfy { $0.end.rawValue <= volume.length })
    }
  }
}

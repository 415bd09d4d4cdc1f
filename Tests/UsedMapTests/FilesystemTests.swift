// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Glibc
import ImageFormat
import Testing

@testable import UsedMap

/// Filesystems that are read here: no tool, no root.
@Suite struct NativeTests {
  @Test(
    .enabled(if: TestVolume.has("mkfs.fat", "mcopy")),
    arguments: [("-F 12 -s 8", "FAT12", 12), ("-F 16", "FAT16", 63), ("-F 32 -s 1", "FAT32", 63)])
  func fat(_ options: String, _ version: String, _ size: UInt64) async throws {
    let volume = try TestVolume(
      mebibytes: size, "mkfs.fat \(options) $FS; MTOOLS_SKIP_CHECK=1 mcopy -Q -i $FS $CONTENT/* ::/")
    let map = try await volume.map("vfat", version: version)
    volume.expectSound(map, source: NativeProvider.source)
    #expect(map.notes.isEmpty)
    try volume.expectContent(in: map)
    // One bit of the second table.
    let boot = try FATBootSector(Fields(bytes: try volume.bytes(0, 512)))
    let second = (boot.reserved + boot.tableSectors) * boot.sectorSize + 8
    try volume.patch(second, [try volume.bytes(second, 1)[0] ^ 1])
    volume.expectRaw(try await volume.map("vfat", version: version), "tables differ")
    volume.expectRaw(try await volume.map("vfat", version: "FAT17"), "libblkid calls it FAT17")
  }

  @Test(.enabled(if: TestVolume.has("mkfs.exfat"))) func exfat() async throws {
    let volume = try TestVolume(mebibytes: 63, fileCount: 0, "mkfs.exfat $FS")
    let map = try await volume.map("exfat")
    volume.expectSound(map, source: NativeProvider.source)
    try volume.patch(106, [2])
    volume.expectRaw(try await volume.map("exfat"), "not unmounted cleanly")
    try volume.patch(106, [0])
    let boot = try ExFATBootSector(Fields(bytes: try volume.bytes(0, 512)))
    try volume.patch(boot.heap, [0, 0, 0, 0])
    volume.expectRaw(try await volume.map("exfat"), "its own clusters free")
  }

  @Test(.enabled(if: TestVolume.has("mkfs.btrfs")), arguments: isSlow ? ["-m dup", "-m single", "-M"] : ["-m single"])
  func btrfs(_ options: String) async throws {
    let volume = try TestVolume(mebibytes: 256, "mkfs.btrfs -q -f \(options) --rootdir $CONTENT $FS")
    let map = try await volume.map("btrfs")
    volume.expectSound(map, source: NativeProvider.source)
    try volume.expectContent(in: map)
    var superblock = try volume.bytes(65536, 4096)
    superblock[121] ^= 0x10
    try volume.patch(65536, superblock)
    volume.expectRaw(try await volume.map("btrfs"), "checksum")
    let sum = ~CRC32.castagnoli.update(.max, superblock[32...])
    for index in 0..<4 { superblock[index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index)) }
    try volume.patch(65536, superblock)
    volume.expectRaw(try await volume.map("btrfs"), "its superblock states")
  }

  @Test func swapIsRecordedUnlessHibernated() async throws {
    let volume = try TestVolume(mebibytes: 4, fileCount: 0, ":")
    volume.expectRaw(try await volume.map("swap"), "no swap signature")
    try volume.patch(4086, Array("SWAPSPACE2".utf8))
    let map = try await volume.map("swap")
    #expect(map.source == .recorded && map.notes.count == 1)
    #expect(map.ranges == [ByteRange(start: .zero, length: .kib(4))])
    volume.expectRaw(try await volume.map("swsuspend"), "hibernated")
    volume.expectRaw(try await volume.map("reiser4"), "no used map is known")
  }
}

/// Filesystems that partclone maps, through a loop device.
@Suite(.enabled(if: geteuid() == 0)) struct PartcloneTests {
  @Test(
    .enabled(if: isSlow && TestVolume.has("partclone.xfs", "mkfs.xfs")), arguments: ["", "-m crc=0", "-b size=1024"])
  func xfs(_ options: String) async throws {
    let volume = try TestVolume(
      mebibytes: 320,
      "{ printf '/\\n1 1\\nd--755 0 0\\n'; for f in $CONTENT/f*; do echo \"${f##*/} ---644 0 0 $f\"; done; echo '$'; } "
        + ">$CONTENT/proto; mkfs.xfs -q -f \(options) -p $CONTENT/proto $FS")
    let map = try await volume.map("xfs")
    volume.expectSound(map, source: .partclone)
    try volume.expectContent(in: map)
    let count = try volume.bytes(151, 1)[0]
    try volume.patch(151, [count ^ 1])
    volume.expectRaw(try await volume.map("xfs"), "its allocation groups")
    try volume.patch(151, [count])
    // Turn the unmount record into any other.
    let fields = Fields(bytes: try volume.bytes(0, 512))
    let shift = try fields.big(124, 1)
    let start = try fields.big(48, 8)
    let block = try (start >> shift) * fields.big(84, 4) + start & (1 << shift - 1)
    try volume.patch(try block * fields.big(4, 4) + 512 + 9, [0])
    volume.expectRaw(try await volume.map("xfs"), "log has not been replayed")
  }

  @Test(.enabled(if: TestVolume.has("partclone.ntfs", "mkntfs", "ntfsinfo"))) func ntfs() async throws {
    let volume = try TestVolume(
      mebibytes: 63, "mkntfs -q -F -Q $FS; for f in $CONTENT/f*; do ntfscp -q $FS $f ${f##*/}; done")
    let map = try await volume.map("ntfs")
    volume.expectSound(map, source: .partclone)
    try volume.expectContent(in: map)
    #expect(map.ranges.last?.end.rawValue == volume.length, "the backup boot sector is in the map")
    try volume.patch(40, [try volume.bytes(40, 1)[0] &- 64])
    let altered = try await volume.map("ntfs")
    #expect(altered.source == .raw && altered.notes.count == 1, "\(altered.notes)")
  }

  @Test(.enabled(if: isSlow && TestVolume.has("partclone.f2fs", "mkfs.f2fs", "sload.f2fs"))) func f2fs() async throws {
    let volume = try TestVolume(mebibytes: 128, "mkfs.f2fs -q -f $FS; sload.f2fs -f $CONTENT $FS || test $? -lt 2")
    let map = try await volume.map("f2fs")
    volume.expectSound(map, source: .partclone)
    try volume.expectContent(in: map)
    for pack: UInt64 in [512, 1024] {
      try volume.patch(pack * 4096 + 16, [try volume.bytes(pack * 4096 + 16, 1)[0] ^ 1])
    }
    volume.expectRaw(try await volume.map("f2fs"), "checkpoint")
  }

  @Test func missingProgramNamesItsPackage() async throws {
    await #expect(throws: Doubt("there is no program partclone.none; install the package partclone and capture again"))
    {
      try await Tool.run("partclone.none", [], package: "partclone", timeLimit: .seconds(120))
    }
  }

  @Test(.enabled(if: isSlow)) func slowProgramsAreStopped() async throws {
    let clock = ContinuousClock()
    let time = await clock.measure {
      await #expect(throws: Doubt.self) {
        try await Tool.run("sleep", ["600"], package: "coreutils", timeLimit: .seconds(1))
      }
    }
    #expect(time < .seconds(300))
  }
}

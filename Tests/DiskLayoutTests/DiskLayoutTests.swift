// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import DiskLayout
import Foundation
import Glibc
import ImageFormat
import Testing

@Suite(.enabled(if: has("sgdisk", "sfdisk", "parted", "mkfs.ext4", "mkswap"))) struct DiskLayoutTests {
  @Test func aGPTIsReadWithItsGapAndWhatItsPartitionsHold() throws {
    let file = try gptDisk()
    let before = try file.data()
    let found = try layout(file)
    #expect(try file.data() == before)
    #expect(found.notes == [])
    #expect(found.volumes.map(\.kind) == [.gap, .partition, .partition, .partition])
    #expect(found.volumes[0].range == ByteRange(from: ByteOffset(34 * 512), to: ByteOffset(2048 * 512)))
    #expect(found.volumes[1].name == "EFI")
    #expect(found.volumes[1].typeName == "EFI system")
    #expect(found.volumes[1].identity == nil)
    #expect(found.volumes[2].identity?.type == "ext4")
    #expect(found.volumes[2].identity?.label == "root")
    #expect(found.volumes[2].identity?.usage == .filesystem)
    #expect(found.volumes[2].identity?.version == "1.0")
    #expect(found.volumes[3].isSwap)
    #expect(found.volumes[3].identity?.usage == .filesystem)
    #expect(found.volumes[3].identity?.label == "swp")
  }

  @Test func oneDamagedCopyIsANoteAndTwoAreMalformed() throws {
    let file = try gptDisk()
    let good = try layout(file)
    try file.overwrite(512 + 40, [1])
    let backup = try layout(file)
    #expect(backup.table == good.table)
    #expect(backup.notes.count == 1)
    try file.overwrite((64 << 20) - 100 - 400, [1, 2, 3])
    #expect(code { _ = try layout(file) } == .malformed)
    let second = try gptDisk()
    try second.overwrite((64 << 20) - 512, [UInt8](repeating: 0, count: 512))
    #expect(try layout(second).notes.count == 1)
    try second.overwrite(0, [UInt8](repeating: 0, count: 512))
    #expect(code { _ = try layout(second) } == .malformed)
  }

  @Test func tablesAreWrittenCheckedAndCleared() throws {
    for source in [try gptDisk(), try mbrDisk()] {
      let table = try layout(source).table
      let target = try ScratchFile(100 << 20)
      let disk = try Disk(path: target.path, access: .target)
      try PartitionTableWriter.write(table, sourceSectorSize: sector, to: disk)
      #expect(try PartitionTableWriter.check(table, sourceSectorSize: sector, on: disk) == [])
      let ranges = try PartitionTableWriter.tableRanges(table, sourceSectorSize: sector, on: disk)
      for range in ranges {
        let place = range.start.rawValue + 460
        let old = try target.data()[Int(place)]
        try target.overwrite(place, [old ^ 4])
        #expect(
          code { try PartitionTableWriter.check(table, sourceSectorSize: sector, on: disk) } == .verificationFailed)
        try target.overwrite(place, [old])
      }
      try PartitionTableWriter.check(table, sourceSectorSize: sector, on: disk)
      try PartitionTableWriter.clear(on: disk, frontLimit: ByteOffset(1 << 20))
      let rest = try target.data()
      #expect(try DiskLayoutReader.read(disk).table == .none)
      if case .gpt = table { #expect(rest == Data(count: rest.count)) }
      let smallFile = try ScratchFile(1 << 20)
      let small = try Disk(path: smallFile.path, access: .inspection)
      #expect(code { try PartitionTableWriter.write(table, sourceSectorSize: sector, to: small) } == .refused)
    }
  }

  @Test func clearingSparesTheVolumes() throws {
    let file = try ScratchFile(1 << 20)
    try file.overwrite(0, [UInt8](repeating: 7, count: 1 << 20))
    let disk = try Disk(path: file.path, access: .target)
    try PartitionTableWriter.clear(on: disk, frontLimit: ByteOffset(700), backLimit: ByteOffset((1 << 20) - 600))
    let data = try file.data()
    #expect(data.firstIndex(of: 7) == 512)
    #expect(data.lastIndex(of: 7) == (1 << 20) - 513)
    try PartitionTableWriter.clear(on: disk, frontLimit: .zero, backLimit: ByteOffset(.max))
    #expect(try file.data() == data)
  }

  @Test func mbrDisksAndBareFilesystemsAreRead() throws {
    let found = try layout(try mbrDisk())
    #expect(found.volumes.map(\.partition) == [nil, 1, 5, 6, 7])
    #expect(found.volumes[0].range == ByteRange(from: ByteOffset(512), to: ByteOffset(2048 * 512)))
    for (tool, arguments, type) in [
      ("mkfs.ext4", ["-q", "-F"], "ext4"), ("mkfs.vfat", [], "vfat"), ("mkfs.ntfs", ["-q", "-F"], "ntfs"),
      ("mkswap", [], "swap"),
    ] where has(tool) {
      let file = try ScratchFile(64 << 20)
      try run(tool, arguments + [file.path])
      let bare = try layout(file)
      #expect(bare.table == .none)
      #expect(bare.volumes.map(\.kind) == [.disk])
      #expect(bare.volumes[0].identity?.type == type)
      #expect(bare.notes == [])
    }
    let empty = try layout(try ScratchFile(1 << 20))
    #expect(empty.table == .none && empty.volumes[0].identity == nil)
    let tiny = try layout(try ScratchFile(512))
    #expect(tiny.table == .none)
    let both = try mbrDisk()
    let superblock = try ScratchFile(64 << 20)
    try run("mkfs.ext4", ["-q", "-F", superblock.path])
    try both.overwrite(1024, Array(try superblock.data()[1024..<2048]))
    #expect(try layout(both).notes.count == 1)
    // Grown since: the last partition's end is now outside.
    let cut = try mbrDisk()
    try FileHandle(forWritingAtPath: cut.path)?.truncate(atOffset: 30 << 20)
    #expect(code { _ = try layout(cut) } == .malformed)
    let other = try ScratchFile(64 << 20)
    try run("parted", ["-s", other.path, "mklabel", "sun"])
    let foreign = try layout(other)
    #expect(foreign.table == .none && foreign.notes.count == 1, "\(foreign)")
    let emptyTable = try ScratchFile(64 << 20)
    try run("sfdisk", [emptyTable.path], input: "label: dos\n")
    #expect(try layout(emptyTable).table.typeName == "mbr")
    #expect(try layout(emptyTable).volumes == [])
  }

  @Test(.enabled(if: geteuid() == 0 && has("losetup"))) func sectorsOf4096BytesAreCountedInOnBlockDevices() throws {
    let file = try ScratchFile(64 << 20)
    let loop = try run("losetup", ["-f", "--show", "--sector-size", "4096", file.path])
      .trimmingCharacters(in: .whitespacesAndNewlines)
    defer { _ = try? run("losetup", ["-d", loop]) }
    try run("sgdisk", ["-n1:0:+8M", "-n2:0:0", "-c2:rest", loop])
    let found = try DiskLayoutReader.read(Disk(path: loop, access: .source))
    #expect(found.sectorSize.rawValue == 4096)
    #expect(found.volumes.map(\.partition) == [nil, 1, 2], "\(found)")
    let second = try ScratchFile(96 << 20)
    let target = try run("losetup", ["-f", "--show", "--sector-size", "4096", second.path])
      .trimmingCharacters(in: .whitespacesAndNewlines)
    defer { _ = try? run("losetup", ["-d", target]) }
    let disk = try Disk(path: target, access: .target)
    try PartitionTableWriter.write(found.table, sourceSectorSize: found.sectorSize, to: disk)
    #expect(try PartitionTableWriter.check(found.table, sourceSectorSize: found.sectorSize, on: disk) == [])
    #expect(try run("sgdisk", ["-v", target]).contains("No problems found"))
    try PartitionTableWriter.clear(on: disk, frontLimit: ByteOffset(1 << 20))
    #expect(try second.data() == Data(count: 96 << 20))
    try disk.close()
    // A file takes a table of any sector size; a disk does not.
    let plainFile = try ScratchFile(96 << 20)
    let plain = try Disk(path: plainFile.path, access: .inspection)
    _ = try PartitionTableWriter.parts(of: found.table, sectorSize: found.sectorSize, disk: plain)
    let fine = try gptDisk()
    #expect(
      code {
        try PartitionTableWriter.write(
          try layout(fine).table, sourceSectorSize: sector, to: Disk(path: target, access: .target))
      } == .refused)
  }

  @Test func tablesThatOtherToolsMadeAreWrittenAnew() throws {
    let byParted = try ScratchFile(64 << 20)
    func parted(_ file: ScratchFile, _ words: String) throws {
      try run("parted", ["-s", file.path] + words.split(separator: " ").map(String.init))
    }
    try parted(byParted, "mklabel gpt mkpart a ext4 1MiB 20MiB mkpart b linux-swap 20MiB 60MiB set 1 boot on")
    let bySfdisk = try ScratchFile(64 << 20)
    try run("sfdisk", [bySfdisk.path], input: "label: gpt\ntable-length: 56\nsize=8M,name=x\nsize=9M,type=U\n")
    let hybrid = try gptDisk()
    try run("sgdisk", ["-h", "1:2", hybrid.path])
    let msdos = try ScratchFile(64 << 20)
    try parted(
      msdos,
      "mklabel msdos mkpart primary 1MiB 10MiB mkpart extended 10MiB 60MiB mkpart logical 11MiB 20MiB "
        + "mkpart logical 21MiB 30MiB")
    for source in [byParted, bySfdisk, hybrid, msdos] {
      let found = try layout(source)
      for size in [UInt64(64 << 20), 100 << 20] {
        let target = try ScratchFile(size)
        let disk = try Disk(path: target.path, access: .target)
        try PartitionTableWriter.write(found.table, sourceSectorSize: sector, to: disk)
        #expect(try PartitionTableWriter.check(found.table, sourceSectorSize: sector, on: disk).count <= 1)
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat

/// ext2, ext3 and ext4, by libext2fs: what its block bitmap calls used.
enum ExtProvider: UsedMapProvider {
  static let types: Set<String> = ["ext2", "ext3", "ext4", "ext4dev"]

  static func map(_ volume: VolumeReader, identity: FilesystemIdentity) throws -> UsedMap {
    let superblock = try ExtSuperblock(
      try volume.read(ExtSuperblock.offset, ExtSuperblock.size, "the superblock"))
    try superblock.check(volume: volume)
    let bitmap = try ExtBitmap(volume: volume)
    guard bitmap.blockSize == superblock.blockSize, bitmap.blocks == superblock.blocks else {
      throw Doubt("libext2fs read another superblock: \(bitmap.blocks) blocks of \(bitmap.blockSize) bytes")
    }

    // What lies before the first data block (boot code, with 1 KiB blocks) is in no bitmap.
    let reserved = max(superblock.firstDataBlock * superblock.blockSize, ExtSuperblock.offset + 1024)
    var runs = RunList()
    try runs.add(0, reserved)
    var used: UInt64 = 0
    try bitmap.forEachRun { run in
      used += run.upperBound - run.lowerBound
      try runs.add(run.lowerBound * superblock.blockSize, run.upperBound * superblock.blockSize)
    }

    let free = superblock.blocks - superblock.firstDataBlock - used
    guard free == bitmap.freeBlocks, free == bitmap.freeBlocksInGroups else {
      throw Doubt(
        "its block bitmap has \(free) free blocks, but its superblock states \(bitmap.freeBlocks) "
          + "and its group descriptors \(bitmap.freeBlocksInGroups); run e2fsck")
    }
    return .of(
      volume, ranges: runs.ranges, end: superblock.blocks * superblock.blockSize, source: .libext2fs)
  }
}

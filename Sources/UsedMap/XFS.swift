// SPDX-License-Identifier: GPL-3.0-or-later

/// What xfs states: its superblock and the header of each allocation group.
enum XFS {
  /// Fields of the superblock, in `docs/used-maps.md`.
  private struct Superblock {
    let blockSize, blocks, groupBlocks, groups, logStart, logBlocks, sectorSize, groupLog, freeBlocks: UInt64

    init(_ fields: Fields) throws(Doubt) {
      guard fields.has("XFSB", at: 0) else { throw Doubt("its superblock has no magic number") }
      blockSize = try fields.big(4, 4)
      blocks = try fields.big(8, 8)
      logStart = try fields.big(48, 8)
      groupBlocks = try fields.big(84, 4)
      groups = try fields.big(88, 4)
      logBlocks = try fields.big(96, 4)
      sectorSize = try fields.big(102, 2)
      groupLog = try fields.big(124, 1)
      freeBlocks = try fields.big(144, 8)
      try Self.checkFeatures(fields)
      guard (512...65536).contains(blockSize), blockSize.nonzeroBitCount == 1,
        (512...32768).contains(sectorSize), sectorSize.nonzeroBitCount == 1, sectorSize <= blockSize,
        groupLog < 32, groupBlocks > 0, groupBlocks <= 1 << groupLog, groupBlocks * blockSize >= 4 << 20,
        blocks > 0, blocks < 1 << 32, groups == (blocks - 1) / groupBlocks + 1
      else {
        throw Doubt(
          "its geometry is absurd, or more than partclone can count: \(blocks) blocks of \(blockSize) bytes in "
            + "\(groups) groups of \(groupBlocks)")
      }
    }

    private static func checkFeatures(_ fields: Fields) throws(Doubt) {
      let version = try fields.big(100, 2) & 0xF
      guard version == 4 || version == 5 else { throw Doubt("its version \(version) is unknown") }
      if try fields.big(126, 1) != 0 { throw Doubt("mkfs.xfs did not finish making it") }
      if try fields.big(48, 8) == 0 { throw Doubt("its log lies on another device, which is not in this volume") }
      let (blocks, extents) = (try fields.big(16, 8), try fields.big(24, 8))
      if blocks != 0 || extents != 0 {
        throw Doubt("it has a realtime section, which lies on another device")
      }
      guard version == 5 else { return }
      let (readOnly, incompatible) = (try fields.big(212, 4), try fields.big(216, 4))
      if incompatible & 0x10 != 0 { throw Doubt("it needs repair; run xfs_repair") }
      guard readOnly & ~0xF == 0, incompatible & ~0xEF == 0 else {
        throw Doubt(
          "it has features that this Diecast does not know: ro_compat \(readOnly.hexadecimal), "
            + "incompat \(incompatible.hexadecimal)")
      }
    }
  }

  static func state(_ volume: VolumeReader) throws -> StatedUse {
    let superblock = try Superblock(try volume.read(0, 512, "the superblock"))
    let end = superblock.blocks * superblock.blockSize
    try volume.checkFits(end)

    var free: UInt64 = 0
    var trees: UInt64 = 0
    for group in 0..<superblock.groups {
      let offset = group * superblock.groupBlocks * superblock.blockSize + superblock.sectorSize
      let header = try volume.read(offset, 512, "the header of allocation group \(group)")
      guard header.has("XAGF", at: 0) else { throw Doubt("allocation group \(group) has no header") }
      free += try header.big(52, 4) + header.big(48, 4)
      trees += try header.big(60, 4)
    }
    // With lazy counters the superblock is right after a clean unmount only.
    guard superblock.freeBlocks == free + trees, free <= superblock.blocks else {
      throw Doubt(
        "its superblock states \(superblock.freeBlocks) free blocks, its allocation groups \(free + trees); "
          + "mount and unmount it once, or run xfs_repair")
    }
    try checkLog(volume, superblock)
    let used = end - free * superblock.blockSize
    return StatedUse(used: used...used, end: end, authority: "its allocation groups state")
  }

  private static func checkLog(_ volume: VolumeReader, _ superblock: Superblock) throws(Doubt) {
    let group = superblock.logStart >> superblock.groupLog
    let block = superblock.logStart & (1 << superblock.groupLog - 1)
    let start = try group.times(superblock.groupBlocks, "the place of its log").plus(block, "the place of its log")
    let length = superblock.logBlocks * superblock.blockSize
    // The largest log that xfs allows has 2 GiB.
    guard start < superblock.blocks, superblock.logBlocks <= superblock.blocks - start, length <= 1 << 31, length > 0
    else { throw Doubt("its log of \(superblock.logBlocks) blocks from block \(start) lies outside") }
    try XFSLog(volume: volume, offset: start * superblock.blockSize, length: length).checkClean()
  }
}

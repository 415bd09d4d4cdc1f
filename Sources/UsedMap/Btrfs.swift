// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// btrfs: every item of the extent tree, through every stripe of its chunk.
enum Btrfs {
  static func map(_ volume: VolumeReader) throws -> NativeProvider.Map {
    let superblock = try BtrfsSuperblock(
      try volume.read(BtrfsSuperblock.offset, BtrfsSuperblock.size, "the superblock"))
    try volume.checkFits(superblock.deviceBytes)
    var tree = BtrfsTree(volume: volume, superblock: superblock)
    try tree.readChunks()
    let root = try tree.extentRoot()

    var ranges = superblock.ownRanges
    var total: UInt64 = 0
    var position: UInt64 = 0
    try tree.walk(root.address, level: root.level) { (key, _) in
      let length: UInt64
      switch key.type {
      case BtrfsKey.extent: length = key.offset
      case BtrfsKey.metadata: length = superblock.nodeSize
      default: return
      }
      let end = try key.object.plus(length, "an extent's end")
      // In order and disjoint: no corruption can count an extent twice.
      guard key.object >= position, length > 0 else { throw Doubt("its extents overlap at \(key.object)") }
      position = end
      total += length
      guard total <= superblock.bytesUsed else {
        throw Doubt("its extents exceed the \(superblock.bytesUsed) bytes that its superblock states")
      }
      for physical in try tree.chunks.places(of: key.object, length: length) {
        guard ranges.count < DomainMap.rangeLimit else { throw Doubt("it is in more than \(ranges.count) pieces") }
        ranges.append(ByteRange(start: ByteOffset(physical), length: ByteCount(length)))
      }
    }
    guard total == superblock.bytesUsed else {
      throw Doubt(
        "its extents have \(total) bytes, but its superblock states \(superblock.bytesUsed); run btrfs check")
    }
    return NativeProvider.Map(ranges: ranges, end: superblock.deviceBytes)
  }
}

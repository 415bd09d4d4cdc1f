// SPDX-License-Identifier: GPL-3.0-or-later

/// What HFS Plus states: its volume header (Apple's TN1150).
enum HFSPlus {
  static func state(_ volume: VolumeReader) throws -> StatedUse {
    let header = try volume.read(1024, 512, "the volume header")
    guard header.has("H+", at: 0) || header.has("HX", at: 0) else {
      throw Doubt("it is HFS, or HFS Plus inside HFS, which partclone cannot map")
    }
    let attributes = try header.big(4, 4)
    if attributes & 0x100 == 0 { throw Doubt("it was not unmounted cleanly; run fsck.hfsplus") }
    if attributes & 0x800 != 0 { throw Doubt("it is marked as inconsistent; run fsck.hfsplus") }
    let (blockSize, blocks, free) = (try header.big(40, 4), try header.big(44, 4), try header.big(48, 4))
    guard blockSize >= 512, blockSize.nonzeroBitCount == 1, blocks > 0, free <= blocks else {
      throw Doubt("its geometry is absurd: \(free) of \(blocks) blocks of \(blockSize) bytes are free")
    }
    let end = try blocks.times(blockSize, "its size")
    let used = (blocks - free) * blockSize
    return StatedUse(used: used...used, end: end, authority: "its volume header states")
  }
}

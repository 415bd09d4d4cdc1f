// SPDX-License-Identifier: GPL-3.0-or-later

/// What f2fs states: its superblock and the newer of two checkpoints.
enum F2FS {
  private static let blockSize: UInt64 = 4096
  private static let segmentBlocks: UInt64 = 512
  private static let magic: UInt64 = 0xF2F5_2010

  static func state(_ volume: VolumeReader) throws -> StatedUse {
    let superblock = try volume.read(1024, 3072, "the superblock")
    guard try superblock.little(0, 4) == magic else { throw Doubt("its superblock has no magic number") }
    guard try superblock.little(16, 4) == 12, try superblock.little(20, 4) == 9 else {
      throw Doubt("its blocks or segments have an unknown size")
    }
    let features = try superblock.little(2180, 4)
    guard features & ~0x3FFD == 0 else {
      throw Doubt("it has features that this Diecast does not know: \((features & ~0x3FFD).hexadecimal)")
    }
    if try superblock.little(2201, 1) != 0 { throw Doubt("it spans several devices, which are not in this volume") }
    let blocks = try superblock.little(36, 8)
    let end = try blocks.times(blockSize, "its size")
    try volume.checkFits(end)

    let valid = try validBlocks(volume, at: try superblock.little(76, 4))
    let main = try superblock.little(92, 4)
    let mainEnd = try main + superblock.little(68, 4) * segmentBlocks
    guard main < blocks, mainEnd <= blocks, valid <= mainEnd - main else {
      throw Doubt("its geometry is absurd: \(valid) valid blocks from block \(main) to \(mainEnd) of \(blocks)")
    }
    let used = (main + valid) * blockSize
    // What lies behind the main area is in no segment, and partclone may call it anything.
    return StatedUse(
      used: used...(used + (blocks - mainEnd) * blockSize), end: end, authority: "its checkpoint states")
  }

  /// The count in the newer valid checkpoint pack, which must be one of a clean unmount.
  private static func validBlocks(_ volume: VolumeReader, at block: UInt64) throws -> UInt64 {
    let packs = try [block, block + segmentBlocks].compactMap { try pack(volume, at: $0 * blockSize) }
    guard var newest = packs.first else { throw Doubt("neither of its checkpoints is valid") }
    if packs.count == 2, Int64(bitPattern: packs[1].version &- newest.version) > 0 { newest = packs[1] }
    let flags = try newest.fields.little(132, 4)
    if flags & 0x8 != 0 || flags & 0x10 != 0 { throw Doubt("it has errors; run fsck.f2fs") }
    if flags & 0x1000 != 0 { throw Doubt("its checkpoints are disabled; mount it with checkpoint=enable once") }
    if flags & 0x1 == 0 {
      throw Doubt("it was not unmounted cleanly, so that its map may be stale; mount and unmount it once")
    }
    return try newest.fields.little(16, 8)
  }

  private static func pack(_ volume: VolumeReader, at offset: UInt64) throws -> (version: UInt64, fields: Fields)? {
    guard let first = try header(volume, at: offset) else { return nil }
    let count = try first.little(136, 4)
    guard count > 1, count <= segmentBlocks * 64,
      let last = try header(volume, at: offset + (count - 1) * blockSize)
    else { return nil }
    let version = try first.little(0, 8)
    return try last.little(0, 8) == version ? (version, first) : nil
  }

  /// One of a pack's two headers, or nil when its checksum is wrong.
  private static func header(_ volume: VolumeReader, at offset: UInt64) throws -> Fields? {
    guard let fields = try? volume.read(offset, Int(blockSize), "a checkpoint") else { return nil }
    let place = Int(try fields.little(164, 4))
    guard place >= 192, place <= 4092 else { return nil }
    var sum = CRC32.ethernet.update(UInt32(magic), fields.bytes[..<place])
    if place < 4092 { sum = CRC32.ethernet.update(sum, fields.bytes[(place + 4)...]) }
    return try UInt64(sum) == fields.little(place, 4) ? fields : nil
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// A file allocation table, read a piece at a time beside its copies.
struct FATTable {
  let volume: VolumeReader
  let boot: FATBootSector

  /// Bytes read at once: whole entries of 12, 16 and 32 bits, in pairs.
  private static let step: UInt64 = 3 << 18

  /// Calls `body` with every entry, from 0 to the last cluster's. Throws where
  /// mirrored tables differ, as then one of them is wrong.
  func forEachEntry(_ body: (_ cluster: UInt64, _ entry: UInt64) throws -> Void) throws {
    let entries = boot.clusters + 2
    let bits = UInt64(boot.bits)
    let length = (entries * bits + 7) / 8
    var cluster: UInt64 = 0
    var position: UInt64 = 0
    while position < length {
      let count = min(Self.step, length - position)
      let part = try read(position, Int(count))
      let last = min(cluster + Self.step * 8 / bits, entries)
      let first = cluster
      while cluster < last {
        try body(cluster, entry(Int(cluster - first), in: part.bytes))
        cluster += 1
      }
      position += count
    }
  }

  private func read(_ position: UInt64, _ count: Int) throws(Doubt) -> Fields {
    let start = boot.reserved * boot.sectorSize + position
    let size = boot.tableSectors * boot.sectorSize
    let chosen = boot.onlyTable ?? 0
    let part = try volume.read(start + chosen * size, count, "the file allocation table")
    guard boot.onlyTable == nil else { return part }
    for table in 1..<max(boot.tables, 1) {
      let copy = try volume.read(start + table * size, count, "the file allocation table")
      guard copy.bytes == part.bytes else { throw Doubt("its file allocation tables differ; run fsck.fat") }
    }
    return part
  }

  private func entry(_ index: Int, in bytes: [UInt8]) -> UInt64 {
    switch boot.bits {
    case 12:
      let offset = index / 2 * 3 + index % 2
      let pair = UInt64(bytes[offset]) | UInt64(bytes[offset + 1]) << 8
      return index % 2 == 0 ? pair & 0xFFF : pair >> 4
    case 16: return UInt64(bytes[index * 2]) | UInt64(bytes[index * 2 + 1]) << 8
    default:
      let offset = index * 4
      return UInt64(bytes[offset]) | UInt64(bytes[offset + 1]) << 8 | UInt64(bytes[offset + 2]) << 16
        | UInt64(bytes[offset + 3] & 0x0F) << 24
    }
  }
}

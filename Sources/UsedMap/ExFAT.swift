// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// exFAT: the allocation bitmap is the map (Microsoft's exFAT specification).
enum ExFAT {
  static func map(_ volume: VolumeReader) throws -> NativeProvider.Map {
    let boot = try ExFATBootSector(try volume.read(0, 512, "the boot sector"))
    try volume.checkFits(boot.size)
    let chains = ExFATChains(volume: volume, boot: boot)
    let root = try chains.chain(from: boot.rootCluster, limit: 256 << 20)
    let bitmap = try findBitmap(chains, root)
    guard bitmap.length == (boot.clusters + 7) / 8 else {
      throw Doubt("its allocation bitmap has \(bitmap.length) bytes for \(boot.clusters) clusters")
    }
    let parts = try chains.chain(from: bitmap.cluster, limit: bitmap.length)

    var runs = RunList()
    try runs.add(0, boot.heap)
    var used: UInt64 = 0
    var index: UInt64 = 0
    // Clusters that are surely in use: if the bitmap calls one free, it is wrong.
    var known = Set((root + parts).map { $0 - 2 })
    for part in parts {
      let bytes = try chains.read(part).bytes
      for bit in 0..<min(UInt64(bytes.count) * 8, boot.clusters - index) {
        guard bytes[Int(bit / 8)] >> UInt8(bit % 8) & 1 != 0 else { continue }
        let cluster = index + bit
        known.remove(cluster)
        used += 1
        try runs.add(boot.heap + cluster * boot.clusterSize, boot.heap + (cluster + 1) * boot.clusterSize)
      }
      index += min(UInt64(bytes.count) * 8, boot.clusters - index)
    }
    guard index == boot.clusters else { throw Doubt("its allocation bitmap ends after \(index) clusters") }
    guard known.isEmpty else { throw Doubt("its allocation bitmap calls its own clusters free; run fsck.exfat") }
    try runs.add(boot.heap + boot.clusters * boot.clusterSize, boot.size)
    return NativeProvider.Map(ranges: runs.ranges, end: boot.size, notes: percentNote(boot, used: used))
  }

  /// The boot sector's percentage is kept by some drivers only: worth a remark, no doubt.
  private static func percentNote(_ boot: ExFATBootSector, used: UInt64) -> [String] {
    let percent = used * 100 / boot.clusters
    guard boot.percentInUse <= 100, max(percent, boot.percentInUse) - min(percent, boot.percentInUse) > 1 else {
      return []
    }
    return ["its boot sector states \(boot.percentInUse)% in use, its bitmap has \(percent)%; the bitmap counts"]
  }

  private static func findBitmap(_ chains: ExFATChains, _ root: [UInt64]) throws -> (cluster: UInt64, length: UInt64) {
    for cluster in root {
      let entries = try chains.read(cluster)
      for offset in stride(from: 0, to: entries.bytes.count, by: 32) {
        switch entries.bytes[offset] {
        case 0: throw Doubt("its root directory names no allocation bitmap")
        case 0x81: return (try entries.little(offset + 20, 4), try entries.little(offset + 24, 8))
        default: continue
        }
      }
    }
    throw Doubt("its root directory names no allocation bitmap")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// FAT12, FAT16 and FAT32: the file allocation table itself is the map.
enum FAT {
  static func map(_ volume: VolumeReader, version: String?) throws -> NativeProvider.Map {
    let boot = try FATBootSector(try volume.read(0, 512, "the boot sector"))
    if let version, version != "FAT\(boot.bits)" {
      throw Doubt("libblkid calls it \(version), but by its \(boot.clusters) clusters it is FAT\(boot.bits)")
    }
    try volume.checkFits(boot.sectors * boot.sectorSize)

    let clusterSize = boot.clusterSectors * boot.sectorSize
    let dataStart = boot.dataStart * boot.sectorSize
    var runs = RunList()
    try runs.add(0, dataStart)
    var notes = boot.wasDirty ? ["it was not unmounted cleanly; run fsck.fat"] : []
    var free: UInt64 = 0
    try FATTable(volume: volume, boot: boot).forEachEntry { cluster, entry in
      if cluster == 1, isDirty(entry, bits: boot.bits), notes.isEmpty {
        notes = ["it was not unmounted cleanly, or has errors; run fsck.fat"]
      }
      guard cluster >= 2 else { return }
      guard entry != 0 else { return free += 1 }
      let start = dataStart + (cluster - 2) * clusterSize
      try runs.add(start, start + clusterSize)
    }
    // Behind the last whole cluster, up to the last sector: less than a cluster, and in no table.
    try runs.add(dataStart + boot.clusters * clusterSize, boot.sectors * boot.sectorSize)
    if let note = try freeCountNote(volume, boot, free: free) { notes.append(note) }
    return NativeProvider.Map(ranges: runs.ranges, end: boot.sectors * boot.sectorSize, notes: notes)
  }

  /// The second entry's upper bits say that it was unmounted, and without errors.
  private static func isDirty(_ entry: UInt64, bits: Int) -> Bool {
    switch bits {
    case 16: entry & 0xC000 != 0xC000
    case 32: entry & 0x0C00_0000 != 0x0C00_0000
    default: false
    }
  }

  /// FAT32 keeps a hint of its free clusters, which may be old by design: worth a remark, no doubt.
  private static func freeCountNote(_ volume: VolumeReader, _ boot: FATBootSector, free: UInt64) throws -> String? {
    guard let sector = boot.infoSector else { return nil }
    let info = try volume.read(sector * boot.sectorSize, 512, "the FSInfo sector")
    guard info.has("RRaA", at: 0), info.has("rrAa", at: 484) else { return nil }
    let stated = try info.little(488, 4)
    guard stated != 0xFFFF_FFFF, stated != free else { return nil }
    return "its FSInfo sector states \(stated) free clusters, its file allocation table has \(free); the table counts"
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The boot sector of a FAT filesystem (Microsoft's FAT specification, 2000).
struct FATBootSector {
  let sectorSize, clusterSectors, reserved, tables, tableSectors, sectors: UInt64
  /// The first sector of the first cluster.
  let dataStart: UInt64
  let clusters: UInt64
  /// 12, 16 or 32: decided by the number of clusters alone.
  let bits: Int
  /// Which table counts, when they are not mirrored.
  let onlyTable: UInt64?
  /// FAT32's FSInfo sector.
  let infoSector: UInt64?
  /// Linux's mark of a mounted filesystem.
  let wasDirty: Bool

  init(_ fields: Fields) throws(Doubt) {
    sectorSize = try fields.little(11, 2)
    clusterSectors = try fields.little(13, 1)
    reserved = try fields.little(14, 2)
    tables = try fields.little(16, 1)
    let rootEntries = try fields.little(17, 2)
    let (sectors16, sectors32) = (try fields.little(19, 2), try fields.little(32, 4))
    sectors = sectors16 != 0 ? sectors16 : sectors32
    let (table16, table32) = (try fields.little(22, 2), try fields.little(36, 4))
    tableSectors = table16 != 0 ? table16 : table32
    guard (512...4096).contains(sectorSize), sectorSize.nonzeroBitCount == 1, clusterSectors.nonzeroBitCount == 1,
      reserved > 0, (1...4).contains(tables), tableSectors > 0
    else { throw Doubt("its boot sector is absurd: sectors of \(sectorSize) bytes, \(clusterSectors) in a cluster") }

    dataStart = reserved + tables * tableSectors + (rootEntries * 32 + sectorSize - 1) / sectorSize
    guard dataStart < sectors else { throw Doubt("its tables do not fit its \(sectors) sectors") }
    clusters = (sectors - dataStart) / clusterSectors
    bits = clusters < 4085 ? 12 : clusters < 65525 ? 16 : 32
    guard (bits == 32) == (rootEntries == 0), clusters > 0, clusters < 0x0FFF_FFF5 else {
      throw Doubt("it has \(clusters) clusters, but a root directory of \(rootEntries) entries")
    }
    let needed = ((clusters + 2) * UInt64(bits) + 7) / 8
    guard needed <= tableSectors * sectorSize else {
      throw Doubt("its tables of \(tableSectors) sectors are too short for \(clusters) clusters")
    }
    let flags = bits == 32 ? try fields.little(40, 2) : 0
    onlyTable = flags & 0x80 != 0 ? flags & 0xF : nil
    guard onlyTable ?? 0 < tables else { throw Doubt("its active table \(flags & 0xF) is not one of \(tables)") }
    let info = bits == 32 ? try fields.little(48, 2) : 0
    infoSector = (1..<reserved).contains(info) ? info : nil
    wasDirty = try fields.little(bits == 32 ? 0x41 : 0x25, 1) & 1 != 0
  }
}

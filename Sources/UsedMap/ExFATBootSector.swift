// SPDX-License-Identifier: GPL-3.0-or-later

/// The boot sector of an exFAT filesystem; places and lengths in bytes.
struct ExFATBootSector {
  /// The whole filesystem.
  let size: UInt64
  let table, tableLength: UInt64
  /// Where cluster 2, the first, begins.
  let heap: UInt64
  let clusters, clusterSize: UInt64
  let rootCluster: UInt64
  /// Above 100: unknown.
  let percentInUse: UInt64

  init(_ fields: Fields) throws(Doubt) {
    guard fields.has("EXFAT   ", at: 3) else { throw Doubt("its boot sector has no magic number") }
    let (sectorShift, clusterShift) = (try fields.little(108, 1), try fields.little(109, 1))
    guard (9...12).contains(sectorShift), clusterShift <= 25 - sectorShift else {
      throw Doubt("its geometry is absurd: sectors of 2^\(sectorShift) bytes, 2^\(clusterShift) in a cluster")
    }
    let sector: UInt64 = 1 << sectorShift
    size = try fields.little(72, 8).times(sector, "its size")
    table = try fields.little(80, 4) * sector
    tableLength = try fields.little(84, 4) * sector
    heap = try fields.little(88, 4) * sector
    clusters = try fields.little(92, 4)
    clusterSize = sector << clusterShift
    rootCluster = try fields.little(96, 4)
    percentInUse = try fields.little(112, 1)
    guard table + tableLength <= heap, heap < size, clusters > 0, clusters <= (size - heap) / clusterSize,
      (clusters + 2) * 4 <= tableLength
    else { throw Doubt("its geometry is absurd: \(clusters) clusters of \(clusterSize) bytes in \(size)") }

    let flags = try fields.little(106, 2)
    if try fields.little(110, 1) != 1 || flags & 1 != 0 { throw Doubt("it has two allocation tables (TexFAT)") }
    if flags & 2 != 0 { throw Doubt("it was not unmounted cleanly, so that its bitmap may be stale; run fsck.exfat") }
    if flags & 4 != 0 { throw Doubt("it is marked as having media failures; run fsck.exfat") }
  }
}

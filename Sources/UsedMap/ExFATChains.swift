// SPDX-License-Identifier: GPL-3.0-or-later

/// Follows chains of clusters through exFAT's allocation table.
struct ExFATChains {
  let volume: VolumeReader
  let boot: ExFATBootSector

  /// The clusters from `first` to the end of its chain, which may hold at most
  /// `limit` bytes, rounded up to whole clusters.
  func chain(from first: UInt64, limit: UInt64) throws(Doubt) -> [UInt64] {
    let most = max(1, (limit + boot.clusterSize - 1) / boot.clusterSize)
    var clusters: [UInt64] = []
    var next = first
    while next != 0xFFFF_FFFF {
      guard next >= 2, next - 2 < boot.clusters else { throw Doubt("a chain of clusters leads to \(next), outside") }
      guard UInt64(clusters.count) < most else { throw Doubt("a chain of clusters does not end after \(most)") }
      clusters.append(next)
      next = try volume.read(boot.table + next * 4, 4, "the allocation table").little(0, 4)
    }
    return clusters
  }

  /// The bytes of a cluster that a chain led to.
  func read(_ cluster: UInt64) throws(Doubt) -> Fields {
    try volume.read(boot.heap + (cluster - 2) * boot.clusterSize, Int(boot.clusterSize), "cluster \(cluster)")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
internal import DiskLayout
public import ImageFormat
internal import UsedMap

/// All that a capture will read and record, computed before it reads content.
public struct CapturePlan: Sendable {
  /// The source.
  public let diskPath: String
  /// Its geometry and table, as the manifest will state them.
  public let disk: ImageDisk
  /// What will be restored, as the manifest will state it.
  public let volumes: [Volume]
  /// Remarks on the disk as a whole.
  public let notes: [String]
  /// Bytes in a window.
  public let windowSize: ByteCount
  /// See ``Manifest/mergeGap``.
  public let mergeGap: ByteCount
  let windows: [PlannedWindow]

  /// What the used maps call used.
  public var usedBytes: ByteCount { volumes.reduce(.zero) { $0 + $1.usedBytes } }
  /// What will be read, hashed and compressed.
  public var contentBytes: ByteCount { windows.reduce(.zero) { $0 + $1.contentLength } }
  /// Windows that have content.
  public var windowCount: Int { windows.count }

  /// Reads the partition table, every signature and every used map. Writes nothing.
  public static func make(
    for disk: Disk, windowSize: ByteCount? = nil, mergeGap: ByteCount = .kib(64)
  ) async throws -> CapturePlan {
    let layout = try DiskLayoutReader.read(disk)
    var volumes: [Volume] = []
    var maps: [UsedMap] = []
    for candidate in layout.volumes {
      let map = try await UsedMapReader.read(disk: disk, range: candidate.range, identity: candidate.identity)
      maps.append(map)
      volumes.append(
        Volume(
          disk: 0, kind: candidate.kind, partition: candidate.partition, start: candidate.range.start,
          length: candidate.range.length, filesystem: candidate.identity?.type, uuid: candidate.identity?.uuid,
          label: candidate.identity?.label, usedBytes: map.usedBytes, map: map.source, notes: map.notes))
    }
    let used = maps.reduce(ByteCount.zero) { $0 + $1.usedBytes }
    let size = windowSize ?? ImageIndex.windowSize(forUsed: used)
    var windows: [PlannedWindow] = []
    for (index, map) in maps.enumerated() {
      windows += WindowPlanner.windows(volume: index, used: map.ranges, windowSize: size, mergeGap: min(mergeGap, size))
    }
    guard windows.count <= Limits.windows else {
      throw DiecastError(
        .unsupported,
        "\(disk.path) needs \(windows.count) windows of \(size.human), at most \(Limits.windows) are possible",
        remedy: "Choose a larger --window")
    }
    return CapturePlan(
      diskPath: disk.path,
      disk: ImageDisk(
        size: disk.size, logicalSectorSize: disk.logicalSectorSize, physicalSectorSize: disk.physicalSectorSize,
        table: layout.table),
      volumes: volumes, notes: layout.notes, windowSize: size, mergeGap: min(mergeGap, size), windows: windows)
  }
}

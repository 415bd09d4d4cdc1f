// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
internal import ImageFormat

/// Finds out how a disk is divided. Only reads: the table by Diecast's own
/// codecs, checked against libblkid; content by libblkid.
public enum DiskLayoutReader {
  /// The largest gap before the first partition that is taken along for its
  /// boot code; what boot loaders put there is far smaller.
  public static let gapLimit = ByteCount.mib(32)

  /// The layout of `disk`. Throws `malformed` for a damaged table or one that
  /// libblkid reads differently, `unsupported` for what Diecast does not know,
  /// `readFailed`.
  public static func read(_ disk: Disk) throws(DiecastError) -> DiskLayout {
    let sectorSize = disk.logicalSectorSize
    var reader = TableReader(disk, sectorSize: sectorSize)
    let (table, identity) = try reader.read()
    var volumes: [VolumeCandidate] = []
    switch table {
    case .none:
      volumes = [
        VolumeCandidate(
          kind: .disk, partition: nil, range: ByteRange(start: .zero, length: disk.size), name: nil, typeName: nil,
          identity: identity)
      ]
    case .gpt(let table):
      volumes += gap(
        from: try GPTCodec.frontEnd(table, sectorSize: sectorSize), to: table.partitions.map(\.firstSector).min(),
        sectorSize)
      for part in table.partitions {
        volumes.append(
          try volume(
            disk, number: part.number, first: part.firstSector, count: part.lastSector - part.firstSector + 1,
            name: part.name.isEmpty ? nil : part.name, type: PartitionTypeName.name(part.typeGUID)))
      }
    case .mbr(let table):
      volumes += gap(
        from: ByteOffset(sectorSize.rawValue), to: table.partitions.map(\.firstSector).min(), sectorSize)
      for part in table.partitions where !part.isExtended {
        volumes.append(
          try volume(
            disk, number: part.number, first: part.firstSector, count: part.sectorCount, name: nil,
            type: PartitionTypeName.name(part.type)))
      }
    }
    volumes.sort { $0.range.start < $1.range.start }
    return DiskLayout(table: table, sectorSize: sectorSize, volumes: volumes, notes: reader.notes)
  }

  /// What lies between the table's front and the first partition, where boot
  /// loaders keep code; nothing on a disk without partitions.
  private static func gap(from front: ByteOffset, to first: UInt64?, _ sectorSize: ByteCount) -> [VolumeCandidate] {
    guard let first, case let end = ByteOffset(first * sectorSize.rawValue), end > front else { return [] }
    return [
      VolumeCandidate(
        kind: .gap, partition: nil, range: ByteRange(start: front, length: min(end - front, gapLimit)), name: nil,
        typeName: nil, identity: nil)
    ]
  }

  private static func volume(
    _ disk: Disk, number: Int, first: UInt64, count: UInt64, name: String?, type: String
  ) throws(DiecastError) -> VolumeCandidate {
    let unit = disk.logicalSectorSize.rawValue
    let range = ByteRange(start: ByteOffset(first * unit), length: ByteCount(count * unit))
    return VolumeCandidate(
      kind: .partition, partition: number, range: range, name: name, typeName: type,
      identity: try FilesystemProbe.identify(disk, range: range))
  }
}

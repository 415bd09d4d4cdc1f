// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Reads and writes master boot records and their chains of extended boot
/// records. Pure: sectors come from a closure, and go out as bytes.
public enum MBRCodec {
  /// Where a table's sectors come from: the bytes of one, by its number.
  public typealias SectorReader = (UInt64) throws(DiecastError) -> [UInt8]

  /// A table ready to be written.
  public struct Image: Sendable, Equatable {
    /// Sector 0.
    public let bootSector: TableBytes
    /// The extended boot records, in the order of the chain.
    public let extendedBootRecords: [TableBytes]

    /// All parts: sector 0, then the chain.
    public var parts: [TableBytes] { [bootSector] + extendedBootRecords }
  }

  /// Whether `bootSector` can be a master boot record: signed, and each entry
  /// either active or not. An empty table and the boot sector of some
  /// filesystems look alike; only a prober can tell them apart.
  public static func looksLikeTable(_ bootSector: [UInt8]) -> Bool {
    MBREntry.isSigned(bootSector) && MBREntry.all(in: bootSector).allSatisfy { $0.indicator & 0x7f == 0 }
  }

  /// Whether any of the four entries in `bootSector` is used.
  public static func hasEntries(_ bootSector: [UInt8]) -> Bool {
    MBREntry.all(in: bootSector).contains(where: \.isUsed)
  }

  /// The table on a disk of `diskSize`. Throws `malformed` for partitions
  /// outside the disk or overlapping and for chains that do not simply go
  /// forward, and what `readSector` throws.
  public static func decode(
    sectorSize: ByteCount, diskSize: ByteCount, readSector: SectorReader
  ) throws(DiecastError) -> MBRTable {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: diskSize)
    let boot = try readSector(0)
    guard boot.count == sectorSize.int, looksLikeTable(boot) else {
      throw TableCheck.malformed("sector 0 is no master boot record")
    }
    var partitions: [MBRPartition] = []
    for (index, entry) in MBREntry.all(in: boot).enumerated() where entry.isUsed {
      guard entry.type != 0xee else { throw TableCheck.malformed("it only protects a GUID partition table") }
      let part = MBRPartition(entry, number: index + 1, base: 0)
      guard part.firstSector > 0, part.endSector <= sectors else {
        throw TableCheck.malformed(
          "partition \(part.number) takes sectors \(part.firstSector) to \(part.endSector - 1) of \(sectors)")
      }
      partitions.append(part)
    }
    try TableCheck.refuseOverlaps(partitions.map(\.span))
    var records: [ExtendedBootRecord] = []
    let extended = partitions.filter(\.isExtended)
    guard extended.count <= 1 else {
      throw DiecastError(
        .unsupported, "The partition table has \(extended.count) extended partitions; one is supported",
        remedy: "Merge them with fdisk, or use a GUID partition table")
    }
    if let extended = extended.first {
      var chain = MBRChain(extended: extended, sectorSize: sectorSize)
      try chain.walk(readSector)
      records = chain.records
      partitions += chain.partitions
    }
    return MBRTable(bootSector: boot.hex, extendedBootRecords: records, partitions: partitions)
  }

  /// The sectors of `table` for a disk of `diskSize`. What is written is read
  /// again from the raw sectors first, so `partitions` cannot lie about them.
  /// Throws `refused` when it does not fit, `malformed` when it is no table.
  public static func encode(
    _ table: MBRTable, sectorSize: ByteCount, diskSize: ByteCount
  ) throws(DiecastError) -> Image {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: diskSize)
    let needed = try minimumDiskSize(table, sectorSize: sectorSize)
    guard ByteCount(sectors * sectorSize.rawValue) >= needed else {
      throw TableCheck.tooSmall(needed: needed, diskSize: diskSize)
    }
    var parts: [TableBytes] = []
    for record in table.extendedBootRecords {
      parts.append(
        TableBytes(
          offset: ByteOffset(record.sector * sectorSize.rawValue),
          bytes: try TableCheck.sector(record.data, sectorSize: sectorSize, "an extended boot record")))
    }
    let boot = try TableCheck.sector(table.bootSector, sectorSize: sectorSize, "the boot sector")
    return Image(bootSector: TableBytes(offset: .zero, bytes: boot), extendedBootRecords: parts)
  }

  /// The size of the smallest disk that `table` fits: the end of its last
  /// partition. Validates the table.
  public static func minimumDiskSize(_ table: MBRTable, sectorSize: ByteCount) throws(DiecastError) -> ByteCount {
    try validate(table, sectorSize: sectorSize)
    return ByteCount((table.partitions.map(\.endSector).max() ?? 1) * sectorSize.rawValue)
  }

  /// Checks every field of a table from outside: its raw sectors make a sound
  /// table, and its partitions are what they say. Throws `malformed`.
  public static func validate(_ table: MBRTable, sectorSize: ByteCount) throws(DiecastError) {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: Limits.diskBytes)
    guard table.extendedBootRecords.count <= Limits.logicalPartitions else {
      throw TableCheck.malformed("it has \(table.extendedBootRecords.count) extended boot records")
    }
    var raw = [UInt64(0): table.bootSector]
    for record in table.extendedBootRecords {
      guard record.sector < sectors, raw.updateValue(record.data, forKey: record.sector) == nil else {
        throw TableCheck.malformed("an extended boot record lies at sector \(record.sector)")
      }
    }
    let decoded = try decode(sectorSize: sectorSize, diskSize: Limits.diskBytes) { (sector) throws(DiecastError) in
      guard let hex = raw[sector] else {
        throw TableCheck.malformed("the extended boot record at sector \(sector) is missing")
      }
      return try TableCheck.sector(hex, sectorSize: sectorSize, "sector \(sector)")
    }
    guard decoded == table else {
      throw TableCheck.malformed("its partitions are not those that its sectors describe")
    }
  }
}

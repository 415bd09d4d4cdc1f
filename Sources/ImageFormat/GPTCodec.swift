// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Reads and writes GUID partition tables (UEFI specification, chapter 5).
/// Pure: bytes in, values out. Decoding takes two steps, so that a caller never
/// reads more than a checked header allows: `GPTHeader(parsing:…)` says where
/// the entries lie, `decode` reads them.
public enum GPTCodec {
  /// Bytes of an entry.
  public static let entrySize = 128

  /// A table ready to be written to a disk of a certain size.
  public struct Image: Sendable, Equatable {
    /// Sector 0: boot code and protective or hybrid MBR.
    public let bootSector: TableBytes
    /// Sector 1.
    public let primaryHeader: TableBytes
    /// From sector 2.
    public let primaryEntries: TableBytes
    /// Just before the last sector.
    public let backupEntries: TableBytes
    /// The last sector.
    public let backupHeader: TableBytes

    /// All parts, by position.
    public var parts: [TableBytes] { [bootSector, primaryHeader, primaryEntries, backupEntries, backupHeader] }
  }

  /// The table that `bootSector` (sector 0), a checked header and the bytes of
  /// its `entriesRange` make. Throws `malformed`.
  public static func decode(
    bootSector: [UInt8], header: GPTHeader, entries: [UInt8], sectorSize: ByteCount
  ) throws(DiecastError) -> GPTTable {
    guard entries.count == header.entryCount * entrySize else { throw damaged("its entries end too early") }
    guard CRC32.checksum(entries) == header.entriesChecksum else {
      throw damaged("the entries at sector \(header.entriesSector) have a wrong checksum")
    }
    let partitions = (0..<header.entryCount).compactMap {
      GPTPartition(decoding: Array(entries[$0 * entrySize..<($0 + 1) * entrySize]), number: $0 + 1)
    }
    for part in partitions where part.lastSector > header.lastUsableSector {
      throw damaged(
        "partition \(part.number) ends at sector \(part.lastSector), behind the last usable, "
          + "\(header.lastUsableSector)")
    }
    let table = GPTTable(
      diskGUID: header.diskGUID, entryCount: header.entryCount, firstUsableSector: header.firstUsableSector,
      bootSector: bootSector.hex, partitions: partitions)
    try validate(table, sectorSize: sectorSize)
    return table
  }

  /// `table` for a disk of `diskSize`: the backup at its own end, the last
  /// usable sector, the protective MBR's size and all checksums its own.
  /// Throws `refused` when it does not fit, `malformed` when it is no table.
  public static func encode(
    _ table: GPTTable, sectorSize: ByteCount, diskSize: ByteCount
  ) throws(DiecastError) -> Image {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: diskSize)
    let needed = try minimumDiskSize(table, sectorSize: sectorSize)
    guard ByteCount(sectors * sectorSize.rawValue) >= needed else {
      throw TableCheck.tooSmall(needed: needed, diskSize: diskSize)
    }
    var entries = [UInt8](repeating: 0, count: table.entryCount * entrySize)
    for part in table.partitions {
      entries.replaceSubrange((part.number - 1) * entrySize..<part.number * entrySize, with: part.encoded)
    }
    let checksum = CRC32.checksum(entries)
    let entrySectors = entrySectors(table.entryCount, sectorSize)
    entries += [UInt8](repeating: 0, count: Int(entrySectors) * sectorSize.int - entries.count)
    let last = sectors - 1
    let backup = last - entrySectors
    func header(_ sector: UInt64, _ alternate: UInt64, _ entriesSector: UInt64) -> [UInt8] {
      GPTHeader.encode(
        table, sector: sector, alternate: alternate, lastUsable: backup - 1, entriesSector: entriesSector,
        entriesChecksum: checksum, sectorSize: sectorSize)
    }
    func place(_ bytes: [UInt8], _ sector: UInt64) -> TableBytes {
      TableBytes(offset: ByteOffset(sector * sectorSize.rawValue), bytes: bytes)
    }
    let boot = try TableCheck.sector(table.bootSector, sectorSize: sectorSize, "the boot sector")
    return Image(
      bootSector: place(GPTProtectiveMBR.fitted(boot, sectors: sectors), 0),
      primaryHeader: place(header(1, last, 2), 1), primaryEntries: place(entries, 2),
      backupEntries: place(entries, backup), backupHeader: place(header(last, 1, backup), last))
  }

  /// The size of the smallest disk that `table` fits: the end of its last
  /// partition, or its first usable sector, and the backup. Validates the table.
  public static func minimumDiskSize(_ table: GPTTable, sectorSize: ByteCount) throws(DiecastError) -> ByteCount {
    try validate(table, sectorSize: sectorSize)
    let end = table.partitions.map { $0.lastSector + 1 }.max() ?? 0
    let sectors = max(end, table.firstUsableSector) + entrySectors(table.entryCount, sectorSize) + 1
    return ByteCount(sectors * sectorSize.rawValue)
  }

  /// Where the table's structures at the front of the disk end, in bytes from its start.
  public static func frontEnd(_ table: GPTTable, sectorSize: ByteCount) throws(DiecastError) -> ByteOffset {
    try validate(table, sectorSize: sectorSize)
    return ByteOffset((2 + entrySectors(table.entryCount, sectorSize)) * sectorSize.rawValue)
  }

  /// Sectors that `count` entries fill. Only of a checked count.
  static func entrySectors(_ count: Int, _ sectorSize: ByteCount) -> UInt64 {
    (UInt64(count * entrySize) + sectorSize.rawValue - 1) / sectorSize.rawValue
  }

  static func damaged(_ problem: String) -> DiecastError {
    DiecastError(
      .malformed, "The GUID partition table is damaged: \(problem)",
      remedy: "Repair it with gdisk (menu r, recovery), or sgdisk -e")
  }
}

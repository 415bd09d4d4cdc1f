// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

extension GPTCodec {
  /// Checks every field of a table from outside, so that nothing that works
  /// with it later can trap or overflow. Throws `malformed` with what is wrong.
  public static func validate(_ table: GPTTable, sectorSize: ByteCount) throws(DiecastError) {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: Limits.diskBytes)
    guard (1...Limits.gptEntries).contains(table.entryCount) else {
      throw TableCheck.malformed("it has room for \(table.entryCount) entries")
    }
    let entrySectors = entrySectors(table.entryCount, sectorSize)
    // The backup must fit behind whatever ends last.
    let limit = sectors - entrySectors - 1
    guard table.firstUsableSector >= 2 + entrySectors, table.firstUsableSector <= limit else {
      throw TableCheck.malformed("partitions may begin at sector \(table.firstUsableSector)")
    }
    let boot = try TableCheck.sector(table.bootSector, sectorSize: sectorSize, "the boot sector")
    guard GPTProtectiveMBR.isPresent(in: boot) else {
      throw TableCheck.malformed("the boot sector has no protective MBR")
    }
    guard table.partitions.count <= table.entryCount else {
      throw TableCheck.malformed("\(table.partitions.count) partitions in \(table.entryCount) entries")
    }
    var previous = 0
    for part in table.partitions {
      guard part.number > previous, part.number <= table.entryCount else {
        throw TableCheck.malformed("partition \(part.number) is out of place")
      }
      previous = part.number
      try part.validateFields()
      guard part.firstSector >= table.firstUsableSector, part.firstSector <= part.lastSector, part.lastSector < limit
      else {
        throw TableCheck.malformed(
          "partition \(part.number) from sector \(part.firstSector) to \(part.lastSector) is not possible, "
            + "as partitions may begin at \(table.firstUsableSector)")
      }
    }
    try TableCheck.refuseOverlaps(
      table.partitions.map { (number: $0.number, first: $0.firstSector, last: $0.lastSector) })
  }
}

/// The entry in sector 0 that keeps old tools from taking the disk for empty
/// (UEFI specification, 5.2.3).
public enum GPTProtectiveMBR {
  private static let type: UInt8 = 0xee

  /// Whether sector 0 says that the disk has a GUID partition table.
  public static func isPresent(in bootSector: [UInt8]) -> Bool {
    MBREntry.isSigned(bootSector) && MBREntry.all(in: bootSector).contains { $0.type == type && $0.count > 0 }
  }

  /// Whether sector 0 also lists partitions of its own (a hybrid MBR).
  public static func isHybrid(_ bootSector: [UInt8]) -> Bool {
    isPresent(in: bootSector) && MBREntry.all(in: bootSector).contains { $0.type != type && $0.count > 0 }
  }

  /// Sector 0 for a disk of `sectors`: the protective entry covers the disk, or
  /// as much as 32 bits can say. A hybrid MBR stays as it is, because its
  /// protective entry covers only what its others leave.
  static func fitted(_ bootSector: [UInt8], sectors: UInt64) -> [UInt8] {
    let entries = MBREntry.all(in: bootSector)
    guard let place = entries.firstIndex(where: { $0.type == type && $0.count > 0 }),
      entries.filter({ $0.count > 0 }).count == 1, entries[place].start == 1
    else { return bootSector }
    let count = UInt32(clamping: sectors - 1)
    guard count != entries[place].count else { return bootSector }
    var result = bootSector
    let offset = MBREntry.offset(of: place)
    result.put(count, at: offset + 12)
    result.replaceSubrange(offset + 5..<offset + 8, with: cylinderHeadSector(UInt64(count)))
    return result
  }

  /// A sector's address for 255 heads and 63 sectors a track; FFFFFF beyond.
  private static func cylinderHeadSector(_ sector: UInt64) -> [UInt8] {
    let (cylinder, rest) = sector.quotientAndRemainder(dividingBy: 255 * 63)
    guard cylinder < 1024 else { return [0xff, 0xff, 0xff] }
    return [UInt8(rest / 63), UInt8(rest % 63 + 1) | UInt8(cylinder >> 8) << 6, UInt8(truncatingIfNeeded: cylinder)]
  }
}

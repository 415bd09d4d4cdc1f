// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

extension MBRPartition {
  init(_ entry: MBREntry, number: Int, base: UInt64) {
    self.init(
      number: number, type: entry.type, isBootable: entry.indicator & 0x80 != 0,
      firstSector: base + UInt64(entry.start), sectorCount: UInt64(entry.count))
  }

  /// The first sector after it. Only of a partition read from a sector, where
  /// all numbers have 32 bits, so that no sum overflows.
  var endSector: UInt64 { firstSector + sectorCount }

  var span: (number: Int, first: UInt64, last: UInt64) { (number, firstSector, endSector - 1) }
}

/// Follows the chain of extended boot records inside an extended partition.
/// Each describes one logical partition, from its own sector on, and where the
/// next lies, from the extended partition's start on. No record may come
/// twice, so the chain ends, whatever the sectors say.
struct MBRChain {
  let extended: MBRPartition
  let sectorSize: ByteCount
  private(set) var records: [ExtendedBootRecord] = []
  private(set) var partitions: [MBRPartition] = []

  init(extended: MBRPartition, sectorSize: ByteCount) {
    self.extended = extended
    self.sectorSize = sectorSize
  }

  mutating func walk(_ readSector: MBRCodec.SectorReader) throws(DiecastError) {
    var next: UInt64? = extended.firstSector
    while let sector = next {
      guard records.count < Limits.logicalPartitions else {
        throw TableCheck.malformed("it has more than \(Limits.logicalPartitions) extended boot records")
      }
      next = try follow(sector, readSector)
    }
    // Records take part, so that a partition over one is found; they bear the number of the extended partition.
    try TableCheck.refuseOverlaps(
      partitions.map(\.span) + records.map { (number: extended.number, first: $0.sector, last: $0.sector) })
  }

  /// Takes the record at `sector`; returns where the next one lies.
  private mutating func follow(_ sector: UInt64, _ readSector: MBRCodec.SectorReader) throws(DiecastError) -> UInt64? {
    let bytes = try readSector(sector)
    let place = "the extended boot record at sector \(sector)"
    guard bytes.count == sectorSize.int, MBREntry.isSigned(bytes) || records.isEmpty else {
      throw TableCheck.malformed("\(place) lacks its signature")
    }
    records.append(ExtendedBootRecord(sector: sector, data: bytes.hex))
    // An extended partition in which nothing was ever made: for the kernel, too, it is empty.
    guard MBREntry.isSigned(bytes) else { return nil }
    let used = MBREntry.all(in: bytes).filter(\.isUsed)
    let links = used.filter(\.isExtended)
    guard links.count <= 1, used.count - links.count <= 1 else {
      throw TableCheck.malformed("\(place) describes more than one partition and one link")
    }
    if let entry = used.first(where: { !$0.isExtended }) {
      let part = MBRPartition(entry, number: 5 + partitions.count, base: sector)
      guard part.firstSector > sector, part.endSector <= extended.endSector else {
        throw TableCheck.malformed(
          "logical partition \(part.number), sectors \(part.firstSector) to \(part.endSector - 1), "
            + "is not inside its extended partition")
      }
      partitions.append(part)
    }
    guard let link = links.first else { return nil }
    let next = extended.firstSector + UInt64(link.start)
    // Backwards is legal: partitioning tools link a partition that was made again later at the end.
    guard next >= extended.firstSector, next < extended.endSector, !records.contains(where: { $0.sector == next })
    else {
      throw TableCheck.malformed(
        "\(place) names sector \(next) as the next, which is outside its extended partition or was there before",
        remedy: "Repair the table with fdisk or sfdisk")
    }
    return next
  }
}

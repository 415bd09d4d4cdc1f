// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat

/// Reads a disk's partition table with Diecast's own codecs and has libblkid
/// read it, too. Only reads.
struct TableReader {
  let disk: Disk
  let sectorSize: ByteCount
  private(set) var notes: [String] = []

  init(_ disk: Disk, sectorSize: ByteCount) {
    self.disk = disk
    self.sectorSize = sectorSize
  }

  private var whole: ByteRange { ByteRange(start: .zero, length: disk.size) }

  /// The table, and what lies on the disk as a whole.
  mutating func read() throws(DiecastError) -> (table: PartitionTable, identity: FilesystemIdentity?) {
    let (disk, whole) = (disk, whole)
    let boot = try sector(0)
    let identity = try FilesystemProbe.identify(disk, range: whole)
    let other = try BlkidProbe.run(disk, whole, sectorSize: sectorSize) { (probe) throws(DiecastError) in
      try probe.findTable(disk, whole)
    }
    let table = try located { (reader) throws(DiecastError) in
      try reader.table(boot: boot, libblkid: other?.type, identity: identity)
    }
    if table == .none {
      if let other { notes.append("A partition table of type \(other.type), which Diecast does not take apart") }
      return (table, other == nil ? identity : identity.map { _ in FilesystemIdentity(type: "", usage: .ambiguous) })
    }
    try PartitionView(table, sectorSize: sectorSize).requireAgreement(
      with: other ?? PartitionView(source: "libblkid", type: "none"), path: disk.path, code: .malformed)
    if let identity {
      let what = identity.usage == .ambiguous ? "several signatures" : "a signature of \(identity.type)"
      notes.append("Beside the partition table, the disk as a whole bears \(what), which is ignored")
    }
    return (table, nil)
  }

  private mutating func table(
    boot: [UInt8], libblkid: String?, identity: FilesystemIdentity?
  ) throws(DiecastError) -> PartitionTable {
    if GPTProtectiveMBR.isPresent(in: boot) {
      if GPTProtectiveMBR.isHybrid(boot) { notes.append("The MBR is a hybrid; it is restored as it is") }
      return .gpt(try gpt(boot: boot))
    }
    let hasPrimary = (try? header(1)) != nil
    if MBRCodec.looksLikeTable(boot), libblkid == "dos" || MBRCodec.hasEntries(boot) && !isBootSector(identity) {
      if hasPrimary { notes.append("Remains of a GUID partition table are ignored, as the kernel does") }
      let disk = self
      return .mbr(
        try MBRCodec.decode(sectorSize: sectorSize, diskSize: self.disk.size) { (number) throws(DiecastError) in
          try disk.sector(number)
        })
    }
    if hasPrimary {
      guard identity != nil else {
        throw DiecastError(
          .malformed, "There is a GUID partition table, but no protective MBR in sector 0",
          remedy: "Write a new one with gdisk (menu x, n), or wipe the table with sgdisk --zap-all")
      }
      notes.append("Remains of a GUID partition table are ignored, as the kernel does")
    }
    return .none
  }

  /// Whether a filesystem begins with a boot sector, whose code may look like partitions.
  private func isBootSector(_ identity: FilesystemIdentity?) -> Bool {
    ["vfat", "ntfs", "exfat", "BitLocker"].contains(identity?.type)
  }

  private mutating func gpt(boot: [UInt8]) throws(DiecastError) -> GPTTable {
    let last = disk.size.rawValue / sectorSize.rawValue - 1
    let primary: (GPTHeader, GPTTable)
    do throws(DiecastError) {
      primary = try copy(at: 1, boot: boot)
    } catch {
      if error.code != .malformed { throw error }
      guard let backup = try? copy(at: last, boot: boot) else { throw error }
      notes.append("The primary GUID partition table is damaged; its backup was used")
      return backup.1
    }
    // The backup is where the primary says; on a disk that was made larger that is not its end.
    let place = primary.0.alternateSector
    if place != last { notes.append("The backup GUID partition table is not at the end of the disk") }
    guard place > 1, place <= last, let backup = try? copy(at: place, boot: boot) else {
      notes.append("The backup GUID partition table is damaged; a restored disk gets a sound one")
      return primary.1
    }
    if backup.1 != primary.1 { notes.append("The two copies of the GUID partition table differ; the first was used") }
    return primary.1
  }

  private func header(_ number: UInt64) throws(DiecastError) -> GPTHeader {
    try GPTHeader(parsing: sector(number), at: number, sectorSize: sectorSize, diskSize: disk.size)
  }

  private func copy(at number: UInt64, boot: [UInt8]) throws(DiecastError) -> (GPTHeader, GPTTable) {
    let header = try header(number)
    // Restored tables have their entries there; boot code may lie in between on some boards.
    if number == 1, header.entriesSector != 2 {
      throw DiecastError(
        .unsupported, "The GUID partition table's entries begin at sector \(header.entriesSector), not 2",
        remedy: "Move them with sgdisk --move-main-table=2")
    }
    let entries = try bytes(header.entriesRange)
    return (header, try GPTCodec.decode(bootSector: boot, header: header, entries: entries, sectorSize: sectorSize))
  }

  /// The bytes of a sector.
  func sector(_ number: UInt64) throws(DiecastError) -> [UInt8] {
    guard number < disk.size.rawValue / sectorSize.rawValue else {
      throw DiecastError(.malformed, "The partition table needs sector \(number), which is not on the disk")
    }
    return try bytes(ByteRange(start: ByteOffset(number * sectorSize.rawValue), length: sectorSize))
  }

  /// The bytes of a range that lies on the disk.
  func bytes(_ range: ByteRange) throws(DiecastError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.length.int)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    try disk.read(into: &raw, at: range.start)
    return bytes
  }

  /// Puts the disk's path before what the codecs, which do not know it, say.
  private mutating func located<R>(
    _ body: (inout TableReader) throws(DiecastError) -> R
  ) throws(DiecastError) -> R {
    do throws(DiecastError) {
      return try body(&self)
    } catch {
      guard error.code == .malformed || error.code == .unsupported else { throw error }
      throw DiecastError(error.code, "\(disk.path): \(error.sentence)", remedy: error.remedy, cause: error.cause)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
public import ImageFormat

/// Puts partition tables on a restore's target: the old one goes before the
/// first write, the new one comes last, so that a half-written disk never boots.
public enum PartitionTableWriter {
  /// Bytes of entries in every GUID partition table but unusual ones.
  private static let entryBytes = ByteCount.kib(16)

  /// Zeroes sector 0 and both copies of a GUID partition table, and flushes.
  /// Leaves alone what lies from `frontLimit` (the first volume that is kept)
  /// up to `backLimit` (the end of the last); a `frontLimit` of zero keeps sector 0.
  /// Throws `writeFailed`.
  public static func clear(
    on disk: Disk, frontLimit: ByteOffset, backLimit: ByteOffset = .zero
  ) throws(DiecastError) {
    let unit = disk.logicalSectorSize.rawValue
    let front = min(frontLimit.rawValue, 2 * unit + entryBytes.rawValue, disk.size.rawValue) / unit * unit
    if front > 0 { try disk.zero(ByteRange(start: .zero, length: ByteCount(front))) }
    let reserve = min(unit + entryBytes.rawValue, disk.size.rawValue)
    let limit = min(backLimit.rawValue, disk.size.rawValue)
    let kept = (limit + unit - 1) / unit * unit
    let back = max(disk.size.rawValue - reserve, kept)
    if back < disk.size.rawValue {
      try disk.zero(ByteRange(from: ByteOffset(back), to: ByteOffset(disk.size.rawValue)))
    }
    try disk.flush()
  }

  /// Writes `table`, whose sectors have `sourceSectorSize` bytes, and flushes:
  /// what sector 0 refers to first, sector 0 last. Everything is checked before
  /// the first write. Throws `refused`, `malformed`, `writeFailed`.
  public static func write(
    _ table: PartitionTable, sourceSectorSize: ByteCount, to disk: Disk
  ) throws(DiecastError) {
    let boot: TableBytes
    switch table {
    case .none: return
    case .gpt(let table):
      let image = try GPTCodec.encode(
        table, sectorSize: try checked(sourceSectorSize, disk), diskSize: disk.size)
      try write([image.backupEntries, image.backupHeader, image.primaryEntries, image.primaryHeader], to: disk)
      boot = image.bootSector
    case .mbr(let table):
      let image = try MBRCodec.encode(
        table, sectorSize: try checked(sourceSectorSize, disk), diskSize: disk.size)
      try write(image.extendedBootRecords, to: disk)
      boot = image.bootSector
    }
    try disk.flush()
    try write([boot], to: disk)
    try disk.flush()
  }

  /// Reads back what `write` wrote: the bytes, then the table by Diecast's own
  /// codecs and by libblkid, then by libparted. Returns remarks for people,
  /// such as that libparted cannot read a table of this kind. Throws
  /// `verificationFailed`, `readFailed`.
  @discardableResult
  public static func check(
    _ table: PartitionTable, sourceSectorSize: ByteCount, on disk: Disk
  ) throws(DiecastError) -> [String] {
    let parts = try parts(of: table, sectorSize: sourceSectorSize, disk: disk)
    guard let boot = parts.first else { return [] }
    var reader = TableReader(disk, sectorSize: sourceSectorSize)
    for part in parts where try reader.bytes(part.range) != part.bytes {
      throw mismatch(disk, "\(part.bytes.count) bytes at offset \(part.offset) are not what was written")
    }
    let found: PartitionTable
    do throws(DiecastError) {
      found = try reader.read().table
    } catch {
      guard error.code == .malformed || error.code == .unsupported else { throw error }
      throw mismatch(disk, error.sentence)
    }
    var expected = table
    if case .gpt(var table) = table {
      // The protective entry has the target's size.
      table.bootSector = boot.bytes.hex
      expected = .gpt(table)
    }
    guard found == expected else { throw mismatch(disk, "it holds another table than the image's") }
    // libparted takes a file's sectors to have 512 bytes, whatever was captured.
    guard sourceSectorSize == disk.logicalSectorSize else { return reader.notes }
    switch LibpartedView.read(disk) {
    case .refusal(let reason): return reader.notes + ["libparted does not read the new partition table: \(reason)"]
    case .table(let view):
      try PartitionView(table, sectorSize: sourceSectorSize).requireAgreement(
        with: view, path: disk.path, code: .verificationFailed)
      return reader.notes
    }
  }

  /// The ranges of `disk` that `table` occupies, by position, in bytes. Throws as `write` does before it writes.
  public static func tableRanges(
    _ table: PartitionTable, sourceSectorSize: ByteCount, on disk: Disk
  ) throws(DiecastError) -> [ByteRange] {
    try parts(of: table, sectorSize: sourceSectorSize, disk: disk).map(\.range).coalesced()
  }

  /// What `write` would put where; sector 0 first. Throws as `write` does before it writes.
  public static func parts(
    of table: PartitionTable, sectorSize: ByteCount, disk: Disk
  ) throws(DiecastError) -> [TableBytes] {
    switch table {
    case .none: []
    case .gpt(let table):
      try GPTCodec.encode(table, sectorSize: try checked(sectorSize, disk), diskSize: disk.size).parts
    case .mbr(let table):
      try MBRCodec.encode(table, sectorSize: try checked(sectorSize, disk), diskSize: disk.size).parts
    }
  }

  /// Tables count in sectors, so on a disk with others the same numbers would mean other places. A file has none of its own.
  private static func checked(_ sectorSize: ByteCount, _ disk: Disk) throws(DiecastError) -> ByteCount {
    guard !disk.isBlockDevice || disk.logicalSectorSize == sectorSize else {
      throw DiecastError(
        .refused,
        "The image is of a disk with sectors of \(sectorSize) bytes, \(disk.path) has \(disk.logicalSectorSize)",
        remedy: "Name a disk with sectors of \(sectorSize) bytes, or reformat it with nvme format or sg_format")
    }
    return sectorSize
  }

  private static func write(_ parts: [TableBytes], to disk: Disk) throws(DiecastError) {
    for part in parts { try unsafe disk.write(part.bytes.span.bytes, at: part.offset) }
  }

  private static func mismatch(_ disk: Disk, _ problem: String) -> DiecastError {
    DiecastError(
      .verificationFailed, "The new partition table on \(disk.path) is not right: \(problem)",
      remedy: "Restore again; if it happens again, replace the disk")
  }
}

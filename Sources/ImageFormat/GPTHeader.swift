// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// A checked header of a GUID partition table: the first step of decoding,
/// which says where the entries lie (UEFI specification, 5.3.2).
public struct GPTHeader: Sendable, Equatable {
  /// The sector that it was read from.
  public let sector: UInt64
  /// Where the other copy is said to lie.
  public let alternateSector: UInt64
  /// The first sector that partitions may use.
  public let firstUsableSector: UInt64
  /// The last sector that partitions may use.
  public let lastUsableSector: UInt64
  /// The disk's GUID.
  public let diskGUID: GUID
  /// The first sector of the entries.
  public let entriesSector: UInt64
  /// How many entries, used or not.
  public let entryCount: Int
  /// CRC-32 of the entries.
  public let entriesChecksum: UInt32
  /// Where on the disk the entries lie, in bytes; always inside the disk, at
  /// most `Limits.gptEntries` times 128 bytes, not rounded up to a sector.
  public let entriesRange: ByteRange

  static let signature = Array("EFI PART".utf8)
  static let revision: UInt32 = 0x0001_0000
  static let size = 92

  /// Parses the bytes of `sector`. Throws `malformed` for what no table may
  /// say, `unsupported` for what Diecast does not know.
  public init(
    parsing bytes: [UInt8], at sector: UInt64, sectorSize: ByteCount, diskSize: ByteCount
  ) throws(DiecastError) {
    let sectors = try TableCheck.sectors(sectorSize: sectorSize, diskSize: diskSize)
    func malformed(_ problem: String) -> DiecastError { GPTCodec.damaged("its header at sector \(sector) \(problem)") }
    guard bytes.count == sectorSize.int else { throw malformed("is not \(sectorSize) bytes long") }
    guard Array(bytes[..<8]) == Self.signature else { throw malformed("lacks its signature") }
    let length = bytes.uint32(at: 12)
    guard length >= UInt32(Self.size), UInt64(length) <= sectorSize.rawValue else {
      throw malformed("claims \(length) bytes")
    }
    var covered = Array(bytes[..<Int(length)])
    covered.put(UInt32(0), at: 16)
    guard CRC32.checksum(covered) == bytes.uint32(at: 16) else { throw malformed("has a wrong checksum") }
    guard bytes.uint32(at: 8) == Self.revision else {
      throw DiecastError(.unsupported, "The GUID partition table is of another revision than 1.0")
    }
    guard sector > 0, sector < sectors, bytes.uint64(at: 24) == sector else {
      throw malformed("says that it lies at sector \(bytes.uint64(at: 24))")
    }
    let entrySize = bytes.uint32(at: 84)
    guard entrySize == UInt32(GPTCodec.entrySize) else {
      guard entrySize > 128, entrySize.nonzeroBitCount == 1 else {
        throw malformed("has entries of \(entrySize) bytes")
      }
      throw DiecastError(
        .unsupported, "The GUID partition table has entries of \(entrySize) bytes; only 128 are supported",
        remedy: "Write the table anew with gdisk, which uses entries of 128 bytes")
    }
    let count = bytes.uint32(at: 80)
    guard count > 0, count <= UInt32(Limits.gptEntries) else { throw malformed("claims \(count) entries") }
    let entriesLength = UInt64(count) * UInt64(entrySize)
    let entriesSectors = (entriesLength + sectorSize.rawValue - 1) / sectorSize.rawValue
    let entries = bytes.uint64(at: 72)
    guard entries > 1, entries < sectors, sectors - entries >= entriesSectors else {
      throw malformed("puts the entries at sector \(entries), outside the disk's \(sectors) sectors")
    }
    guard sector < entries || sector >= entries + entriesSectors else { throw malformed("lies among its entries") }
    let (first, last) = (bytes.uint64(at: 40), bytes.uint64(at: 48))
    guard first > 1, first < sectors, last < sectors, first <= last + 1 else {
      throw malformed("allows partitions from sector \(first) to \(last) of \(sectors)")
    }
    guard entries > last || entries + entriesSectors <= first, sector < first || sector > last else {
      throw malformed("allows partitions where the table lies")
    }
    guard let guid = GUID(bytes[56..<72]) else { throw malformed("has no GUID") }
    self.sector = sector
    alternateSector = bytes.uint64(at: 32)
    (firstUsableSector, lastUsableSector) = (first, last)
    diskGUID = guid
    entriesSector = entries
    entryCount = Int(count)
    entriesChecksum = bytes.uint32(at: 88)
    entriesRange = ByteRange(
      start: ByteOffset(entries * sectorSize.rawValue), length: ByteCount(entriesLength))
  }

  /// The header's sector for a table; checksums computed.
  static func encode(
    _ table: GPTTable, sector: UInt64, alternate: UInt64, lastUsable: UInt64, entriesSector: UInt64,
    entriesChecksum: UInt32, sectorSize: ByteCount
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sectorSize.int)
    bytes.replaceSubrange(0..<8, with: signature)
    bytes.put(revision, at: 8)
    bytes.put(UInt32(size), at: 12)
    bytes.put(sector, at: 24)
    bytes.put(alternate, at: 32)
    bytes.put(table.firstUsableSector, at: 40)
    bytes.put(lastUsable, at: 48)
    bytes.replaceSubrange(56..<72, with: table.diskGUID.bytes)
    bytes.put(entriesSector, at: 72)
    bytes.put(UInt32(table.entryCount), at: 80)
    bytes.put(UInt32(GPTCodec.entrySize), at: 84)
    bytes.put(entriesChecksum, at: 88)
    bytes.put(CRC32.checksum(bytes[..<size]), at: 16)
    return bytes
  }
}

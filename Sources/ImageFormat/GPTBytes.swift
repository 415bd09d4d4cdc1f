// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Bytes of a partition table and where on the disk they belong.
public struct TableBytes: Sendable, Equatable {
  /// Bytes from the start of the disk; a multiple of the sector size.
  public let offset: ByteOffset
  /// Whole sectors.
  public let bytes: [UInt8]

  /// `bytes` at `offset`.
  public init(offset: ByteOffset, bytes: [UInt8]) {
    self.offset = offset
    self.bytes = bytes
  }

  /// The range that they take.
  public var range: ByteRange { ByteRange(start: offset, length: ByteCount(bytes.count)) }
}

/// CRC-32 as UEFI, zip and Ethernet use it (reflected polynomial EDB88320).
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
  }

  /// The checksum of `bytes`.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }
}

/// Little-endian numbers at fixed places; the caller has checked the length.
extension [UInt8] {
  func uint16(at index: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(at: index, count: 2)) }
  func uint32(at index: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(at: index, count: 4)) }
  func uint64(at index: Int) -> UInt64 { number(at: index, count: 8) }

  private func number(at index: Int, count: Int) -> UInt64 {
    self[index..<index + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func put(_ value: some FixedWidthInteger & UnsignedInteger, at index: Int) {
    for place in 0..<value.bitWidth / 8 { self[index + place] = UInt8(truncatingIfNeeded: value >> (place * 8)) }
  }
}

/// What the codecs of both kinds of partition table share.
enum TableCheck {
  /// How many sectors `diskSize` has; checks that `sectorSize` is one that Diecast knows.
  static func sectors(sectorSize: ByteCount, diskSize: ByteCount) throws(DiecastError) -> UInt64 {
    guard Limits.sectorSize.contains(sectorSize), sectorSize.isPowerOfTwo else {
      throw DiecastError(.unsupported, "Partition tables with sectors of \(sectorSize) bytes are not supported")
    }
    guard diskSize <= Limits.diskBytes else {
      throw DiecastError(.unsupported, "Disks of \(diskSize) bytes are not supported")
    }
    return diskSize.rawValue / sectorSize.rawValue
  }

  /// The bytes of a sector kept in hexadecimal; refuses any other length than a sector's.
  static func sector(_ hex: String, sectorSize: ByteCount, _ what: String) throws(DiecastError) -> [UInt8] {
    guard hex.utf8.count == sectorSize.int * 2, let bytes = [UInt8](lowercaseHex: hex) else {
      throw malformed("\(what) is not \(sectorSize) bytes in hexadecimal")
    }
    return bytes
  }

  /// Refuses ranges, in sectors, that share one: each is a partition's number, first and last sector.
  static func refuseOverlaps(_ parts: [(number: Int, first: UInt64, last: UInt64)]) throws(DiecastError) {
    let sorted = parts.sorted { $0.first < $1.first }
    for (left, right) in zip(sorted, sorted.dropFirst()) where right.first <= left.last {
      throw malformed(
        "partitions \(left.number) (sectors \(left.first) to \(left.last)) and \(right.number) "
          + "(sectors \(right.first) to \(right.last)) overlap")
    }
  }

  /// A table that needs `needed` does not fit `diskSize`.
  static func tooSmall(needed: ByteCount, diskSize: ByteCount) -> DiecastError {
    DiecastError(
      .refused,
      "The disk has \(diskSize) bytes (\(diskSize.human)), its partition table needs \(needed) bytes (\(needed.human))",
      remedy: "Name a larger disk, or shrink the last partition of the golden machine and capture it again")
  }

  static func malformed(_ problem: String, remedy: String? = nil) -> DiecastError {
    DiecastError(
      .malformed, "The partition table is malformed: \(problem)",
      remedy: remedy ?? "Look at the disk with fdisk -l and repair its table, or capture the image anew")
  }
}

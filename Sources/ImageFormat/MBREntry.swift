// SPDX-License-Identifier: GPL-3.0-or-later

/// One of the four entries in a master or extended boot record.
struct MBREntry {
  /// 0x80 when active.
  let indicator: UInt8
  /// What it holds.
  let type: UInt8
  /// Its first sector, counted from what the record says.
  let start: UInt32
  /// Its length in sectors; 0 when the entry is unused, as the kernel has it.
  let count: UInt32

  var isUsed: Bool { count > 0 }
  var isExtended: Bool { [0x05, 0x0f, 0x85].contains(type) }

  /// Bytes from the sector's start to entry `index`.
  static func offset(of index: Int) -> Int { 446 + index * 16 }

  /// Whether the sector ends its first 512 bytes with 55 AA.
  static func isSigned(_ sector: [UInt8]) -> Bool { sector.count >= 512 && sector[510] == 0x55 && sector[511] == 0xaa }

  /// The four entries of a sector of 512 bytes or more; none of a shorter one.
  static func all(in sector: [UInt8]) -> [MBREntry] {
    guard sector.count >= 512 else { return [] }
    return (0..<4).map { index in
      let place = offset(of: index)
      return MBREntry(
        indicator: sector[place], type: sector[place + 4], start: sector.uint32(at: place + 8),
        count: sector.uint32(at: place + 12))
    }
  }
}

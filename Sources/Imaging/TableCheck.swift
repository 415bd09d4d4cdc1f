// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import DiskLayout
internal import ImageFormat

/// Compares a partition table with what a disk holds.
enum TableCheck {
  /// Whether `disk` holds `source`'s table already, byte for byte, backup included.
  static func matches(_ source: ImageDisk, on disk: Disk) throws(DiecastError) -> Bool {
    let parts = try PartitionTableWriter.parts(of: source.table, sectorSize: source.logicalSectorSize, disk: disk)
    for part in parts {
      let buffer = AlignedBuffer(capacity: part.bytes.count)
      try buffer.withMutableBytes(0..<part.bytes.count) { (span) throws(DiecastError) in
        try disk.read(into: &span, at: part.offset)
      }
      let isSame = buffer.withBytes(0..<part.bytes.count) { span in
        part.bytes.indices.allSatisfy { span.byte($0) == part.bytes[$0] }
      }
      if !isSame { return false }
    }
    return true
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import CParted
internal import DiecastCore
import Synchronization

/// A target's new partition table as libparted reads it. Never used on a
/// source: `ped_disk_new` opens the disk, and each partition's node, for
/// writing, flushes their buffers, and so makes udev look at them again.
/// Nothing is ever committed.
enum LibpartedView {
  /// libparted's device list and exception handler belong to the process.
  private static let lock = Mutex(())
  private static let complaints = Mutex<[String]>([])

  /// What libparted makes of a disk.
  enum Result {
    /// It reads the table.
    case table(PartitionView)
    /// It does not, and says so.
    case refusal(String)
  }

  /// Reads the table on `disk`.
  static func read(_ disk: Disk) -> Result {
    lock.withLock { _ in
      complaints.withLock { $0 = [] }
      // Every question is left unanswered, so libparted repairs nothing and prints nothing.
      unsafe ped_exception_set_handler { exception in
        let text = unsafe exception.flatMap { unsafe $0.pointee.message }.map { unsafe String(cString: $0) }
        LibpartedView.complaints.withLock { $0.append(text ?? "an unknown problem") }
        return PED_EXCEPTION_UNHANDLED
      }
      guard let device = unsafe ped_device_get(disk.path) else { return refusal }
      defer { unsafe ped_device_destroy(device) }
      guard let table = unsafe ped_disk_new(device) else { return refusal }
      defer { unsafe ped_disk_destroy(table) }
      return unsafe view(of: table, sectorSize: device.pointee.sector_size)
    }
  }

  private static var refusal: Result {
    .refusal(complaints.withLock { $0.isEmpty ? "no reason given" : $0.joined(separator: " ") })
  }

  private static func view(of table: UnsafeMutablePointer<PedDisk>, sectorSize: Int64) -> Result {
    let name = unsafe table.pointee.type.pointee.name.map { unsafe String(cString: $0) } ?? ""
    var view = PartitionView(source: "libparted", type: name == "msdos" ? "dos" : name)
    let unit = UInt64(clamping: sectorSize)
    var next = unsafe ped_disk_next_partition(table, nil)
    while let part = unsafe next {
      // Free space and metadata come as partitions without a number.
      if unsafe part.pointee.num > 0 {
        view.partitions.append(
          PartitionView.Entry(
            number: Int(unsafe part.pointee.num),
            start: UInt64(clamping: unsafe part.pointee.geom.start).multipliedReportingOverflow(by: unit).0,
            length: UInt64(clamping: unsafe part.pointee.geom.length).multipliedReportingOverflow(by: unit).0,
            type: nil))
      }
      unsafe next = ped_disk_next_partition(table, part)
    }
    return .table(view)
  }
}

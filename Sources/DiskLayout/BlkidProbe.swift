// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import CBlkid
internal import DiecastCore
internal import Glibc
import Synchronization

/// A libblkid prober over a range of an open disk. No cache, only reads.
///
/// libblkid seeks before it reads, so two probers on one descriptor would
/// disturb each other: all probing takes one lock. `Disk` itself never uses
/// the descriptor's position.
@safe final class BlkidProbe {
  private static let lock = Mutex(())
  private let probe: OpaquePointer

  /// Lends a prober over `range` of `disk`, whose sectors have `sectorSize` bytes.
  static func run<R>(
    _ disk: Disk, _ range: ByteRange, sectorSize: ByteCount,
    _ body: (BlkidProbe) throws(DiecastError) -> R
  ) throws(DiecastError) -> R {
    try lock.withLock { (_) throws(DiecastError) in
      let probe = try BlkidProbe(disk, range, sectorSize: sectorSize)
      return try body(probe)
    }
  }

  private init(_ disk: Disk, _ range: ByteRange, sectorSize: ByteCount) throws(DiecastError) {
    guard let new = unsafe blkid_new_probe() else {
      throw DiecastError(.internal, "libblkid is out of memory")
    }
    unsafe probe = new
    let (start, length) = (Int64(range.start.rawValue), Int64(range.length.rawValue))
    guard unsafe blkid_probe_set_device(new, disk.descriptor, start, length) == 0,
      unsafe blkid_probe_set_sectorsize(new, UInt32(sectorSize.rawValue)) == 0
    else { throw Self.failure(disk, range) }
  }

  deinit { unsafe blkid_free_probe(probe) }

  /// Looks for filesystems, members and containers. False when there is nothing; nil when there is more than one.
  func findSuperblock(_ disk: Disk, _ range: ByteRange) throws(DiecastError) -> Bool? {
    // A superblock with a wrong checksum is none: BADCSUM stays off.
    let flags =
      BLKID_SUBLKS_TYPE | BLKID_SUBLKS_VERSION | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL
    unsafe blkid_probe_enable_partitions(probe, 0)
    unsafe blkid_probe_enable_superblocks(probe, 1)
    unsafe blkid_probe_set_superblocks_flags(probe, flags)
    errno = 0
    switch unsafe blkid_do_safeprobe(probe) {
    case 0: return true
    case 1: return false
    case -2: return nil
    default: throw Self.failure(disk, range)
    }
  }

  /// Looks for a partition table: its type in libblkid's words, and its partitions. Nil when there is none.
  func findTable(_ disk: Disk, _ range: ByteRange) throws(DiecastError) -> PartitionView? {
    unsafe blkid_probe_enable_superblocks(probe, 0)
    unsafe blkid_probe_enable_partitions(probe, 1)
    errno = 0
    let result = unsafe blkid_do_fullprobe(probe)
    guard result >= 0 else { throw Self.failure(disk, range) }
    guard result == 0, let type = value("PTTYPE") else { return nil }
    var view = PartitionView(source: "libblkid", type: type)
    guard let list = unsafe blkid_probe_get_partitions(probe) else { return view }
    let count = unsafe blkid_partlist_numof_partitions(list)
    for index in 0..<max(count, 0) {
      // Tables nested inside a partition (BSD, Minix, Solaris) are its content.
      guard let part = unsafe blkid_partlist_get_partition(list, index),
        let table = unsafe blkid_partition_get_table(part), unsafe blkid_parttable_get_parent(table) == nil
      else { continue }
      let typeText = unsafe blkid_partition_get_type_string(part).map { unsafe String(cString: $0).uppercased() }
      let typeNumber = unsafe blkid_partition_get_type(part)
      view.partitions.append(
        PartitionView.Entry(
          number: Int(unsafe blkid_partition_get_partno(part)),
          // libblkid counts in 512 bytes, whatever the disk does; a negative number matches no table.
          start: UInt64(clamping: unsafe blkid_partition_get_start(part)).multipliedReportingOverflow(by: 512).0,
          length: UInt64(clamping: unsafe blkid_partition_get_size(part)).multipliedReportingOverflow(by: 512).0,
          type: typeText ?? PartitionView.mbrType(UInt8(truncatingIfNeeded: typeNumber))))
    }
    return view
  }

  /// A value of the last probe, such as `UUID`; nil when there is none.
  func value(_ name: String) -> String? {
    var text: UnsafePointer<CChar>?
    guard unsafe blkid_probe_lookup_value(probe, name, &text, nil) == 0 else { return nil }
    return unsafe text.map { unsafe String(cString: $0) }
  }

  private static func failure(_ disk: Disk, _ range: ByteRange) -> DiecastError {
    let number = errno == 0 ? EIO : errno
    return DiecastError(
      .readFailed, "Cannot probe \(disk.path) at offset \(range.start), \(range.length) bytes",
      remedy: "Check the disk's cabling and health with smartctl -a",
      cause: SystemCallFailure(call: "libblkid", errno: number, words: unsafe String(cString: strerror(number))))
  }
}

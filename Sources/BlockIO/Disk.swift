// SPDX-License-Identifier: GPL-3.0-or-later

internal import CLinux
public import DiecastCore
internal import Glibc
import Synchronization

/// A whole block device, or a regular file standing in for one.
///
/// Sendable: descriptors never change after opening, and pread(2), pwrite(2)
/// and the ioctls here may run beside one another.
public final class Disk: Sendable {
  /// What a disk is opened for.
  public enum Access: Sendable {
    /// Read-only, and refused while mounted.
    case source
    /// Read-write and exclusive, refused while mounted, held or read-only.
    case target
    /// Read-only beside other users, for looking.
    case inspection
  }

  /// The path that the user gave.
  public let path: String
  /// Whether it is a block device; otherwise a regular file.
  public let isBlockDevice: Bool
  /// Its size, in whole logical sectors.
  public let size: ByteCount
  /// What the disk addresses: 512 or 4096 as a rule; 512 for a file.
  public let logicalSectorSize: ByteCount
  /// What the disk writes at once.
  public let physicalSectorSize: ByteCount
  /// Whether reads can bypass the page cache by `O_DIRECT`.
  public var readsDirectly: Bool { direct != nil }

  let file: OpenFile
  private let direct: OpenFile?

  /// Opens `path` for `access`.
  public init(path: String, access: Access) throws(DiecastError) {
    self.path = path
    let status = try Self.status(of: path)
    isBlockDevice = status.kind == .blockDevice
    if isBlockDevice, access != .inspection { try Self.refusePartition(path) }
    if access != .inspection, let use = try DiskUse.find(path: path) {
      throw DiecastError(
        .busy, "\(path) is in use: \(use)",
        remedy: access == .source
          ? "Unmount it, or boot the machine from other media and capture it from there"
          : "Unmount it, or name another disk")
    }
    file = try Self.openFile(path, access: access, isBlockDevice: isBlockDevice)
    direct = try? OpenFile(path, OpenFlags.read | OpenFlags.direct)

    do throws(SystemCallFailure) {
      var bytes: UInt64 = status.size
      var logical: UInt32 = 512
      var physical: UInt32 = 512
      let fd = file.fd
      if isBlockDevice {
        try Syscalls.shim("BLKGETSIZE64") { unsafe clinux_blk_size(fd, &bytes) }
        try Syscalls.shim("BLKSSZGET") { unsafe clinux_blk_logical_sector(fd, &logical) }
        try Syscalls.shim("BLKPBSZGET") { unsafe clinux_blk_physical_sector(fd, &physical) }
      }
      logicalSectorSize = ByteCount(UInt64(logical))
      physicalSectorSize = ByteCount(UInt64(physical))
      size = ByteCount(bytes / UInt64(logical) * UInt64(logical))
    } catch {
      throw DiecastError(.readFailed, "Cannot learn the size of \(path)", cause: error)
    }
    guard size > .zero else {
      throw DiecastError(.refused, "\(path) has no bytes", remedy: "Check that a medium is inserted")
    }
  }

  private static func status(of path: String) throws(DiecastError) -> FileStatus {
    let status: FileStatus
    do throws(SystemCallFailure) {
      status = try Syscalls.stat(path)
    } catch {
      throw DiecastError(
        .notFound, "There is no disk \(path)", remedy: "List the disks with lsblk and name one of them", cause: error)
    }
    guard status.kind == .regular || status.kind == .blockDevice else {
      throw DiecastError(
        .refused, "\(path) is not a disk", remedy: "Name a block device, or a regular file that stands in for one")
    }
    return status
  }

  private static func refusePartition(_ path: String) throws(DiecastError) {
    guard let device = SysBlock(path: path), device.isPartition else { return }
    throw DiecastError(.refused, "\(path) is a partition, not a disk", remedy: "Name the whole disk that it lies on")
  }

  private static func openFile(_ path: String, access: Access, isBlockDevice: Bool) throws(DiecastError) -> OpenFile {
    do throws(SystemCallFailure) {
      let exclusive = isBlockDevice && access != .inspection ? OpenFlags.exclusive : 0
      let file = try OpenFile(path, (access == .target ? OpenFlags.readWrite : OpenFlags.read) | exclusive)
      if access == .target, isBlockDevice {
        var readOnly: Int32 = 0
        try Syscalls.shim("BLKROGET") { unsafe clinux_blk_read_only(file.fd, &readOnly) }
        if readOnly != 0 { throw Syscalls.failure("open", EROFS) }
      }
      if !isBlockDevice, access != .inspection {
        try Syscalls.flock(file.fd, exclusive: access == .target, wait: false)
      }
      return file
    } catch {
      switch error.errno {
      case EBUSY, EWOULDBLOCK:
        throw DiecastError(
          .busy, "\(path) is in use by another program", remedy: "Stop that program, or name another disk", cause: error
        )
      case EROFS:
        throw DiecastError(.refused, "\(path) is read-only", remedy: "Name a disk that can be written", cause: error)
      case EACCES, EPERM:
        throw DiecastError(
          .unavailable, "Not allowed to open \(path)", remedy: "Run as root, or as the owner of the file", cause: error)
      default:
        throw DiecastError(.readFailed, "Cannot open \(path)", cause: error)
      }
    }
  }

  /// Fills `span` with the bytes from `offset`; the page cache may answer.
  public func read(into span: inout MutableRawSpan, at offset: ByteOffset) throws(DiecastError) {
    let wanted = span.byteCount
    do throws(SystemCallFailure) {
      let count = try Syscalls.pread(file.fd, into: &span, at: offset.rawValue)
      if count < wanted { throw Syscalls.failure("pread", EIO) }
    } catch {
      throw readError(offset, wanted, error)
    }
  }

  /// Reads `range` from the medium, past the page cache, into the front of
  /// `buffer`, which needs 8192 bytes more than the range. Returns where in
  /// the buffer the range lies. What was written before must have been flushed.
  public func readUncached(_ range: ByteRange, into buffer: AlignedBuffer) throws(DiecastError) -> Range<Int> {
    let unit = UInt64(AlignedBuffer.alignment)
    let start = range.start.rawValue / unit * unit
    let end = min((range.end.rawValue + unit - 1) / unit * unit, size.rawValue)
    let skipped = Int(range.start.rawValue - start)
    do throws(SystemCallFailure) {
      let fd = (direct ?? file).fd
      if direct == nil { Syscalls.adviseDontNeed(fd, range) }
      let wanted = Int(end - start)
      var count = 0
      do throws(SystemCallFailure) {
        count = try buffer.withMutableBytes(0..<wanted) { (span) throws(SystemCallFailure) in
          try Syscalls.pread(fd, into: &span, at: start)
        }
      } catch {
        // A file system may take O_DIRECT at open and refuse this alignment.
        guard direct != nil, error.errno == EINVAL else { throw error }
        Syscalls.adviseDontNeed(file.fd, range)
        count = try buffer.withMutableBytes(0..<wanted) { (span) throws(SystemCallFailure) in
          try Syscalls.pread(file.fd, into: &span, at: start)
        }
      }
      if count < wanted { throw Syscalls.failure("pread", EIO) }
    } catch {
      throw readError(range.start, range.length.int, error)
    }
    return skipped..<skipped + range.length.int
  }

  private func readError(_ offset: ByteOffset, _ length: Int, _ cause: SystemCallFailure) -> DiecastError {
    DiecastError(
      .readFailed, "Cannot read \(path) at offset \(offset), \(length) bytes",
      remedy: "Check the disk's cabling and health with smartctl -a", cause: cause)
  }

  /// Writes all of `bytes` from `offset`.
  public func write(_ bytes: RawSpan, at offset: ByteOffset) throws(DiecastError) {
    guard offset.rawValue + UInt64(bytes.byteCount) <= size.rawValue else {
      throw DiecastError(.internal, "A write at offset \(offset) would pass the end of \(path)")
    }
    do throws(SystemCallFailure) {
      try Syscalls.pwriteAll(file.fd, bytes, at: offset.rawValue)
    } catch {
      throw writeError("Cannot write \(path) at offset \(offset), \(bytes.byteCount) bytes", error)
    }
  }

  private func writeError(_ sentence: String, _ cause: SystemCallFailure) -> DiecastError {
    let remedy =
      cause.errno == ENOSPC
      ? "Free space where the file lies" : "Check the disk's cabling and health with smartctl -a, or replace it"
    return DiecastError(.writeFailed, sentence, remedy: remedy, cause: cause)
  }

  /// Makes `range`, in whole sectors, read as zeros, by `BLKZEROOUT` or by punching a hole where that works.
  public func zero(_ range: ByteRange) throws(DiecastError) {
    guard range.end.rawValue <= size.rawValue else {
      throw DiecastError(.internal, "Zeros at offset \(range.start) would pass the end of \(path)")
    }
    let fd = file.fd
    do throws(SystemCallFailure) {
      let (start, length) = (range.start.rawValue, range.length.rawValue)
      if isBlockDevice {
        try Syscalls.shim("BLKZEROOUT") { clinux_blk_zero_out(fd, start, length) }
      } else {
        try Syscalls.shim("fallocate") { clinux_punch_hole(fd, start, length) }
      }
    } catch {
      guard error.errno == EOPNOTSUPP || error.errno == EINVAL || error.errno == ENOSYS else {
        throw writeError("Cannot zero \(path) at offset \(range.start), \(range.length) bytes", error)
      }
      try writeZeros(range)
    }
  }

  private func writeZeros(_ range: ByteRange) throws(DiecastError) {
    let block = AlignedBuffer(capacity: 1 << 20)
    var offset = range.start
    while offset < range.end {
      let count = min((range.end - offset).int, block.capacity)
      try block.withBytes(0..<count) { (span) throws(DiecastError) in try write(span, at: offset) }
      offset = offset + ByteCount(count)
    }
  }

  /// Tells the disk that `range` holds nothing of use; a disk that cannot be told is left as it is.
  public func discard(_ range: ByteRange) throws(DiecastError) {
    let fd = file.fd
    do throws(SystemCallFailure) {
      let (start, length) = (range.start.rawValue, range.length.rawValue)
      try Syscalls.shim(isBlockDevice ? "BLKDISCARD" : "fallocate") {
        isBlockDevice ? clinux_blk_discard(fd, start, length) : clinux_punch_hole(fd, start, length)
      }
    } catch {
      if error.errno != EOPNOTSUPP { throw writeError("Cannot discard \(path)", error) }
    }
  }

  /// Returns once everything written is on the medium, and drops the page
  /// cache of a block device, so that the next read comes from the medium.
  public func flush() throws(DiecastError) {
    let fd = file.fd
    do throws(SystemCallFailure) {
      try Syscalls.fsync(fd)
      if isBlockDevice { try Syscalls.shim("BLKFLSBUF") { clinux_blk_flush_buffers(fd) } }
    } catch {
      throw writeError("Cannot flush \(path)", error)
    }
  }

  /// Drops what the page cache holds of the disk, so that reads ask the medium.
  public func dropCaches() throws(DiecastError) {
    guard direct == nil else { return }
    let fd = file.fd
    if isBlockDevice {
      _ = clinux_blk_flush_buffers(fd)
    } else {
      Syscalls.adviseDontNeed(fd, ByteRange(start: .zero, length: size))
    }
  }

  /// Makes the kernel read the new partition table; failing to is no error, as nothing depends on it.
  public func rereadPartitions() {
    if isBlockDevice { _ = clinux_blk_reread_partitions(file.fd) }
  }

  /// Hints that `range` will be read soon.
  public func willNeed(_ range: ByteRange) { Syscalls.adviseWillNeed(file.fd, range) }

  /// Closes, and reports what closing says.
  public func close() throws(DiecastError) {
    do throws(SystemCallFailure) {
      try file.close()
    } catch {
      throw writeError("Cannot close \(path)", error)
    }
  }

  /// The open descriptor, for a library that probes it; valid while this object lives.
  public var descriptor: Int32 { file.fd }
}

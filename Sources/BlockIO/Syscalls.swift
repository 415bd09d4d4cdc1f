// SPDX-License-Identifier: GPL-3.0-or-later

internal import CLinux
internal import DiecastCore
internal import Glibc

/// The one gateway to the kernel: EINTR is retried here and nowhere else, and
/// every result is looked at. Each function's failure carries its call's name
/// and errno.
enum Syscalls {
  static func failure(_ call: String, _ number: Int32) -> SystemCallFailure {
    SystemCallFailure(call: call, errno: number, words: unsafe String(cString: strerror(number)))
  }

  /// Runs a call that returns -1 and sets errno.
  private static func retrying<T: BinaryInteger>(_ call: String, _ body: () -> T) throws(SystemCallFailure) -> T {
    while true {
      if let number = FaultInjection.next(call) { throw failure(call, number) }
      let result = body()
      if result != -1 { return result }
      let number = errno
      if number != EINTR { throw failure(call, number) }
    }
  }

  /// Runs a shim that returns -errno.
  @discardableResult
  static func shim(_ call: String, _ body: () -> Int32) throws(SystemCallFailure) -> Int32 {
    while true {
      if let number = FaultInjection.next(call) { throw failure(call, number) }
      let result = body()
      if result >= 0 { return result }
      if result != -EINTR { throw failure(call, -result) }
    }
  }

  /// The corresponding C function is `open(2)`, with `O_CLOEXEC`.
  static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o644) throws(SystemCallFailure) -> Int32 {
    try shim("open") { unsafe clinux_open(path, flags, mode) }
  }

  /// The corresponding C function is `close(2)`; never retried, as the descriptor is gone either way.
  static func close(_ fd: Int32) throws(SystemCallFailure) {
    if let number = FaultInjection.next("close") {
      _ = Glibc.close(fd)
      throw failure("close", number)
    }
    if Glibc.close(fd) != 0, errno != EINTR { throw failure("close", errno) }
  }

  /// The corresponding C function is `pread(2)`. Returns fewer bytes only at the end of the file.
  static func pread(_ fd: Int32, into span: inout MutableRawSpan, at offset: UInt64) throws(SystemCallFailure) -> Int {
    let buffer = unsafe span.withUnsafeMutableBytes { unsafe $0 }
    var done = 0
    while done < buffer.count {
      let position = off_t(offset) + off_t(done)
      let count = try retrying("pread") {
        unsafe Glibc.pread(fd, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, position)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// The corresponding C function is `pwrite(2)`, until every byte is written.
  static func pwriteAll(_ fd: Int32, _ span: RawSpan, at offset: UInt64) throws(SystemCallFailure) {
    let buffer = unsafe span.withUnsafeBytes { unsafe $0 }
    var done = 0
    while done < buffer.count {
      let position = off_t(offset) + off_t(done)
      let count = try retrying("pwrite") {
        unsafe Glibc.pwrite(fd, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, position)
      }
      if count == 0 { throw failure("pwrite", ENOSPC) }
      done += count
    }
  }

  /// The corresponding C function is `fsync(2)`.
  static func fsync(_ fd: Int32) throws(SystemCallFailure) { _ = try retrying("fsync") { Glibc.fsync(fd) } }

  /// The corresponding C function is `fdatasync(2)`.
  static func fdatasync(_ fd: Int32) throws(SystemCallFailure) {
    _ = try retrying("fdatasync") { Glibc.fdatasync(fd) }
  }

  /// The corresponding C function is `ftruncate(2)`.
  static func ftruncate(_ fd: Int32, _ size: UInt64) throws(SystemCallFailure) {
    _ = try retrying("ftruncate") { Glibc.ftruncate(fd, off_t(size)) }
  }

  /// The corresponding C function is `rename(2)`.
  static func rename(_ from: String, _ to: String) throws(SystemCallFailure) {
    _ = try retrying("rename") { unsafe Glibc.rename(from, to) }
  }

  /// The corresponding C function is `unlink(2)`.
  static func unlink(_ path: String) throws(SystemCallFailure) {
    _ = try retrying("unlink") { unsafe Glibc.unlink(path) }
  }

  /// The corresponding C function is `rmdir(2)`.
  static func rmdir(_ path: String) throws(SystemCallFailure) {
    _ = try retrying("rmdir") { unsafe Glibc.rmdir(path) }
  }

  /// The corresponding C function is `mkdir(2)`; a directory that is there already is fine.
  static func mkdir(_ path: String) throws(SystemCallFailure) {
    do {
      _ = try retrying("mkdir") { unsafe Glibc.mkdir(path, 0o755) }
    } catch {
      if error.errno != EEXIST { throw error }
    }
  }

  /// The corresponding C function is `flock(2)`.
  static func flock(_ fd: Int32, exclusive: Bool, wait: Bool) throws(SystemCallFailure) {
    try shim("flock") { clinux_flock(fd, exclusive ? 1 : 0, wait ? 1 : 0) }
  }

  /// The corresponding C function is `posix_fadvise(3)`; only ever advice.
  static func adviseDontNeed(_ fd: Int32, _ range: ByteRange) {
    _ = posix_fadvise(fd, off_t(range.start.rawValue), off_t(range.length.rawValue), POSIX_FADV_DONTNEED)
  }

  /// The corresponding C function is `posix_fadvise(3)`; only ever advice.
  static func adviseWillNeed(_ fd: Int32, _ range: ByteRange) {
    _ = posix_fadvise(fd, off_t(range.start.rawValue), off_t(range.length.rawValue), POSIX_FADV_WILLNEED)
  }

  /// The corresponding C function is `fstat(2)`.
  static func fstat(_ fd: Int32) throws(SystemCallFailure) -> FileStatus {
    var status = clinux_status()
    try shim("fstat") { unsafe clinux_stat(nil, fd, &status) }
    return FileStatus(status)
  }

  /// The corresponding C function is `stat(2)`.
  static func stat(_ path: String) throws(SystemCallFailure) -> FileStatus {
    var status = clinux_status()
    try shim("stat") { unsafe clinux_stat(path, -1, &status) }
    return FileStatus(status)
  }
}

/// What stat(2) says, as far as Diecast asks.
struct FileStatus {
  enum Kind { case regular, blockDevice, directory, other }
  let kind: Kind
  let size: UInt64
  /// `major:minor` of a device node itself.
  let deviceNumber: String

  init(_ status: clinux_status) {
    switch status.kind {
    case 1: kind = .regular
    case 2: kind = .blockDevice
    case 3: kind = .directory
    default: kind = .other
    }
    size = status.size
    deviceNumber = "\(status.device_major):\(status.device_minor)"
  }
}

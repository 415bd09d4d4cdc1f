// SPDX-License-Identifier: GPL-3.0-or-later

internal import CLinux
public import DiecastCore
internal import Glibc

/// A read-only loop device over part of a disk, for tools that want a device
/// of their own. The kernel detaches it when the last user closes it.
public final class LoopDevice {
  /// Its node, such as `/dev/loop3`.
  public let path: String
  private let file: OpenFile

  /// A loop device over `range` of `disk`. Needs root.
  public init(disk: Disk, range: ByteRange) throws(DiecastError) {
    do throws(SystemCallFailure) {
      (path, file) = try Self.attach(disk: disk, range: range)
    } catch {
      throw DiecastError(
        .unavailable, "Cannot make a read-only loop device over \(disk.path)", remedy: "Run as root", cause: error)
    }
  }

  private static func attach(disk: Disk, range: ByteRange) throws(SystemCallFailure) -> (String, OpenFile) {
    let control = try OpenFile("/dev/loop-control", OpenFlags.readWrite)
    // Another program may take the free device first: ask again, a bounded number of times.
    for _ in 0..<64 {
      let number = try Syscalls.shim("LOOP_CTL_GET_FREE") { clinux_loop_free(control.fd) }
      let path = "/dev/loop\(number)"
      let loop = try OpenFile(path, OpenFlags.read)
      do throws(SystemCallFailure) {
        try Syscalls.shim("LOOP_CONFIGURE") {
          clinux_loop_configure(
            loop.fd, disk.file.fd, range.start.rawValue, range.length.rawValue,
            UInt32(disk.logicalSectorSize.rawValue))
        }
        return (path, loop)
      } catch {
        if error.errno != EBUSY { throw error }
      }
    }
    throw Syscalls.failure("LOOP_CONFIGURE", EBUSY)
  }
}

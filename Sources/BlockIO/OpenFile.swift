// SPDX-License-Identifier: GPL-3.0-or-later

internal import CLinux
internal import DiecastCore

/// An open descriptor. `close()` reports what closing says; a file that is
/// merely dropped is closed without a word, which is right for reading only.
///
/// Sendable: the descriptor never changes, and closing happens once, by its owner.
final class OpenFile: @unchecked Sendable {
  let path: String
  let fd: Int32
  private var isOpen = true

  init(_ path: String, _ flags: Int32, mode: UInt32 = 0o644) throws(SystemCallFailure) {
    self.path = path
    fd = try Syscalls.open(path, flags, mode: mode)
  }

  deinit { if isOpen { try? Syscalls.close(fd) } }

  func close() throws(SystemCallFailure) {
    guard isOpen else { return }
    isOpen = false
    try Syscalls.close(fd)
  }
}

/// How disks and files are opened, in the words of open(2).
enum OpenFlags {
  static var read: Int32 { clinux_o_rdonly }
  static var readWrite: Int32 { clinux_o_rdwr }
  static var exclusive: Int32 { clinux_o_excl }
  static var direct: Int32 { clinux_o_direct }
  static var createNew: Int32 { clinux_o_creat | clinux_o_excl | clinux_o_wronly }
  static var createOrOpen: Int32 { clinux_o_creat | clinux_o_rdwr }
  static var directory: Int32 { clinux_o_rdonly | clinux_o_directory }
}

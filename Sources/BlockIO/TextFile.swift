// SPDX-License-Identifier: GPL-3.0-or-later

internal import Glibc

/// Small text files of the kernel's, and directory listings.
enum TextFile {
  /// The text without the spaces around it; nil when absent, unreadable or empty. At most `limit` bytes.
  static func read(_ path: String, limit: Int = 1 << 20) -> String? {
    guard let file = try? OpenFile(path, OpenFlags.read) else { return nil }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while bytes.count < limit {
      var span = block.mutableSpan
      var raw = unsafe span.mutableBytes
      guard let count = try? Syscalls.pread(file.fd, into: &raw, at: UInt64(bytes.count)), count > 0 else { break }
      bytes += block[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let isSpace = { (character: Character) in character.isWhitespace || character == "\0" }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else { return nil }
    return String(text[first...last])
  }

  /// The names in a directory, sorted, without `.` and `..`; empty when it cannot be read.
  static func list(_ path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Where a symbolic link or any path leads, or nil.
  static func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import Glibc

/// Files too long to be held in memory.
enum TextStream {
  /// Calls `body` with the bytes of a file, 64 KiB at a time.
  static func forEachBlock(of path: String, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
    guard let file = unsafe fopen(path, "rbe") else { throw Doubt("\(path) was not written") }
    defer { unsafe fclose(file) }
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
      if count == 0 { break }
      try body(block[..<count])
    }
    guard unsafe ferror(file) == 0 else { throw Doubt("\(path) cannot be read") }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Testing

/// A directory of its own, removed with this object.
final class Scratch {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "diecast-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A file with these bytes; returns its path.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

/// The error that `body` throws; nil when it throws none or another kind.
func thrown(_ body: () throws -> Void) -> DiecastError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DiecastError
  }
}

/// Bytes that differ everywhere.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 8) } }

extension Disk {
  func bytes(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    try read(into: &raw, at: ByteOffset(offset))
    return bytes
  }
}

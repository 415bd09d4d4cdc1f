// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import Testing

/// A file in a directory of its own, removed with this object.
final class ScratchDisk {
  let path: String
  private let directory: String

  init(size: ByteCount) throws {
    directory = NSTemporaryDirectory() + "diecast-table-\(UUID().uuidString)"
    path = directory + "/disk.img"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: size.rawValue)
    try handle.close()
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func read(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
    let handle = try #require(FileHandle(forReadingAtPath: path))
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    return Array(try handle.read(upToCount: count) ?? Data())
  }

  func write(_ part: TableBytes) throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    defer { try? handle.close() }
    try handle.seek(toOffset: part.offset.rawValue)
    try handle.write(contentsOf: Data(part.bytes))
  }

  /// Runs a tool with `input`; returns its status and its output.
  @discardableResult
  static func run(_ tool: String, _ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Glibc
import ImageFormat
import ImageStore
import Imaging
import Testing

/// A directory of its own, removed with this object, with disks as files and a store.
final class Bench: Sendable {
  let path: String
  let store: ImageStore

  init() throws {
    path = NSTemporaryDirectory() + "diecast-imaging-\(UUID().uuidString)"
    store = try ImageStore(path: "\(path)/store", create: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A file of `size` bytes, all `fill`; returns its path.
  @discardableResult
  func disk(_ name: String, size: Int, fill: UInt8 = 0) throws -> String {
    try Data(repeating: fill, count: size).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  func put(_ bytes: [UInt8], in name: String, at offset: UInt64) throws {
    let handle = try #require(FileHandle(forWritingAtPath: "\(path)/\(name)"))
    try handle.seek(toOffset: offset)
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
  }

  /// Runs a tool, which must succeed, with sbin in the path.
  func run(_ tool: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["PATH=\(toolPath)", tool] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(tool): \(words)")
  }

  /// Captures the disk `name`; windows of 64 KiB, so that small disks have many.
  func capture(
    _ name: String, as image: String, into store: ImageStore? = nil, parent: StoredImage? = nil, level: Int = 1,
    rescue: Bool = false, workers: Int = 2, inject: () -> Void = {}
  ) async throws -> Capture.Result {
    let disk = try Disk(path: "\(path)/\(name)", access: .source)
    let plan = try await CapturePlan.make(for: disk, windowSize: .kib(64), mergeGap: .kib(16))
    let name = try ImageName(parsing: image)
    let capture = Capture(
      plan: plan, disk: disk, store: store ?? self.store, parent: parent,
      options: .init(
        name: name.name, version: name.version ?? "1", tool: "test", level: level, created: 1, rescue: rescue,
        workers: workers),
      progress: Progress(), interrupt: Interrupt())
    inject()
    let result = try capture.run()
    try disk.close()
    return result
  }

  /// Restores to the file `name`. With one worker all calls are this thread's, so that failures can be injected.
  func restore(
    _ image: StoredImage, to name: String, from source: Restore.Source? = nil, verify: Bool = true,
    discard: Bool = false, workers: Int = 1, interrupt: Interrupt = Interrupt(), inject: () -> Void = {}
  ) throws -> Restore.Result {
    let disk = try Disk(path: "\(path)/\(name)", access: .target)
    defer { try? disk.close() }
    let plan = try RestorePlan.make(image: image, disk: disk)
    let restore = Restore(
      plan: plan, disk: disk, source: source ?? .store(store),
      options: .init(verify: verify, discard: discard, workers: workers), progress: Progress(), interrupt: interrupt)
    inject()
    return try restore.run()
  }
}

private let toolPath = "/usr/sbin:/usr/bin:/sbin:/bin"

/// Whether every one of `tools` is installed.
func has(_ tools: String...) -> Bool {
  tools.allSatisfy { tool in
    toolPath.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
  }
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

/// The same bytes again and again, which do not compress.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  var bytes = [UInt8](repeating: 0, count: count)
  bytes.withUnsafeMutableBytes { buffer in
    for place in stride(from: 0, to: count, by: 4) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: state >> 32).littleEndian) { word in
        for index in 0..<min(4, count - place) { buffer[place + index] = word[index] }
      }
    }
  }
  return bytes
}

/// Bytes that compress well and differ by `seed`.
func text(_ count: Int, seed: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 / 64 &* (seed &+ 3) &+ seed) }
}

extension StoredImage {
  /// Which bytes of the disk the image covers, in order.
  var extents: [ByteRange] {
    index.windows.flatMap { window in
      window.extents.map { $0.shifted(by: ByteCount(manifest.volumes[window.volume].start.rawValue)) }
    }.coalesced()
  }
}

/// The bytes of `range`.
func part(_ bytes: [UInt8], _ range: ByteRange) -> ArraySlice<UInt8> {
  bytes[Int(range.start.rawValue)..<Int(range.end.rawValue)]
}

/// Whether both have the same bytes in `range`.
func same(_ left: [UInt8], _ right: [UInt8], _ range: ByteRange) -> Bool {
  left.withUnsafeBytes { left in
    right.withUnsafeBytes { right in
      let part = Int(range.start.rawValue)..<Int(range.end.rawValue)
      return Data(left[part]) == Data(right[part])
    }
  }
}

extension RandomAccessCollection<UInt8> {
  /// Whether every byte is `value`; quick also where nothing is optimised.
  func isAll(_ value: UInt8) -> Bool {
    guard let first else { return true }
    let rest = withContiguousStorageIfAvailable { bytes in
      bytes.baseAddress.map { memcmp($0, $0 + 1, bytes.count - 1) == 0 } ?? true
    }
    return first == value && (rest ?? allSatisfy { $0 == value })
  }
}

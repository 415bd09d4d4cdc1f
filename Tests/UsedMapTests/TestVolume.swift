// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Glibc
import ImageFormat
import Testing

@testable import UsedMap

/// Whether tests may take their time.
let isSlow = unsafe getenv("DIECAST_SLOW_TESTS").map { unsafe String(cString: $0) } == "1"

/// A filesystem made by its own mkfs, at an offset inside a larger regular file.
final class TestVolume {
  static let offset: UInt64 = 1 << 20
  let directory: String
  let files: [[UInt8]]
  let length: UInt64
  var disk: String { "\(directory)/disk" }
  var content: String { "\(directory)/content" }

  /// Runs `commands` with `$FS` the filesystem's file, of `mebibytes`, and
  /// `$CONTENT` a directory of files with random bytes; then places it on a disk.
  init(mebibytes: UInt64, fileCount: Int = 40, _ commands: String) throws {
    var template = Array("/tmp/usedmap-test-XXXXXX".utf8CString)
    directory = try #require(
      unsafe template.withUnsafeMutableBufferPointer { buffer in
        unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
      })
    length = mebibytes << 20
    var generator = SystemRandomNumberGenerator()
    files = (0..<fileCount).map { index in
      (0..<[5000, 20000, 70000][index % 3]).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    try FileStore.makeDirectories("\(directory)/content")
    for (index, file) in files.enumerated() {
      try unsafe FileStore.writeAtomically(file.span.bytes, to: "\(directory)/content/f\(index)")
    }
    let script = """
      exec >/dev/null 2>&1; set -e; export PATH=$PATH:/usr/sbin:/sbin; FS=\(directory)/fs; CONTENT=\(directory)/content
      truncate -s \(mebibytes)M $FS
      \(commands)
      truncate -s \(mebibytes + 3)M \(directory)/disk
      dd if=$FS of=\(directory)/disk bs=1M seek=1 conv=notrunc,sparse
      """
    let status = unsafe system("{ \(script)\n}")
    #expect(status == 0, "the filesystem was not made")
  }

  deinit { _ = unsafe system("rm -rf \(directory)") }

  /// Whether every one of `tools` is installed.
  static func has(_ tools: String...) -> Bool {
    tools.allSatisfy { unsafe 0 == system("PATH=$PATH:/usr/sbin:/sbin command -v \($0) >/dev/null 2>&1") }
  }

  func map(_ type: String, version: String? = nil) async throws -> UsedMap {
    let disk = try Disk(path: disk, access: .inspection)
    return try await UsedMapReader.read(
      disk: disk, range: ByteRange(start: ByteOffset(Self.offset), length: ByteCount(length)),
      identity: FilesystemIdentity(type: type, version: version, usage: .filesystem))
  }

  func bytes(_ start: UInt64, _ count: Int) throws -> [UInt8] {
    let disk = try Disk(path: disk, access: .inspection)
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    try disk.read(into: &raw, at: ByteOffset(Self.offset + start))
    return bytes
  }

  func patch(_ start: UInt64, _ bytes: [UInt8]) throws {
    let disk = try Disk(path: disk, access: .target)
    try unsafe disk.write(bytes.span.bytes, at: ByteOffset(Self.offset + start))
    try disk.close()
  }

  /// Every 512-byte piece of every file lies in the map, wherever the filesystem put it.
  func expectContent(in map: UsedMap) throws {
    let volume = try bytes(0, Int(length))
    var places: [UInt64: [Int]] = [:]
    func key(_ bytes: [UInt8], _ at: Int) -> UInt64 { (at..<at + 8).reduce(0) { $0 << 8 | UInt64(bytes[$1]) } }
    for position in stride(from: 0, to: volume.count, by: 512) {
      let value = key(volume, position)
      if value != 0 { places[value, default: []].append(position) }
    }
    var pieces = 0
    for file in files {
      for start in stride(from: 0, through: file.count - 512, by: 512) {
        for place in places[key(file, start)] ?? [] {
          pieces += 1
          let piece = ByteRange(start: ByteOffset(UInt64(place)), length: ByteCount(512))
          #expect(map.ranges.contains { $0.contains(piece) }, "byte \(place) is not in the map")
        }
      }
    }
    #expect(pieces >= files.reduce(0) { $0 + $1.count / 512 }, "not all content was found on the volume")
  }

  /// Ranges are as `UsedMap.ranges` promises, and less than the volume.
  func expectSound(_ map: UsedMap, source: Volume.UsedMapSource) {
    #expect(map.source == source, "\(map.notes)")
    #expect(map.ranges == map.ranges.coalesced())
    #expect(map.ranges.allSatisfy { $0.end.rawValue <= length && $0.start.isMultiple(of: ByteCount(512)) })
    #expect(map.usedBytes.rawValue < length)
  }

  func expectRaw(_ map: UsedMap, _ note: String) {
    #expect(map.source == .raw)
    #expect(map.usedBytes.rawValue == length)
    #expect(map.notes.contains { $0.contains(note) }, "\(map.notes)")
  }
}

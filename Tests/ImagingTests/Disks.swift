// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat

/// Disks that need no tool: everything on them is copied raw.
extension Bench {
  /// 2 MiB with a GPT: a gap, a partition of 512 KiB that no filesystem is on,
  /// and one of 256 KiB of zeros. Windows 0 and 3 of the first are alike, 1 is
  /// zero, 5 does not compress.
  static let partitionStart = 64 * 512
  static let partitionLength = 512 << 10
  static let secondStart = partitionStart + partitionLength
  static let secondLength = 256 << 10
  static let diskSize = 2 << 20

  static func table() -> GPTTable {
    var boot = [UInt8](repeating: 0, count: 512)
    for (place, value) in [(0, 0x33), (450, 0xee), (454, 1), (458, 0xff), (459, 0x0f), (510, 0x55), (511, 0xaa)] {
      boot[place] = UInt8(value)
    }
    func partition(_ number: Int, _ start: Int, _ length: Int) -> GPTPartition {
      GPTPartition(
        number: number, typeGUID: guid(0x0f), guid: guid(UInt8(number)), firstSector: UInt64(start / 512),
        lastSector: UInt64((start + length) / 512 - 1), attributes: "0000000000000000", name: "part \(number)")
    }
    func guid(_ byte: UInt8) -> GUID { GUID([UInt8](repeating: byte, count: 16)) ?? GUID("") ?? placeholder }
    return GPTTable(
      diskGUID: guid(0xdd), entryCount: 128, firstUsableSector: 34, bootSector: boot.hex,
      partitions: [partition(1, partitionStart, partitionLength), partition(2, secondStart, secondLength)])
  }

  // swift-format-ignore: NeverForceUnwrap
  private static let placeholder = GUID("00000000-0000-0000-0000-000000000001")!

  static let partitionBytes: [UInt8] = {
    let alike = text(65_536, seed: 1)
    let windows: [[UInt8]] = [
      alike, [UInt8](repeating: 0, count: 65_536), text(65_536, seed: 2), alike, text(65_536, seed: 3),
      noise(65_536, seed: 4), text(65_536, seed: 5), text(65_536, seed: 6),
    ]
    return Array(windows.joined())
  }()

  /// Writes the disk described above to the file `name`.
  func gptDisk(_ name: String) throws {
    try disk(name, size: Self.diskSize)
    let image = try GPTCodec.encode(Self.table(), sectorSize: ByteCount(512), diskSize: ByteCount(Self.diskSize))
    for part in image.parts { try put(part.bytes, in: name, at: part.offset.rawValue) }
    try put(text(30 * 512, seed: 9), in: name, at: 34 * 512)
    try put(Self.partitionBytes, in: name, at: UInt64(Self.partitionStart))
  }

  /// A disk of 512 KiB without a table, of content that nothing knows.
  func bareDisk(_ name: String) throws {
    try disk(name, size: Self.partitionLength)
    try put(Self.partitionBytes, in: name, at: 0)
  }
}

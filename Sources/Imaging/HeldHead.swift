// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
import Synchronization

/// The first bytes of a disk that has no partition table, kept in memory until
/// everything else is verified: with its head zeroed, a half-written
/// filesystem is never mistaken for a whole one.
final class HeldHead: Sendable {
  /// Holds the superblocks that libblkid looks for at the front, btrfs' at 64 KiB among them.
  static let length = ByteCount.kib(68)

  private let bytes: Mutex<[UInt8]>

  /// Takes what the disk holds now.
  init(disk: Disk) throws(DiecastError) {
    let count = min(Self.length, disk.size).int
    let buffer = AlignedBuffer(capacity: count)
    try buffer.withMutableBytes(0..<count) { (span) throws(DiecastError) in try disk.read(into: &span, at: .zero) }
    bytes = Mutex(buffer.withBytes(0..<count) { span in (0..<count).map { span.byte($0) } })
  }

  var range: ByteRange { ByteRange(start: .zero, length: ByteCount(bytes.withLock { $0.count })) }

  /// Keeps the part of `span`, meant for `offset`, that belongs to the head; returns how many bytes that was.
  func keep(_ span: RawSpan, at offset: ByteOffset) -> Int {
    guard offset < range.end else { return 0 }
    let count = min((range.end - offset).int, span.byteCount)
    let start = Int(offset.rawValue)
    bytes.withLock { bytes in
      for index in 0..<count { bytes[start + index] = span.byte(index) }
    }
    return count
  }

  /// Puts the head's part of a range read from the disk over what was read.
  func overlay(_ span: inout MutableRawSpan, at offset: ByteOffset) {
    guard offset < range.end else { return }
    let count = min((range.end - offset).int, span.byteCount)
    let start = Int(offset.rawValue)
    bytes.withLock { bytes in
      for index in 0..<count { span.setByte(index, to: bytes[start + index]) }
    }
  }

  /// All of it.
  var contents: [UInt8] { bytes.withLock { $0 } }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
import Synchronization

/// Reads planned windows from a source disk, with everything that is not used
/// made zero, and keeps account of what cannot be read.
final class SourceReader: Sendable {
  private let disk: Disk
  private let volumeStarts: [ByteOffset]
  private let rescue: Bool
  private let progress: Progress
  private let unread = Mutex<[ByteRange]>([])

  init(disk: Disk, volumeStarts: [ByteOffset], rescue: Bool, progress: Progress) {
    self.disk = disk
    self.volumeStarts = volumeStarts
    self.rescue = rescue
    self.progress = progress
  }

  /// Ranges that could not be read, in bytes from the disk's start.
  var unreadRanges: [ByteRange] { unread.withLock { $0 }.coalesced() }

  /// Reads a window's content into the front of `buffer`; returns its length.
  func read(_ window: PlannedWindow, into buffer: AlignedBuffer) throws(DiecastError) -> Int {
    let base = ByteCount(volumeStarts[window.volume].rawValue)
    var position = 0
    var holes = window.holes[...]
    for extent in window.extents {
      let part = position..<position + extent.length.int
      try buffer.withMutableBytes(part) { (span) throws(DiecastError) in
        try read(into: &span, at: extent.start + base)
      }
      while let hole = holes.first, hole.start < extent.end {
        let from = position + (hole.start - extent.start).int
        buffer.zero(from..<from + hole.length.int)
        holes.removeFirst()
      }
      position = part.upperBound
    }
    progress.addRead(ByteCount(position))
    return position
  }

  private func read(into span: inout MutableRawSpan, at offset: ByteOffset) throws(DiecastError) {
    do throws(DiecastError) {
      try disk.read(into: &span, at: offset)
    } catch {
      guard rescue else { throw error }
      try rescueSectors(into: &span, at: offset)
    }
  }

  /// Reads what can be read, a physical sector at a time; the rest becomes zeros.
  private func rescueSectors(into span: inout MutableRawSpan, at offset: ByteOffset) throws(DiecastError) {
    let unit = max(disk.physicalSectorSize, disk.logicalSectorSize).int
    let count = span.byteCount
    let sector = AlignedBuffer(capacity: unit)
    var position = 0
    while position < count {
      // To the next boundary of a sector, so that one bad sector costs one.
      let into = Int((offset.rawValue + UInt64(position)) % UInt64(unit))
      let end = min(position + unit - into, count)
      let length = end - position
      do throws(DiecastError) {
        try sector.withMutableBytes(0..<length) { (part) throws(DiecastError) in
          try disk.read(into: &part, at: offset + ByteCount(position))
        }
      } catch {
        sector.zero(0..<length)
        unread.withLock { $0.append(ByteRange(start: offset + ByteCount(position), length: ByteCount(length))) }
      }
      sector.withBytes(0..<length) { bytes in
        for index in 0..<length { span.setByte(position + index, to: bytes.byte(index)) }
      }
      position = end
    }
  }
}

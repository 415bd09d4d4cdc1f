// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// One window of a capture: the extents that a restore writes, and the holes
/// in them that hold nothing used and are restored as zeros.
struct PlannedWindow: Sendable, Equatable {
  let volume: Int
  let number: Int
  /// In bytes from the volume's start, sorted, disjoint.
  var extents: [ByteRange]
  /// Inside the extents, likewise.
  var holes: [ByteRange] = []

  var contentLength: ByteCount { extents.totalLength }
}

/// Cuts a volume's used ranges into windows.
enum WindowPlanner {
  /// The windows of a volume that have used ranges. Ranges in one window with
  /// less than `mergeGap` between them become one extent with a hole.
  static func windows(
    volume: Int, used: [ByteRange], windowSize: ByteCount, mergeGap: ByteCount
  ) -> [PlannedWindow] {
    var windows: [PlannedWindow] = []
    for range in used {
      var start = range.start
      while start < range.end {
        let number = Int(start.rawValue / windowSize.rawValue)
        let windowEnd = ByteOffset(UInt64(number + 1) * windowSize.rawValue)
        let part = ByteRange(from: start, to: min(range.end, windowEnd))
        start = part.end
        if windows.last?.number == number {
          windows[windows.count - 1].append(part, mergeGap: mergeGap)
        } else {
          windows.append(PlannedWindow(volume: volume, number: number, extents: [part]))
        }
      }
    }
    return windows
  }
}

extension PlannedWindow {
  fileprivate mutating func append(_ part: ByteRange, mergeGap: ByteCount) {
    guard let last = extents.last, part.start - last.end < mergeGap else {
      extents.append(part)
      return
    }
    if part.start > last.end { holes.append(ByteRange(from: last.end, to: part.start)) }
    extents[extents.count - 1] = ByteRange(from: last.start, to: part.end)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// Used ranges as a bitmap is read, joined where they touch, and bounded in number.
struct RunList {
  /// In the order of adding, in bytes from the volume's start.
  private(set) var ranges: [ByteRange] = []

  /// Adds the bytes from `start` up to `end`, of which both are below 2^63.
  mutating func add(_ start: UInt64, _ end: UInt64) throws(Doubt) {
    guard start < end else { return }
    if let last = ranges.last, last.end.rawValue == start {
      ranges[ranges.count - 1] = ByteRange(from: last.start, to: ByteOffset(end))
    } else {
      guard ranges.count < DomainMap.rangeLimit else { throw Doubt("it is in more than \(ranges.count) pieces") }
      ranges.append(ByteRange(from: ByteOffset(start), to: ByteOffset(end)))
    }
  }
}

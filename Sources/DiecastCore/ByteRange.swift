// SPDX-License-Identifier: GPL-3.0-or-later

/// A contiguous run of bytes: where it starts and how long it is. Its end
/// always fits 63 bits.
public struct ByteRange: Hashable, Sendable {
  /// The first byte.
  public let start: ByteOffset
  /// How many bytes.
  public let length: ByteCount

  /// `length` bytes from `start`; traps when the end is beyond 63 bits.
  public init(start: ByteOffset, length: ByteCount) {
    guard let range = ByteRange(checkedStart: start, length: length) else {
      preconditionFailure("byte range \(start)+\(length) does not fit 63 bits")
    }
    self = range
  }

  /// `length` bytes from `start`, or nil when the end is beyond 63 bits: for values from outside.
  public init?(checkedStart start: ByteOffset, length: ByteCount) {
    guard start.adding(length) != nil else { return nil }
    self.start = start
    self.length = length
  }

  /// From `start` up to, not including, `end`.
  public init(from start: ByteOffset, to end: ByteOffset) {
    self.init(start: start, length: end - start)
  }

  /// The first byte after.
  public var end: ByteOffset { start + length }
  /// Whether there are no bytes.
  public var isEmpty: Bool { length == .zero }

  /// Whether `other` lies wholly inside.
  public func contains(_ other: ByteRange) -> Bool { other.start >= start && other.end <= end }
  /// Whether any byte is in both.
  public func overlaps(_ other: ByteRange) -> Bool { other.start < end && start < other.end }

  /// The bytes in both, or nil when there are none.
  public func intersection(_ other: ByteRange) -> ByteRange? {
    let from = max(start, other.start)
    let to = min(end, other.end)
    return from < to ? ByteRange(from: from, to: to) : nil
  }

  /// The same length, `distance` further on.
  public func shifted(by distance: ByteCount) -> ByteRange { ByteRange(start: start + distance, length: length) }
}

extension [ByteRange] {
  /// The sum of all lengths.
  public var totalLength: ByteCount { reduce(.zero) { $0 + $1.length } }

  /// Sorted, with ranges that touch or overlap made one.
  public func coalesced() -> [ByteRange] {
    var result: [ByteRange] = []
    for range in sorted(by: { $0.start < $1.start }) where !range.isEmpty {
      if let last = result.last, range.start <= last.end {
        result[result.count - 1] = ByteRange(from: last.start, to: Swift.max(last.end, range.end))
      } else {
        result.append(range)
      }
    }
    return result
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// Reads a domain map piece by piece, as it comes from a file.
struct DomainMapParser {
  private var line: [UInt8] = []
  private var number = 0
  private var end: UInt64?
  private var position: UInt64 = 0
  private var used: [ByteRange] = []

  /// Longest line that can be a map's; partclone's comments name a device.
  private static let lineLimit = 4200

  /// Takes the next bytes, which may end in the middle of a line.
  mutating func feed(_ bytes: ArraySlice<UInt8>) throws(DomainMap.Failure) {
    var rest = bytes
    while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line += rest[rest.startIndex..<newline]
      rest = rest[(newline + 1)...]
      number += 1
      try take()
      line.removeAll(keepingCapacity: true)
    }
    line += rest
    if line.count > Self.lineLimit { throw .garbage(line: number + 1) }
  }

  /// The map, when all of it was fed. A last line without its end was cut off.
  mutating func finish() throws(DomainMap.Failure) -> DomainMap {
    guard line.isEmpty else { throw .garbage(line: number + 1) }
    guard let end, end > 0 else { throw .empty }
    guard position == end else { throw .truncated(at: position, end: end) }
    return DomainMap(used: used, end: end)
  }

  private mutating func take() throws(DomainMap.Failure) {
    if line.count > Self.lineLimit { throw .garbage(line: number) }
    if line.isEmpty || line[0] == UInt8(ascii: "#") { return }
    let words = line.split(separator: UInt8(ascii: " "))
    guard let end else {
      // The current position and status; newer ddrescue adds a pass number.
      guard words.count == 2, words[1].elementsEqual("?".utf8) else { throw .garbage(line: number) }
      self.end = try hexadecimal(words[0])
      return
    }
    guard words.count == 3, words[2].count == 1, let status = words[2].first else { throw .garbage(line: number) }
    let start = try hexadecimal(words[0])
    let length = try hexadecimal(words[1])
    guard start == position else { throw .notContiguous(line: number, expected: position, found: start) }
    let (next, overflow) = start.addingReportingOverflow(length)
    guard !overflow, length > 0, next <= end else { throw .beyondEnd(line: number, end: end) }
    position = next
    switch status {
    case UInt8(ascii: "+"): try append(ByteRange(from: ByteOffset(start), to: ByteOffset(next)))
    case UInt8(ascii: "?"): break
    default: throw .garbage(line: number)
    }
  }

  private mutating func append(_ range: ByteRange) throws(DomainMap.Failure) {
    if let last = used.last, last.end == range.start {
      used[used.count - 1] = ByteRange(from: last.start, to: range.end)
    } else {
      guard used.count < DomainMap.rangeLimit else { throw .tooManyRanges(line: number) }
      used.append(range)
    }
  }

  /// `0x` and up to 16 digits, as a number of 63 bits.
  private func hexadecimal(_ text: ArraySlice<UInt8>) throws(DomainMap.Failure) -> UInt64 {
    guard text.count > 2, text.starts(with: "0x".utf8) else { throw .garbage(line: number) }
    var value: UInt64 = 0
    for digit in text.dropFirst(2) {
      let nibble: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
      case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
      default: throw .garbage(line: number)
      }
      guard value >> 59 == 0 else { throw .overflow(line: number) }
      value = value << 4 | UInt64(nibble)
    }
    return value
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// What a `Range` header asks of a file (RFC 9110, 14).
enum HTTPRange: Equatable {
  /// All of it: no header, one of another unit, a malformed one, or several
  /// ranges, which a server may answer in full.
  case whole
  /// These bytes.
  case part(ClosedRange<Int>)
  /// Bytes that it does not have.
  case unsatisfiable

  /// Parses `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT` for a file of `size` bytes.
  init(_ header: String?, size: Int) {
    self = .whole
    let unit = "bytes="
    guard let header, header.utf8.count <= 64, header.hasPrefix(unit) else { return }
    let ends = header.dropFirst(unit.count).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else { return }
    let numbers = ends.map(Self.number)
    switch (numbers[0], numbers[1]) {
    case (let first?, let last?) where first <= last:
      self = first < size ? .part(first...min(last, size - 1)) : .unsatisfiable
    case (let first?, nil) where ends[1].isEmpty:
      self = first < size ? .part(first...(size - 1)) : .unsatisfiable
    case (nil, let count?) where ends[0].isEmpty:
      self = count > 0 && size > 0 ? .part(max(0, size - count)...(size - 1)) : .unsatisfiable
    default: return
    }
  }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(text)
  }
}

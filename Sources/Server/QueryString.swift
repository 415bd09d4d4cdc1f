// SPDX-License-Identifier: GPL-3.0-or-later

/// The parameters of a tracker's URL. Their values are bytes, not text: an
/// `info_hash` is rarely UTF-8 (BEP 3).
struct QueryString: Sendable {
  /// Bytes that a query may have.
  static let maximumLength = 4096
  /// Parameters that a query may have.
  static let maximumParameters = 256

  /// One `key=value`.
  struct Parameter: Sendable, Equatable {
    let key: [UInt8]
    let value: [UInt8]
  }

  /// In the order in which they came.
  let parameters: [Parameter]

  /// Parses what follows the `?`, without it.
  init(parsing query: some Collection<UInt8>) throws(TrackerFailure) {
    guard query.count <= Self.maximumLength else {
      throw TrackerFailure("the query has more than \(Self.maximumLength) bytes")
    }
    var parameters: [Parameter] = []
    for pair in query.split(separator: UInt8(ascii: "&")) {
      guard parameters.count < Self.maximumParameters else {
        throw TrackerFailure("the query has more than \(Self.maximumParameters) parameters")
      }
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      parameters.append(
        Parameter(key: try Self.decode(parts[0]), value: parts.count > 1 ? try Self.decode(parts[1]) : []))
    }
    self.parameters = parameters
  }

  /// Every value under `key`.
  func all(_ key: String) -> [[UInt8]] {
    parameters.filter { $0.key.elementsEqual(key.utf8) }.map(\.value)
  }

  /// The value under `key`, which may be given once; nil when it is not.
  func single(_ key: String) throws(TrackerFailure) -> [UInt8]? {
    let values = all(key)
    guard values.count <= 1 else { throw TrackerFailure("\(key) is given more than once") }
    return values.first
  }

  /// The value under `key` as text; nil when it is not given.
  func text(_ key: String) throws(TrackerFailure) -> String? {
    try single(key).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The value under `key` as a number in `range`; nil when it is not given.
  func number<Number: FixedWidthInteger>(_ key: String, in range: ClosedRange<Number>) throws(TrackerFailure) -> Number?
  {
    guard let text = try text(key) else { return nil }
    guard let number = Number(text), range.contains(number) else {
      throw TrackerFailure("\(key) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Percent-decoding (RFC 3986, 2.1). A `+` stays one: that it may mean a
  /// space is a rule of HTML forms, not of trackers.
  private static func decode(_ text: some Collection<UInt8>) throws(TrackerFailure) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
        throw TrackerFailure("a percent sign is not followed by two hexadecimal digits")
      }
      result.append(high << 4 | low)
    }
    return result
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

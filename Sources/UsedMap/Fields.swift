// SPDX-License-Identifier: GPL-3.0-or-later

/// Bytes read from a disk, as numbers. Reading past their end is a doubt, never a trap.
struct Fields {
  let bytes: [UInt8]

  /// `count` bytes from `offset`.
  func slice(_ offset: Int, _ count: Int) throws(Doubt) -> ArraySlice<UInt8> {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw Doubt("a structure of its superblock lies beyond what was read")
    }
    return bytes[offset..<offset + count]
  }

  /// A little-endian number of 1 to 8 bytes.
  func little(_ offset: Int, _ size: Int) throws(Doubt) -> UInt64 {
    let part = try slice(offset, size)
    var value: UInt64 = 0
    var index = part.endIndex
    while index > part.startIndex {
      index -= 1
      value = value << 8 | UInt64(part[index])
    }
    return value
  }

  /// A big-endian number of 1 to 8 bytes.
  func big(_ offset: Int, _ size: Int) throws(Doubt) -> UInt64 {
    try slice(offset, size).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Whether the bytes at `offset` are these characters.
  func has(_ text: String, at offset: Int) -> Bool {
    (try? slice(offset, text.utf8.count)).map { $0.elementsEqual(text.utf8) } ?? false
  }
}

extension UInt64 {
  /// The product, or a doubt about `what` where it does not fit 63 bits.
  func times(_ factor: UInt64, _ what: String) throws(Doubt) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    guard !overflow, product <= UInt64(Int64.max) else { throw Doubt("\(what) is absurd: \(self) times \(factor)") }
    return product
  }

  /// The sum, or a doubt about `what` where it does not fit 63 bits.
  func plus(_ other: UInt64, _ what: String) throws(Doubt) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    guard !overflow, sum <= UInt64(Int64.max) else { throw Doubt("\(what) is absurd: \(self) plus \(other)") }
    return sum
  }

  /// The difference, or a doubt about `what` where it is negative.
  func minus(_ other: UInt64, _ what: String) throws(Doubt) -> UInt64 {
    guard self >= other else { throw Doubt("\(what) is absurd: \(self) minus \(other)") }
    return self - other
  }

  /// For messages: `0x1f`.
  var hexadecimal: String { "0x" + String(self, radix: 16) }
}

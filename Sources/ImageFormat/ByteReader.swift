// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Reads numbers and bytes from outside, front to back, never past the end.
public struct ByteReader {
  private let bytes: [UInt8]
  /// How many bytes were taken.
  public private(set) var position = 0
  /// What is being read, for messages: `the index`.
  private let what: String

  /// A reader at the front of `bytes`.
  public init(_ bytes: [UInt8], what: String) {
    self.bytes = bytes
    self.what = what
  }

  /// Bytes not yet taken.
  public var remaining: Int { bytes.count - position }

  /// An error at this position.
  public func malformed(_ problem: String) -> DiecastError {
    DiecastError(
      .malformed, "\(what) is malformed at byte \(position): \(problem)",
      remedy: "Fetch it again, or capture the image anew")
  }

  /// The next `count` bytes.
  public mutating func take(_ count: Int) throws(DiecastError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw malformed("\(count) bytes wanted, \(remaining) left") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// The next byte.
  public mutating func byte() throws(DiecastError) -> UInt8 {
    guard remaining > 0 else { throw malformed("it ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next byte without taking it; nil at the end.
  public func peek() -> UInt8? { remaining > 0 ? bytes[position] : nil }

  /// The next four bytes, little-endian.
  public mutating func uint32() throws(DiecastError) -> UInt32 {
    try take(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The next eight bytes, little-endian.
  public mutating func uint64() throws(DiecastError) -> UInt64 {
    try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The next 32 bytes.
  public mutating func hash() throws(DiecastError) -> Hash256 {
    guard let hash = Hash256(try take(Hash256.size)) else { throw malformed("not a hash") }
    return hash
  }

  /// The next unsigned LEB128 number of at most 63 bits, in its shortest form.
  public mutating func varint() throws(DiecastError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 {
        if byte == 0, shift > 0 { throw malformed("a number is longer than it needs to be") }
        return value
      }
    }
    throw malformed("a number is too large")
  }

  /// The next number, which may be at most `limit`.
  public mutating func varint(limit: UInt64, _ name: String) throws(DiecastError) -> UInt64 {
    let value = try varint()
    guard value <= limit else { throw malformed("\(name) is \(value), at most \(limit) is allowed") }
    return value
  }
}

/// Writes what `ByteReader` reads.
public struct ByteWriter {
  /// What was written.
  public private(set) var bytes: [UInt8] = []

  /// Nothing written yet.
  public init() {}

  /// Appends bytes as they are.
  public mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
  /// Appends one byte.
  public mutating func byte(_ value: UInt8) { bytes.append(value) }
  /// Appends four bytes, little-endian.
  public mutating func uint32(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
  /// Appends eight bytes, little-endian.
  public mutating func uint64(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
  /// Appends an unsigned LEB128 number.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// A position in bytes from the start of a disk or of a volume.
public struct ByteOffset: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  /// Bytes from the start.
  public let rawValue: UInt64

  /// An offset of `rawValue` bytes.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }
  /// Reads a plain number.
  public init(from decoder: any Decoder) throws { rawValue = try UInt64(from: decoder) }
  /// Writes a plain number.
  public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }

  /// The first byte.
  public static let zero = ByteOffset(0)
  /// Orders by position.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
  /// Moves forward. Traps on overflow: check outside values with `adding(_:)`.
  public static func + (lhs: Self, rhs: ByteCount) -> Self { Self(lhs.rawValue + rhs.rawValue) }
  /// The distance from `rhs` up to `lhs`, which must not lie before it.
  public static func - (lhs: Self, rhs: Self) -> ByteCount { ByteCount(lhs.rawValue - rhs.rawValue) }

  /// Moves forward, or nil where that is no longer a number of 63 bits (what `off_t` holds).
  public func adding(_ count: ByteCount) -> ByteOffset? {
    let (sum, overflow) = rawValue.addingReportingOverflow(count.rawValue)
    return overflow || sum > UInt64(Int64.max) ? nil : ByteOffset(sum)
  }

  /// Whether this is a multiple of `unit`.
  public func isMultiple(of unit: ByteCount) -> Bool { rawValue.isMultiple(of: unit.rawValue) }

  /// The plain number.
  public var description: String { String(rawValue) }
}

/// A length in bytes.
public struct ByteCount: Hashable, Comparable, Sendable, Codable, AdditiveArithmetic, CustomStringConvertible {
  /// Bytes.
  public let rawValue: UInt64

  /// A length of `rawValue` bytes.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }
  /// A length of `count` bytes, which must not be negative.
  public init(_ count: Int) { rawValue = UInt64(count) }
  /// Reads a plain number.
  public init(from decoder: any Decoder) throws { rawValue = try UInt64(from: decoder) }
  /// Writes a plain number.
  public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }

  /// No bytes.
  public static let zero = ByteCount(UInt64(0))
  /// `count` kibibytes.
  public static func kib(_ count: UInt64) -> Self { Self(count << 10) }
  /// `count` mebibytes.
  public static func mib(_ count: UInt64) -> Self { Self(count << 20) }
  /// `count` gibibytes.
  public static func gib(_ count: UInt64) -> Self { Self(count << 30) }
  /// Orders by length.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
  /// The sum; traps on overflow.
  public static func + (lhs: Self, rhs: Self) -> Self { Self(lhs.rawValue + rhs.rawValue) }
  /// The difference; traps when negative.
  public static func - (lhs: Self, rhs: Self) -> Self { Self(lhs.rawValue - rhs.rawValue) }

  /// As an `Int`, for buffers in memory; traps beyond `Int.max`.
  public var int: Int { Int(rawValue) }
  /// Whether this is a power of two.
  public var isPowerOfTwo: Bool { rawValue.nonzeroBitCount == 1 }
  /// The plain number.
  public var description: String { String(rawValue) }
}

/// A number of logical sectors, whose size the disk states.
public struct SectorCount: Hashable, Comparable, Sendable, Codable {
  /// Sectors.
  public let rawValue: UInt64
  /// `rawValue` sectors.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }
  /// Reads a plain number.
  public init(from decoder: any Decoder) throws { rawValue = try UInt64(from: decoder) }
  /// Writes a plain number.
  public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }
  /// Orders by number.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

  /// These sectors in bytes, or nil where that is no number of 63 bits.
  public func bytes(sectorSize: ByteCount) -> ByteCount? {
    let (product, overflow) = rawValue.multipliedReportingOverflow(by: sectorSize.rawValue)
    return overflow || product > UInt64(Int64.max) ? nil : ByteCount(product)
  }
}

/// A piece of a torrent, counted from 0 (BEP 3, BEP 52).
public struct PieceIndex: Hashable, Comparable, Sendable {
  /// The number libtorrent knows it by.
  public let rawValue: Int32
  /// Piece `rawValue`.
  public init(_ rawValue: Int32) { self.rawValue = rawValue }
  /// Piece `index`; traps beyond 31 bits.
  public init(_ index: Int) { rawValue = Int32(index) }
  /// Orders by number.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
  /// For indexing arrays.
  public var int: Int { Int(rawValue) }
}

/// A chunk's place in an image's chunk table, counted from 0.
public struct ChunkIndex: Hashable, Comparable, Sendable {
  /// The place.
  public let rawValue: UInt32
  /// Entry `rawValue`.
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  /// Entry `index`; traps beyond 32 bits.
  public init(_ index: Int) { rawValue = UInt32(index) }
  /// Orders by place.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
  /// For indexing arrays.
  public var int: Int { Int(rawValue) }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// Thirty-two bytes of SHA-256, kept as four words so that it is a plain value.
public struct Hash256: Hashable, Comparable, Sendable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// All zero bytes.
  public static let zero = Hash256(words: (0, 0, 0, 0))
  /// Bytes in a hash.
  public static let size = 32

  private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// From exactly 32 bytes; nil for any other number.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.size else { return nil }
    var values: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in bytes.enumerated() { values[index / 8] = values[index / 8] << 8 | UInt64(byte) }
    words = (values[0], values[1], values[2], values[3])
  }

  /// From exactly 64 lower-case hexadecimal digits; nil for anything else.
  public init?(hex: some StringProtocol) {
    guard let bytes = [UInt8](lowercaseHex: hex) else { return nil }
    self.init(bytes)
  }

  /// The 32 bytes, in order.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Self.size)
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: 56, through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    return result
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { bytes.hex }
  /// The hexadecimal digits.
  public var description: String { hex }

  /// Same bytes.
  public static func == (lhs: Self, rhs: Self) -> Bool { lhs.words == rhs.words }
  /// Orders as the bytes, and so as the hexadecimal digits.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.words < rhs.words }
  /// Feeds all four words.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}

/// A chunk's name: the BEP 52 `pieces root` of its bytes.
public struct ChunkID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The Merkle root.
  public let hash: Hash256
  /// The id with this root.
  public init(_ hash: Hash256) { self.hash = hash }
  /// Orders by bytes, which is the order of the chunks in a torrent.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.hash < rhs.hash }
  /// 64 lower-case hexadecimal digits.
  public var description: String { hash.hex }
}

/// SHA-256 of a window's uncompressed content.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
  /// The digest.
  public let hash: Hash256
  /// The digest with this value.
  public init(_ hash: Hash256) { self.hash = hash }
  /// 64 lower-case hexadecimal digits.
  public var description: String { hash.hex }
}

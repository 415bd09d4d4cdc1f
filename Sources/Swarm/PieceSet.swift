// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// A set of pieces, kept as the bitfield that peers exchange (BEP 3): one bit
/// a piece, the most significant first.
public struct PieceSet: Sendable, Equatable {
  /// How many pieces the torrent has.
  public let count: Int
  /// The bitfield; spare bits at the end are zero.
  public private(set) var bits: [UInt8]

  /// None of `count` pieces.
  public init(count: Int) {
    self.count = count
    bits = [UInt8](repeating: 0, count: (count + 7) / 8)
  }

  init(count: Int, bits: [UInt8]) {
    self.count = count
    self.bits = bits
  }

  /// Whether a piece is in the set; setting it changes that.
  public subscript(piece: PieceIndex) -> Bool {
    get { bits[piece.int / 8] & (0x80 >> UInt8(piece.int % 8)) != 0 }
    set {
      let mask: UInt8 = 0x80 >> UInt8(piece.int % 8)
      if newValue { bits[piece.int / 8] |= mask } else { bits[piece.int / 8] &= ~mask }
    }
  }

  /// How many pieces are in the set.
  public var memberCount: Int { bits.reduce(0) { $0 + $1.nonzeroBitCount } }
}

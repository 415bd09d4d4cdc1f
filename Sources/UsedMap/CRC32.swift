// SPDX-License-Identifier: GPL-3.0-or-later

/// Reflected 32-bit cyclic redundancy checks, as f2fs and btrfs use them.
struct CRC32: Sendable {
  /// Of Ethernet and f2fs.
  static let ethernet = CRC32(polynomial: 0xEDB8_8320)
  /// Castagnoli's, of btrfs and iSCSI.
  static let castagnoli = CRC32(polynomial: 0x82F6_3B78)

  private let table: [UInt32]

  private init(polynomial: UInt32) {
    table = (0..<256).map { (byte: UInt32) in
      (0..<8).reduce(byte) { value, _ in value >> 1 ^ (value & 1 != 0 ? polynomial : 0) }
    }
  }

  /// The register after `bytes`, which began as `start`; no final inversion.
  func update(_ start: UInt32, _ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value = start
    for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
    return value
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// A globally unique identifier as GPT stores it: the first three fields
/// little-endian (UEFI specification, appendix A).
public struct GUID: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The 16 bytes as they lie on the disk.
  public let bytes: [UInt8]

  /// From exactly 16 bytes as they lie on the disk.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Parses `8-4-4-4-12` hexadecimal digits.
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [8, 4, 4, 4, 12], let raw = [UInt8](lowercaseHex: parts.joined()) else { return nil }
    bytes = raw[0..<4].reversed() + raw[4..<6].reversed() + raw[6..<8].reversed() + raw[8...]
  }

  /// Reads the text form.
  public init(from decoder: any Decoder) throws {
    let text = try String(from: decoder)
    guard let guid = GUID(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a GUID"))
    }
    self = guid
  }

  /// Writes the text form.
  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

  /// Marks an unused entry of a partition table.
  public var isZero: Bool { bytes.allSatisfy { $0 == 0 } }

  /// `8-4-4-4-12` upper-case hexadecimal digits.
  public var description: String {
    let ordered = bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
    let digits = Array(Array(ordered).hex.uppercased())
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
  }
}

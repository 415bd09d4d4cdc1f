// SPDX-License-Identifier: GPL-3.0-or-later

/// The host and port that a client says it used. What passes here goes into
/// torrents, JSON and pages as it is, so nothing else may.
enum HostHeader {
  /// The host, with its port if it has one, in the form that a URL takes; nil
  /// for anything but a name, an IPv4 address or a bracketed IPv6 address with
  /// an optional port (RFC 9110, 7.2).
  static func validated(_ authority: String?) -> String? {
    guard let authority, authority.utf8.count <= 261 else { return nil }
    let bytes = Array(authority.utf8)
    let host: ArraySlice<UInt8>
    let rest: ArraySlice<UInt8>
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 2 else { return nil }
      host = bytes[1..<close]
      rest = bytes[(close + 1)...]
      guard host.contains(UInt8(ascii: ":")), host.allSatisfy(isIPv6Character) else { return nil }
    } else {
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
      host = bytes[..<colon]
      rest = bytes[colon...]
      guard let first = host.first, isAlphanumeric(first), host.allSatisfy(isNameCharacter) else { return nil }
    }
    guard rest.isEmpty || isPort(rest) else { return nil }
    return authority
  }

  private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.first == UInt8(ascii: ":"), (2...6).contains(text.count) else { return false }
    let digits = text.dropFirst()
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return false }
    return UInt16(String(decoding: digits, as: UTF8.self)).map { $0 > 0 } ?? false
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: false
    }
  }

  private static func isNameCharacter(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  private static func isIPv6Character(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

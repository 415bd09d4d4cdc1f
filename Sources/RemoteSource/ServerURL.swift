// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// The URL of a Diecast server: `http://HOST[:PORT][/PREFIX]`, or `https`.
struct ServerURL: Sendable, Equatable {
  /// Without a slash at the end.
  let text: String

  /// Throws `.usage` for anything else: other schemes, user names, queries, fragments.
  init(parsing text: String) throws(DiecastError) {
    let refusal = DiecastError(
      .usage, "'\(String(text.prefix(200)))' is no URL of a Diecast server",
      remedy: "Use http://HOST, with :PORT and a path where the server has them")
    let lowercased = text.prefix(8).lowercased()
    let scheme = lowercased.hasPrefix("http://") ? "http://" : lowercased.hasPrefix("https://") ? "https://" : ""
    guard !scheme.isEmpty, text.utf8.count <= 1024 else { throw refusal }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    guard Self.isAuthority(authority), Self.isPath(path) else { throw refusal }
    var whole = scheme + authority + path
    while whole.last == "/" { whole.removeLast() }
    self.text = whole
  }

  /// The URL of `path`, which begins with a slash, on this server.
  func appending(_ path: String) -> String { text + path }

  private static func isAuthority(_ text: Substring) -> Bool {
    let host: Substring
    let port: Substring
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else { return false }
      host = text[text.index(after: text.startIndex)..<close]
      port = text[text.index(after: close)...]
      guard host.contains(":"),
        host.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
      else { return false }
    } else {
      host = text.prefix { $0 != ":" }
      port = text.dropFirst(host.count)
      guard let first = host.utf8.first, isAlphanumeric(first), host.utf8.count <= 253,
        host.utf8.allSatisfy({ isAlphanumeric($0) || "-._".utf8.contains($0) })
      else { return false }
    }
    if port.isEmpty { return true }
    guard port.first == ":", port.dropFirst().utf8.allSatisfy(isDigit) else { return false }
    return UInt16(port.dropFirst()).map { $0 > 0 } ?? false
  }

  private static func isPath(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { isAlphanumeric($0) || "/-._~".utf8.contains($0) }
      && !text.split(separator: "/").contains { $0 == "." || $0 == ".." }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// What a person calls an image: `golden`, or one version of it,
/// `golden@2026-11-20`. Safe as a path component by construction.
public struct ImageName: Hashable, Sendable, CustomStringConvertible {
  /// The image.
  public let name: String
  /// One version of it; nil means the newest.
  public let version: String?

  /// Letters, digits, `.`, `_`, `-`; at most 64, beginning with a letter or digit.
  public static func isValidPart(_ part: String) -> Bool {
    guard let first = part.utf8.first, part.utf8.count <= Limits.nameLength else { return false }
    let isAlphanumeric = { (byte: UInt8) in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    return isAlphanumeric(first)
      && part.utf8.allSatisfy {
        isAlphanumeric($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
      }
  }

  /// A name and a version, each valid; nil otherwise.
  public init?(name: String, version: String?) {
    guard Self.isValidPart(name), version.map(Self.isValidPart) ?? true else { return nil }
    self.name = name
    self.version = version
  }

  /// Parses `NAME` or `NAME@VERSION`.
  public init(parsing text: String) throws(DiecastError) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let parsed = ImageName(name: parts[0], version: parts.count > 1 ? parts[1] : nil) else {
      throw DiecastError(
        .usage, "'\(text)' is no name for an image",
        remedy: "Use letters, digits, '.', '_' and '-', at most \(Limits.nameLength), and NAME@VERSION for one version")
    }
    self = parsed
  }

  /// `NAME` or `NAME@VERSION`.
  public var description: String { version.map { "\(name)@\($0)" } ?? name }
}

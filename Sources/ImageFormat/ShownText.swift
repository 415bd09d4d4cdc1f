// SPDX-License-Identifier: GPL-3.0-or-later

/// Text from disks and manifests that ends up on terminals, where control
/// characters would be commands.
enum ShownText {
  /// Bytes that one text of a manifest may have.
  static let limit = 4096

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
  }

  /// Whether it can be shown as it is.
  static func isSafe(_ text: String) -> Bool {
    text.utf8.count <= limit && !text.unicodeScalars.contains(where: isControl)
  }

  /// With a replacement character for each that controls something, and cut to what is safe in length.
  static func cleaned(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit / 4) { scalars.append(isControl(scalar) ? "\u{fffd}" : scalar) }
    return String(scalars)
  }
}

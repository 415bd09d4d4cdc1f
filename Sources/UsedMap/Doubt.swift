// SPDX-License-Identifier: GPL-3.0-or-later

/// Why a filesystem's map is not trusted. Never the end of a capture: the
/// volume is copied raw instead, and the reason becomes its note.
struct Doubt: Error, Equatable, CustomStringConvertible {
  /// The reason with its numbers, to be read after `copied raw: `.
  let description: String

  init(_ description: String) { self.description = description }
}

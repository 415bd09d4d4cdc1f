// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// partclone's domain map, which is a map file of GNU ddrescue: comments, the
/// current position, then one line `0xPOSITION  0xSIZE  STATUS` for each run.
/// Runs follow one another without gaps from 0 to the current position, which
/// partclone sets to the filesystem's end: that is how a truncated map shows.
struct DomainMap: Equatable {
  /// Runs with status `+`, joined where they touch, in bytes from the filesystem's start.
  let used: [ByteRange]
  /// Where the filesystem ends, in bytes.
  let end: UInt64

  /// Pieces beyond which a map is not worth having.
  static let rangeLimit = 1 << 25

  /// Why a text is no such map, with the number of the line.
  enum Failure: Error, Equatable {
    case garbage(line: Int)
    case overflow(line: Int)
    case notContiguous(line: Int, expected: UInt64, found: UInt64)
    case beyondEnd(line: Int, end: UInt64)
    case empty
    case truncated(at: UInt64, end: UInt64)
    case tooManyRanges(line: Int)
  }

  /// The map in `text`, which must be complete.
  static func parse(_ text: [UInt8]) throws(Failure) -> DomainMap {
    var parser = DomainMapParser()
    try parser.feed(text[...])
    return try parser.finish()
  }
}

extension DomainMap.Failure: CustomStringConvertible {
  var description: String {
    switch self {
    case .garbage(let line): "line \(line) of the map is no line of a map"
    case .overflow(let line): "a number in line \(line) of the map is too large"
    case .notContiguous(let line, let expected, let found):
      "line \(line) of the map begins at byte \(found) instead of \(expected)"
    case .beyondEnd(let line, let end): "line \(line) of the map goes beyond byte \(end), where the map says it ends"
    case .empty: "the map is empty"
    case .truncated(let position, let end): "the map stops at byte \(position) instead of \(end)"
    case .tooManyRanges(let line): "the map has too many lines: \(line)"
    }
  }
}

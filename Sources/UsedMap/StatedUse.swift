// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// What a filesystem itself says about its use, to hold partclone's map against.
struct StatedUse {
  /// Bytes that a right map calls used, metadata included.
  var used: ClosedRange<UInt64>
  /// Where a right map ends: the filesystem's size in bytes.
  var end: UInt64
  /// Who says so, for messages: `its superblock`.
  var authority: String

  /// Throws unless `map` agrees.
  func check(_ map: DomainMap) throws(Doubt) {
    guard map.end == end else {
      throw Doubt("partclone's map ends at byte \(map.end), but the filesystem at \(end)")
    }
    let mapped = map.used.totalLength.rawValue
    guard used.contains(mapped) else {
      throw Doubt("partclone's map has \(mapped) bytes in use, but \(authority) \(words)")
    }
  }

  private var words: String {
    used.lowerBound == used.upperBound
      ? "\(used.lowerBound)" : "\(used.lowerBound) to \(used.upperBound)"
  }
}

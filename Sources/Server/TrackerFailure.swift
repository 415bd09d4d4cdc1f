// SPDX-License-Identifier: GPL-3.0-or-later

internal import ImageFormat

/// Why a tracker refuses a request. The client gets it as `failure reason`,
/// with status 200 (BEP 3).
struct TrackerFailure: Error, Equatable {
  /// For people, in lower case, without a full stop.
  let reason: String

  init(_ reason: String) { self.reason = reason }

  /// The answer in bencode.
  var encoded: [UInt8] { Bencode.dictionary(text: ["failure reason": .string(reason)]).encoded() }
}

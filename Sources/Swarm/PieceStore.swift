// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// Where a torrent's pieces live: files, a disk, memory. The contract is
/// `docs/disk-io-contract.md`; in short:
///
/// - Both functions are called on the session's worker threads, several at
///   once, for different pieces, and may block. Never on the network thread.
/// - `write` gets only pieces whose hash was checked, each at most once at a
///   time, and returns once the bytes are where they belong. An error stops
///   the torrent.
/// - `read` must give exactly the bytes that the torrent names. What it gives
///   is checked again before it is sent; an error is told to the peers that
///   asked, and the swarm goes on.
public protocol PieceStore: AnyObject, Sendable {
  /// Fills `bytes`, which has the piece's length.
  func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError)
  /// Takes all of a verified piece.
  func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError)
}

// SPDX-License-Identifier: GPL-3.0-or-later

extension DiecastError {
  /// The kinds of failure. The raw value is the id in `--json` output and in
  /// `docs/exit-codes.md`; ids stay, sentences may change.
  public enum Code: String, Sendable, CaseIterable {
    /// The command line cannot be understood.
    case usage
    /// A disk, store or image named by the user is not there.
    case notFound = "not-found"
    /// A disk is mounted, or held by something else.
    case busy
    /// The target cannot take the image; nothing was written.
    case refused
    /// The person at the terminal did not confirm.
    case notConfirmed = "not-confirmed"
    /// The system lacks a right, a tool or a kernel feature that this needs.
    case unavailable
    /// Reading a disk failed.
    case readFailed = "read-failed"
    /// Writing, flushing or closing a disk failed.
    case writeFailed = "write-failed"
    /// Reading or writing a store failed.
    case storeFailed = "store-failed"
    /// A manifest, index, torrent or message is malformed.
    case malformed
    /// The image needs a newer Diecast, or another codec.
    case unsupported
    /// Bytes do not have the hash that names them.
    case corrupt
    /// The image names a chunk that the store lacks.
    case missingChunk = "missing-chunk"
    /// A network peer, tracker or server failed.
    case network
    /// The disk does not hold what the image says.
    case verificationFailed = "verification-failed"
    /// Done, but some of the source could not be read, or some nodes failed.
    case partial
    /// Stopped by a signal.
    case interrupted
    /// A fault in Diecast itself.
    case `internal`

    /// What the process ends with.
    public var exitCode: Int32 {
      switch self {
      case .usage: 2
      case .busy, .refused, .notConfirmed, .unsupported: 3
      case .partial: 4
      case .verificationFailed: 5
      case .interrupted: 130
      case .notFound, .unavailable, .readFailed, .writeFailed, .storeFailed, .malformed, .corrupt, .missingChunk,
        .network, .internal:
        1
      }
    }
  }
}

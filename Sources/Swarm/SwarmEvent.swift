// SPDX-License-Identifier: GPL-3.0-or-later

internal import CSwarm
internal import DiecastCore

/// Something that happened in a session, apart from progress.
public struct SwarmEvent: Sendable, Equatable {
  /// What kind of thing.
  public enum Kind: Sendable, Equatable {
    /// Every wanted piece is there.
    case finished
    /// The torrent stopped.
    case torrentError
    /// A piece could not be read; peers were told.
    case readError
    /// An address cannot be listened on.
    case listenFailed
    /// An address is listened on.
    case listening
    /// A tracker could not be reached, or refused.
    case trackerError
    /// A tracker answered.
    case trackerReply
    /// A peer was dropped for what it sent.
    case peerBanned
    /// A piece had the wrong hash.
    case hashFailed
  }

  /// What kind of thing.
  public let kind: Kind
  /// The torrent's number in its session.
  public let torrent: Int32
  /// What failed and where, in one sentence.
  public let message: String

  init?(_ event: csw_event) {
    switch event.kind {
    case csw_event_finished: kind = .finished
    case csw_event_torrent_error: kind = .torrentError
    case csw_event_read_error: kind = .readError
    case csw_event_listen_failed: kind = .listenFailed
    case csw_event_listening: kind = .listening
    case csw_event_tracker_error: kind = .trackerError
    case csw_event_tracker_reply: kind = .trackerReply
    case csw_event_peer_banned: kind = .peerBanned
    case csw_event_hash_failed: kind = .hashFailed
    default: return nil
    }
    torrent = event.torrent
    message = event.message.string
  }
}

extension csw_message {
  /// The sentence as a string.
  var string: String {
    unsafe withUnsafeBytes(of: text) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Takes as much of a sentence as fits.
  mutating func set(_ sentence: String) {
    unsafe withUnsafeMutableBytes(of: &text) { raw in
      let bytes = sentence.utf8.prefix(raw.count - 1)
      unsafe raw.copyBytes(from: bytes)
      unsafe raw[bytes.count] = 0
    }
  }
}

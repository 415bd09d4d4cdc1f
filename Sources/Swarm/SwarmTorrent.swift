// SPDX-License-Identifier: GPL-3.0-or-later

internal import CSwarm
public import DiecastCore

/// A torrent in a session.
public final class SwarmTorrent: Sendable {
  /// One look at a torrent.
  public struct Status: Sendable {
    /// Pieces of the torrent, and those that the store has.
    public let piecesTotal: Int
    /// See `piecesTotal`.
    public let piecesHave: Int
    /// Peers connected, and those of them that have everything.
    public let peers: Int
    /// See `peers`.
    public let seeds: Int
    /// Every wanted piece is written.
    public let isFinished: Bool
    /// An error stopped it.
    public let hasFailed: Bool
    /// Payload bytes received and sent since it was added.
    public let downloaded: ByteCount
    /// See `downloaded`.
    public let uploaded: ByteCount
    /// Pieces that the store was asked for on behalf of peers, in the whole session.
    public let storeReads: UInt64
    /// Pieces that came with the wrong hash, in the whole session.
    public let hashFailures: UInt64
  }

  /// What was exchanged with one address.
  public struct Peer: Sendable, Equatable {
    /// Its numeric address.
    public let address: String
    /// Payload bytes received from it.
    public let downloaded: ByteCount
    /// Payload bytes sent to it.
    public let uploaded: ByteCount
    /// Whether it is connected now.
    public let isConnected: Bool
  }

  /// Its number in the session's events.
  public let id: Int32
  private let session: SwarmSession
  private let context: PieceStoreContext

  init(session: SwarmSession, id: Int32, context: PieceStoreContext) {
    self.session = session
    self.id = id
    self.context = context
  }

  /// The first error that the piece store threw while writing.
  public var writeFailure: DiecastError? { context.firstWriteFailure }

  /// The counters now; nil once the session is closed.
  public func status() -> Status? {
    var raw = csw_torrent_status()
    guard unsafe session.withSession({ unsafe csw_torrent_get_status($0, id, &raw) }) == 0 else { return nil }
    return Status(
      piecesTotal: Int(raw.pieces_total), piecesHave: Int(raw.pieces_have), peers: Int(raw.peers),
      seeds: Int(raw.seeds), isFinished: raw.finished, hasFailed: raw.failed, downloaded: ByteCount(raw.downloaded),
      uploaded: ByteCount(raw.uploaded), storeReads: raw.store_reads, hashFailures: raw.hash_failures)
  }

  /// What was exchanged with whom; at most 4096 addresses.
  public func peers() -> [Peer] {
    var raw = [csw_peer](repeating: csw_peer(), count: 4096)
    let count = unsafe raw.withUnsafeMutableBufferPointer { buffer in
      unsafe session.withSession { unsafe csw_torrent_get_peers($0, id, buffer.baseAddress, buffer.count) } ?? 0
    }
    return raw.prefix(max(0, min(Int(count), raw.count))).map { peer in
      let address = unsafe withUnsafeBytes(of: peer.address) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      return Peer(
        address: address, downloaded: ByteCount(peer.downloaded), uploaded: ByteCount(peer.uploaded),
        isConnected: peer.connected)
    }
  }

  /// Connects to a peer at a numeric address.
  public func addPeer(address: String, port: UInt16) {
    _ = unsafe session.withSession { unsafe csw_torrent_add_peer($0, id, address, port) }
  }

  /// Asks for other pieces than before: one byte a piece, 0 (no) to 7.
  public func setPriorities(_ priorities: [UInt8]) {
    _ = unsafe priorities.withUnsafeBufferPointer { buffer in
      unsafe session.withSession { unsafe csw_torrent_set_priorities($0, id, buffer.baseAddress, buffer.count) }
    }
  }

  /// Leaves the swarm; the piece store is let go once nothing uses it.
  public func remove() { _ = unsafe session.withSession { unsafe csw_session_remove($0, id) } }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// What a client tells a tracker about itself (BEP 3, BEP 23). Its address is
/// that of its connection: an `ip` parameter would let anyone send peers to a
/// third machine, and is ignored.
struct AnnounceRequest: Sendable, Equatable {
  /// What happened on the client's side.
  enum Event: String, Sendable {
    /// It begins.
    case started
    /// It has the last piece now.
    case completed
    /// It leaves.
    case stopped
    /// Nothing: one of the regular announces.
    case none = ""
  }

  /// Bytes of an info hash and of a peer id.
  static let hashLength = 20
  /// Peers that a client gets when it doesn't say, and the most that it gets.
  static let peersWanted = 50
  static let maximumPeersWanted = 200

  let infoHash: [UInt8]
  let peerID: [UInt8]
  let port: UInt16
  let uploaded: UInt64
  let downloaded: UInt64
  /// Bytes that it lacks; a client that doesn't say lacks some.
  let left: UInt64
  let event: Event
  let wanted: Int
  /// Whether peers are sent as byte strings rather than as a list (BEP 23).
  let compact: Bool
  /// Whether that list does without the peers' ids.
  let omitsPeerIDs: Bool

  /// Whether the client has everything.
  var isSeeder: Bool { left == 0 }

  /// From the parameters of an announce. Unknown ones are ignored.
  init(_ query: QueryString) throws(TrackerFailure) {
    guard let infoHash = try query.single("info_hash"), infoHash.count == Self.hashLength else {
      throw TrackerFailure("info_hash is not 20 bytes")
    }
    guard let peerID = try query.single("peer_id"), peerID.count == Self.hashLength else {
      throw TrackerFailure("peer_id is not 20 bytes")
    }
    guard let port = try query.number("port", in: 1...UInt16.max) else { throw TrackerFailure("port is missing") }
    guard let event = Event(rawValue: try query.text("event") ?? "") else { throw TrackerFailure("event is unknown") }
    self.infoHash = infoHash
    self.peerID = peerID
    self.port = port
    self.event = event
    uploaded = try query.number("uploaded", in: 0...UInt64.max) ?? 0
    downloaded = try query.number("downloaded", in: 0...UInt64.max) ?? 0
    left = try query.number("left", in: 0...UInt64.max) ?? .max
    // Clients say -1 for "as many as you like to give".
    let wanted = try query.number("numwant", in: Int.min...Int.max) ?? -1
    self.wanted = wanted < 0 ? Self.peersWanted : min(wanted, Self.maximumPeersWanted)
    compact = try query.text("compact") != "0"
    omitsPeerIDs = try query.text("no_peer_id") == "1"
  }
}

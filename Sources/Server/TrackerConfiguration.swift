// SPDX-License-Identifier: GPL-3.0-or-later

/// How a tracker treats its clients.
public struct TrackerConfiguration: Sendable {
  /// How often clients should announce. A deployment lasts minutes, so this is
  /// far shorter than on the internet.
  public var interval: Duration
  /// How often clients may announce at most.
  public var minimumInterval: Duration
  /// Peers kept for one torrent; the one not heard of for longest makes room.
  public var maximumPeers: Int
  /// The TCP port of the host program's own swarm session. When given, every
  /// answer to a client that lacks something names a seeder at this port and at
  /// the address by which that client reached the server. nil: no such session.
  public var selfPeerPort: UInt16?

  /// How a tracker treats its clients; peers expire after 2.5 intervals.
  public init(
    interval: Duration = .seconds(30), minimumInterval: Duration = .seconds(5), maximumPeers: Int = 4096,
    selfPeerPort: UInt16? = nil
  ) {
    self.interval = interval
    self.minimumInterval = minimumInterval
    self.maximumPeers = max(1, maximumPeers)
    self.selfPeerPort = selfPeerPort
  }

  /// How long a peer is kept that is not heard of.
  var expiry: Duration { interval * 2.5 }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ImageFormat
internal import Synchronization

/// A BitTorrent tracker without its network: BEP 3, with compact answers
/// (BEP 23), IPv6 (BEP 7) and scrape (BEP 48). Knows only the torrents that it
/// is told of. Memory is bounded by their number and `maximumPeers`.
public final class Tracker: Sendable {
  /// How clients are treated.
  public let configuration: TrackerConfiguration
  private let swarms: Mutex<[[UInt8]: TrackedSwarm]>

  /// What a torrent's peers are doing.
  public struct Statistics: Sendable, Equatable {
    /// Peers that have everything, the host program's own session among them.
    public let seeders: Int
    /// Peers that lack something.
    public let leechers: Int
    /// Clients that became complete since the start.
    public let completed: Int
  }

  /// A tracker for the torrents with these 20-byte info hashes.
  public init(infoHashes: [[UInt8]], configuration: TrackerConfiguration = TrackerConfiguration()) {
    self.configuration = configuration
    swarms = Mutex(Dictionary(infoHashes.map { ($0, TrackedSwarm()) }, uniquingKeysWith: { first, _ in first }))
  }

  /// Adds a seeder that never expires. Does nothing for an unknown torrent or port 0.
  public func register(infoHash: [UInt8], address: PeerAddress, port: UInt16) {
    guard port != 0 else { return }
    swarms.withLock { $0[infoHash]?.addFixed(PeerEndpoint(address: address, port: port)) }
  }

  /// Answers an announce in bencode. Never fails: what is wrong with the
  /// request is in the answer, as `failure reason`.
  ///
  /// - Parameters:
  ///   - query: what follows the `?` in the URL, as it came, at most 4 KiB.
  ///   - remote: the client's address.
  ///   - local: the address by which it reached this machine, for `selfPeerPort`.
  ///   - now: the time.
  public func announce(
    query: some Collection<UInt8>, from remote: PeerAddress, reachedAt local: PeerAddress?,
    now: ContinuousClock.Instant = .now
  ) -> [UInt8] {
    do {
      let request = try AnnounceRequest(QueryString(parsing: query))
      return try answer(request, from: remote, reachedAt: local, now: now).encoded()
    } catch {
      return error.encoded
    }
  }

  private func answer(
    _ request: AnnounceRequest, from remote: PeerAddress, reachedAt local: PeerAddress?, now: ContinuousClock.Instant
  ) throws(TrackerFailure) -> Bencode {
    let asker = PeerEndpoint(address: remote, port: request.port)
    let result: (Statistics, [(endpoint: PeerEndpoint, id: [UInt8])])? = swarms.withLock { swarms in
      guard var swarm = swarms[request.infoHash] else { return nil }
      // Taken out while it changes, so that its peers are not copied.
      swarms[request.infoHash] = TrackedSwarm()
      defer { swarms[request.infoHash] = swarm }
      swarm.expire(before: now - configuration.expiry)
      swarm.update(asker, request, now: now, maximumPeers: configuration.maximumPeers)
      let wanted = request.event == .stopped ? 0 : request.wanted
      return (statistics(swarm), swarm.sample(wanted, for: asker, isSeeder: request.isSeeder))
    }
    guard let (statistics, sampled) = result else { throw TrackerFailure("this tracker does not serve that torrent") }
    var peers = sampled
    if let port = configuration.selfPeerPort, let local, !request.isSeeder, request.wanted > 0,
      request.event != .stopped
    {
      let own = PeerEndpoint(address: local, port: port)
      if own != asker, !peers.contains(where: { $0.endpoint == own }) {
        // In place of another one when the client wants no more.
        if peers.count >= request.wanted { peers.removeLast() }
        peers.append((endpoint: own, id: []))
      }
    }
    return .dictionary(text: announceEntries(statistics, peers: peers, for: request))
  }

  private func announceEntries(
    _ statistics: Statistics, peers: [(endpoint: PeerEndpoint, id: [UInt8])], for request: AnnounceRequest
  ) -> [String: Bencode] {
    var entries: [String: Bencode] = [
      "interval": .integer(configuration.interval.components.seconds),
      "min interval": .integer(configuration.minimumInterval.components.seconds),
      "complete": .integer(Int64(statistics.seeders)),
      "incomplete": .integer(Int64(statistics.leechers)),
    ]
    if request.compact {
      entries["peers"] = .bytes(peers.filter { !$0.endpoint.address.isV6 }.flatMap(\.endpoint.compact))
      let v6 = peers.filter(\.endpoint.address.isV6).flatMap(\.endpoint.compact)
      if !v6.isEmpty { entries["peers6"] = .bytes(v6) }
    } else {
      entries["peers"] = .list(
        peers.map { peer in
          var entry: [String: Bencode] = [
            "ip": .string(peer.endpoint.address.description), "port": .integer(Int64(peer.endpoint.port)),
          ]
          if !request.omitsPeerIDs, !peer.id.isEmpty { entry["peer id"] = .bytes(peer.id) }
          return .dictionary(text: entry)
        })
    }
    return entries
  }

  /// What the peers of a torrent are doing; nil for one not known.
  public func statistics(infoHash: [UInt8], now: ContinuousClock.Instant = .now) -> Statistics? {
    swarms.withLock { swarms in
      swarms[infoHash]?.expire(before: now - configuration.expiry)
      return swarms[infoHash].map(statistics)
    }
  }

  /// The info hashes served, in order.
  var infoHashes: [[UInt8]] { swarms.withLock { $0.keys.sorted { $0.lexicographicallyPrecedes($1) } } }

  private func statistics(_ swarm: TrackedSwarm) -> Statistics {
    Statistics(
      seeders: swarm.seeders + (configuration.selfPeerPort == nil ? 0 : 1), leechers: swarm.leechers,
      completed: swarm.completed)
  }
}

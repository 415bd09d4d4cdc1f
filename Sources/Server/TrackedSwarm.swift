// SPDX-License-Identifier: GPL-3.0-or-later

/// The peers of one torrent.
struct TrackedSwarm: Sendable {
  /// What is known of a peer.
  struct Peer: Sendable {
    var id: [UInt8]
    var isSeeder: Bool
    /// Whether its completion was counted.
    var hasCompleted: Bool
    /// When it was last heard of; nil for a fixed peer, which never expires.
    var seen: ContinuousClock.Instant?
  }

  private(set) var peers: [PeerEndpoint: Peer] = [:]
  /// Clients that said `completed` since the start.
  private(set) var completed = 0

  /// Peers that have everything.
  var seeders: Int { peers.values.count(where: \.isSeeder) }
  /// Peers that lack something.
  var leechers: Int { peers.count - seeders }

  /// Drops peers not heard of since `limit`.
  mutating func expire(before limit: ContinuousClock.Instant) {
    guard peers.values.contains(where: { $0.seen.map { $0 < limit } ?? false }) else { return }
    peers = peers.filter { $0.value.seen.map { $0 >= limit } ?? true }
  }

  /// Takes in what a client says of itself.
  mutating func update(
    _ endpoint: PeerEndpoint, _ request: AnnounceRequest, now: ContinuousClock.Instant, maximumPeers: Int
  ) {
    let known = peers[endpoint]
    // A fixed peer is the host program's own: nobody else can change or remove it.
    if let known, known.seen == nil { return }
    if request.event == .stopped {
      peers[endpoint] = nil
      return
    }
    let completes = request.event == .completed && request.isSeeder
    let counted = known?.hasCompleted ?? false
    if completes, !counted { completed += 1 }
    if known == nil { makeRoom(maximumPeers) }
    peers[endpoint] = Peer(
      id: request.peerID, isSeeder: request.isSeeder, hasCompleted: counted || completes, seen: now)
  }

  /// Adds a seeder that never expires.
  mutating func addFixed(_ endpoint: PeerEndpoint) {
    peers[endpoint] = Peer(id: [], isSeeder: true, hasCompleted: true, seen: nil)
  }

  /// Up to `count` peers, any of them as likely as any other, without `asker`
  /// and, for a seeder, without seeders, which have nothing to say to it.
  func sample(_ count: Int, for asker: PeerEndpoint, isSeeder: Bool) -> [(endpoint: PeerEndpoint, id: [UInt8])] {
    var candidates = peers.filter { $0.key != asker && !(isSeeder && $0.value.isSeeder) }
      .map { (endpoint: $0.key, id: $0.value.id) }
    let taken = min(count, candidates.count)
    // The first `taken` steps of a Fisher-Yates shuffle.
    for place in 0..<taken { candidates.swapAt(place, Int.random(in: place..<candidates.count)) }
    return Array(candidates.prefix(taken))
  }

  private mutating func makeRoom(_ maximumPeers: Int) {
    guard peers.count >= maximumPeers else { return }
    let oldest = peers.compactMap { entry in entry.value.seen.map { (entry.key, $0) } }.min { $0.1 < $1.1 }
    if let oldest { peers[oldest.0] = nil }
  }
}

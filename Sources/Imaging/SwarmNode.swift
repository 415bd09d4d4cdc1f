// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
public import ImageFormat
public import Swarm
import Synchronization

/// Where a swarm is found.
public struct SwarmSource: Sendable {
  /// What to fetch.
  public var torrent: TorrentFile
  /// Trackers beside the torrent's own.
  public var trackers: [String]
  /// Peers to connect to at once: numeric address and port.
  public var peers: [(address: String, port: UInt16)]
  /// How the session behaves.
  public var settings: SwarmSettings
  /// What peers and trackers are told.
  public var userAgent: String
  /// With nothing received for this long, the restore fails.
  public var patience: Duration

  /// All parts of a source.
  public init(
    torrent: TorrentFile, trackers: [String] = [], peers: [(address: String, port: UInt16)] = [],
    settings: SwarmSettings, userAgent: String, patience: Duration = .seconds(300)
  ) {
    self.torrent = torrent
    self.trackers = trackers
    self.peers = peers
    self.settings = settings
    self.userAgent = userAgent
    self.patience = patience
  }
}

/// A member of a swarm that fetches what its piece store lacks, and serves what
/// it has from the first piece on.
public final class SwarmNode: Sendable {
  private let session: SwarmSession
  private let torrent: SwarmTorrent
  private let store: any PieceStore
  private let progress: Progress
  private let interrupt: Interrupt
  private let patience: Duration
  private let trackerTrouble = Mutex<String?>(nil)

  /// Joins at once. `priorities`, one byte a piece, say what is wanted; empty: everything.
  init(
    source: SwarmSource, store: any PieceStore, have: PieceSet, priorities: [UInt8] = [], progress: Progress,
    interrupt: Interrupt
  ) throws(DiecastError) {
    self.store = store
    self.progress = progress
    self.interrupt = interrupt
    patience = source.patience
    session = try SwarmSession(settings: source.settings, userAgent: source.userAgent)
    torrent = try session.add(
      torrent: source.torrent.bytes, store: store, role: .leech(have: have, priorities: priorities),
      trackers: source.trackers)
    for peer in source.peers { torrent.addPeer(address: peer.address, port: peer.port) }
  }

  /// What was exchanged with whom.
  public var peers: [SwarmTorrent.Peer] { torrent.peers() }
  /// Chunks that were made again from the disk for peers.
  public var remadeChunks: Int { (store as? DiskPieceStore)?.remadeChunks ?? 0 }
  /// Pieces that came with a wrong hash.
  public var hashFailures: UInt64 { torrent.status()?.hashFailures ?? 0 }

  /// Returns once the store has every wanted piece. Throws the piece store's error, `network` after the
  /// patience without a byte, or `interrupted`; then the session is closed.
  func waitUntilComplete() throws(DiecastError) {
    do throws(DiecastError) {
      try poll()
    } catch {
      close()
      throw error
    }
  }

  private func poll() throws(DiecastError) {
    let clock = ContinuousClock()
    var lastProgress = clock.now
    var received = ByteCount.zero
    while true {
      try interrupt.check()
      if let event = session.nextEvent(milliseconds: 100) { try handle(event) }
      guard let status = update() else { throw DiecastError(.interrupted, "The swarm session was closed") }
      if status.isFinished { return }
      if status.downloaded > received {
        received = status.downloaded
        lastProgress = clock.now
      } else if clock.now - lastProgress > patience {
        let trouble = trackerTrouble.withLock { $0 }.map { " (\($0))" } ?? ""
        throw DiecastError(
          .network,
          "No peer has sent anything for \(patience.human), \(status.peers) peers connected\(trouble)",
          remedy: "Check that the seeder runs and can be reached, then run the same command again: it goes on from here"
        )
      }
    }
  }

  private func handle(_ event: SwarmEvent) throws(DiecastError) {
    switch event.kind {
    case .torrentError:
      throw torrent.writeFailure
        ?? DiecastError(.network, "The swarm stopped: \(event.message)", remedy: "Run the same command again")
    case .listenFailed:
      throw DiecastError(
        .network, "Cannot listen for peers: \(event.message)", remedy: "Check --listen and that its port is free")
    case .trackerError: trackerTrouble.withLock { $0 = event.message }
    default: break
    }
  }

  private func update() -> SwarmTorrent.Status? {
    guard let status = torrent.status() else { return nil }
    progress.setNetwork(received: status.downloaded, sent: status.uploaded, peers: status.peers)
    return status
  }

  /// Serves others for `duration`, or until interrupted.
  public func seed(for duration: Duration) {
    progress.begin(.seeding, total: .zero)
    let end = ContinuousClock().now + duration
    while ContinuousClock().now < end, !interrupt.isRequested {
      _ = session.nextEvent(milliseconds: 200)
      _ = update()
    }
  }

  /// Leaves the swarm.
  public func close() { session.close() }
}

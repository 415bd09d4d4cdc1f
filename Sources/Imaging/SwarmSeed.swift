// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
public import ImageFormat
public import Swarm

/// A session that only serves: what `diecast seed` runs.
public final class SwarmSeed: Sendable {
  /// An image that is served.
  public struct Item: Sendable {
    /// Its torrent.
    public var torrent: TorrentFile
    /// Its pieces, all of them.
    public var store: any PieceStore

    /// An image with all its pieces.
    public init(torrent: TorrentFile, store: any PieceStore) {
      self.torrent = torrent
      self.store = store
    }
  }

  private let session: SwarmSession
  private let torrents: [SwarmTorrent]
  private let progress: Progress
  private let interrupt: Interrupt

  /// Starts serving `items`.
  public init(
    items: [Item], settings: SwarmSettings, userAgent: String, progress: Progress, interrupt: Interrupt
  ) throws(DiecastError) {
    self.progress = progress
    self.interrupt = interrupt
    session = try SwarmSession(settings: settings, userAgent: userAgent)
    var added: [SwarmTorrent] = []
    for item in items { added.append(try session.add(torrent: item.torrent.bytes, store: item.store, role: .seed)) }
    torrents = added
  }

  /// Waits until the session listens; throws `network` where it cannot.
  public func waitForPort() throws(DiecastError) -> UInt16 {
    for _ in 0..<100 {
      if let port = session.listenPort { return port }
      if let event = session.nextEvent(milliseconds: 50), event.kind == .listenFailed {
        throw DiecastError(
          .network, "Cannot listen for peers: \(event.message)", remedy: "Check --listen and that its port is free")
      }
    }
    throw DiecastError(.network, "The swarm session has no port after 5 s", remedy: "Check --listen")
  }

  /// What was exchanged with whom, over all images.
  public var peers: [SwarmTorrent.Peer] { torrents.flatMap { $0.peers() } }

  /// Serves until interrupted. Throws when a torrent stops. Remarks go to `note`.
  public func run(note: (String) -> Void) throws(DiecastError) {
    progress.begin(.seeding, total: .zero)
    while !interrupt.isRequested {
      if let event = session.nextEvent(milliseconds: 200) {
        switch event.kind {
        case .torrentError: throw DiecastError(.network, "Seeding stopped: \(event.message)", remedy: "Start it again")
        case .readError, .peerBanned: note(event.message)
        default: break
        }
      }
      let all = torrents.compactMap { $0.status() }
      progress.setNetwork(
        received: all.reduce(.zero) { $0 + $1.downloaded }, sent: all.reduce(.zero) { $0 + $1.uploaded },
        peers: all.reduce(0) { $0 + $1.peers })
    }
  }

  /// Stops serving.
  public func close() { session.close() }
}

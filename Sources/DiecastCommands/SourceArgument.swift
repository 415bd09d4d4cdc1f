// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import RemoteSource
internal import Swarm

/// A SOURCE: a store, a server, or a torrent.
enum SourceArgument {
  case store(ImageStore)
  case server(url: String)
  case torrent(TorrentFile)

  /// Tells them apart by their looks: `http://…`, a `.torrent` file, else a directory.
  init(_ text: String) throws(DiecastError) {
    if text.hasPrefix("http://") || text.hasPrefix("https://") {
      self = .server(url: text)
    } else if text.hasSuffix(".torrent") || (!FileStore.isDirectory(text) && FileStore.size(of: text) != nil) {
      guard let bytes = try FileStore.read(text, limit: Limits.torrentBytes) else {
        throw DiecastError(.notFound, "There is no torrent \(text)", remedy: "Name the image.torrent of the image")
      }
      self = .torrent(try TorrentFile(decoding: bytes))
    } else {
      self = .store(try ImageStore(path: text, create: false))
    }
  }

  /// How a node joins the swarm.
  struct Joining {
    var settings: SwarmSettings
    var peers: [(address: String, port: UInt16)]
    var patience: Duration
  }

  /// An image with where its chunks come from.
  struct Resolved {
    var image: StoredImage
    var source: Restore.Source
    /// The host that serves the image, as in its URL; nil for other sources.
    var serverHost: String?
  }

  /// Fetches the image's manifest and index, and checks that they belong together.
  func resolve(_ name: ImageName, joining: Joining, console: Console) async throws -> Resolved {
    switch self {
    case .store(let store):
      return Resolved(image: try store.load(name), source: .store(store))
    case .server(let url):
      let remote = try await RemoteSource(url: url).image(name)
      let image = try StoredImage(manifestBytes: remote.manifest, indexBytes: remote.index)
      let torrent = try TorrentFile(decoding: remote.torrent)
      try Self.check(torrent, belongsTo: image, asked: name)
      return Resolved(
        image: image, source: .swarm(Self.swarm(torrent, trackers: [remote.trackerURL], joining)),
        serverHost: Self.host(of: url))
    case .torrent(let torrent):
      let source = Self.swarm(torrent, trackers: [], joining)
      let image = try await onBlockingThread {
        try SwarmMetadata.fetch(source, progress: console.progress, interrupt: console.interrupt)
      }
      try Self.check(torrent, belongsTo: image, asked: name)
      return Resolved(image: image, source: .swarm(source))
    }
  }

  private static func swarm(_ torrent: TorrentFile, trackers: [String], _ joining: Joining) -> SwarmSource {
    SwarmSource(
      torrent: torrent, trackers: trackers, peers: joining.peers, settings: joining.settings,
      userAgent: Version.userAgent, patience: joining.patience)
  }

  private static func check(
    _ torrent: TorrentFile, belongsTo image: StoredImage, asked: ImageName
  ) throws(DiecastError) {
    guard image.manifest.name == asked.name, asked.version.map({ $0 == image.manifest.version }) ?? true else {
      throw DiecastError(
        .notFound, "The source has the image \(image.fullName), not \(asked)",
        remedy: "Name that image, or another source")
    }
    try image.check(torrent)
  }

  private static func host(of url: String) -> String {
    let rest = url.drop { $0 != "/" }.drop { $0 == "/" }
    if rest.hasPrefix("[") { return String(rest.dropFirst().prefix { $0 != "]" }) }
    return String(rest.prefix { $0 != ":" && $0 != "/" })
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import FoundationEssentials
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import Logging
internal import Server
internal import Swarm

struct SeedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seed",
    abstract: "Serve images to nodes: torrent, tracker and first peer.",
    discussion: """
      Serves each image's manifest, index and torrent over HTTP, answers tracker announces, and seeds, until it is \
      interrupted. With --from-disk a golden disk is read once to learn its chunks, which are then made on demand: \
      nothing is stored.

      EXAMPLES
        diecast seed golden --from /srv/images
        diecast seed golden base@2026-11-20 --listen 10.0.0.1:7070
        diecast seed golden --from-disk /dev/sda
      """)

  @Argument(help: "The images, NAME or NAME@VERSION.")
  var images: [ImageName]
  @Option(help: ArgumentHelp("The store that has them.", valueName: "store"))
  var from: String?
  @Option(help: ArgumentHelp("A golden disk to seed from instead of a store.", valueName: "disk"))
  var fromDisk: String?
  @Option(help: ArgumentHelp("Where to serve HTTP.", valueName: "addr:port"))
  var listen = ListenArgument(address: "0.0.0.0", port: 7070)
  @Option(help: "The port for peers; one more than the HTTP port by default.")
  var peerPort: UInt16?
  @Option(help: "The zstd level for --from-disk.")
  var level = 1
  @Option(help: ArgumentHelp("Send at most this many bytes a second, such as 50M.", valueName: "rate"))
  var uploadLimit: SizeArgument?
  @Flag(help: "Make torrents that BitTorrent v1 clients know as well; reads every chunk once.")
  var hybrid = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if images.isEmpty { throw ValidationError("Name at least one image.") }
    if fromDisk != nil, images.count != 1 || hybrid || from != nil {
      throw ValidationError("--from-disk takes one image, and neither --from nor --hybrid.")
    }
  }

  private struct Prepared {
    var served: [ServedImage] = []
    var items: [SwarmSeed.Item] = []
    var chunkFile: (@Sendable (ChunkID) -> String?)?

    mutating func add(_ image: StoredImage, torrent: TorrentFile, store: any PieceStore) {
      served.append(
        ServedImage(
          name: image.manifest.name, version: image.manifest.version, manifest: image.manifestBytes,
          index: image.indexBytes, torrent: torrent.bytes, infoHashes: torrent.trackerHashes))
      items.append(SwarmSeed.Item(torrent: torrent, store: store))
    }
  }

  func run() async throws {
    try await Console.run(output) { console in
      let prepared: Prepared
      if let fromDisk {
        prepared = try await prepareDisk(fromDisk, console: console)
      } else {
        prepared = try await prepareStore(console)
      }
      try await serve(prepared, console: console)
    }
  }

  private func prepareStore(_ console: Console) async throws -> Prepared {
    let store = try ImageStore(path: from ?? DefaultStore.path, create: false)
    var prepared = Prepared()
    for name in images {
      let image = try store.load(name)
      var torrent = try store.publishedTorrent(name: image.manifest.name, version: image.manifest.version)
      if hybrid, torrent?.infoHashV1 == nil {
        torrent = try await onBlockingThread {
          try HybridTorrent.make(
            of: image, in: store, workers: Workers.count, progress: console.progress, interrupt: console.interrupt)
        }
      }
      prepared.add(image, torrent: try torrent ?? image.torrent(), store: ChunkPieceStore(image: image, store: store))
    }
    let named = Set(try images.flatMap { (name) throws(DiecastError) in try store.load(name).index.chunks.map(\.id) })
    prepared.chunkFile = { named.contains($0) ? store.chunkPath($0) : nil }
    return prepared
  }

  private func prepareDisk(_ path: String, console: Console) async throws -> Prepared {
    let disk = try Disk(path: path, access: .source)
    let plan = try await CapturePlan.make(for: disk)
    CapturePlanText(plan).show(on: console)
    let now = Date()
    let options = Capture.Options(
      name: images[0].name, version: images[0].version ?? CaptureCommand.version(at: now), tool: Version.tool,
      level: level, created: UInt64(max(0, now.timeIntervalSince1970)), workers: Workers.count)
    let result = try await onBlockingThread {
      try Capture(
        plan: plan, disk: disk, store: nil, options: options, progress: console.progress, interrupt: console.interrupt
      ).run()
    }
    var prepared = Prepared()
    prepared.add(
      result.image, torrent: try result.image.torrent(),
      store: GoldenSource.pieceStore(of: result, on: disk, progress: console.progress))
    return prepared
  }

  private struct ListeningEvent: Encodable {
    var event = "listening"
    var url: String
    var port: UInt16
    var peerPort: UInt16
    var images: [String]
  }

  private func serve(_ prepared: Prepared, console: Console) async throws {
    var settings = SwarmSettings()
    let wanted = ListenArgument(address: listen.address, port: peerPort ?? (listen.port == 0 ? 0 : listen.port &+ 1))
    settings.listen = wanted.description
    settings.workerThreads = Workers.count
    settings.cacheBytes = .mib(256)
    settings.unchokeSlots = 32
    settings.uploadRateLimit = Int(clamping: uploadLimit?.count.rawValue ?? 0)
    let swarm = try SwarmSeed(
      items: prepared.items, settings: settings, userAgent: Version.userAgent, progress: console.progress,
      interrupt: console.interrupt)
    defer { swarm.close() }
    let peerPort = try await onBlockingThread { try swarm.waitForPort() }
    let server = try SeedServer(
      images: prepared.served, tracker: TrackerConfiguration(selfPeerPort: peerPort), chunkFile: prepared.chunkFile,
      address: listen.address, port: listen.port,
      logger: Logger(label: "diecast.seed") { _ in StderrLog(interrupt: console.interrupt) })
    let names = prepared.served.map { "\($0.name)@\($0.version)" }

    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await server.run { port in
          let url = "http://\(ListenArgument(address: listen.address, port: port).description)"
          console.emit(ListeningEvent(url: url, port: port, peerPort: peerPort, images: names))
          console.say("Seeding \(names.joined(separator: ", ")) at \(url), peers on port \(peerPort). Ctrl-C stops.")
          if let first = names.first { console.say("On a node: diecast restore \(first) DISK --from \(url)") }
        }
      }
      group.addTask { try await onBlockingThread { try swarm.run { console.warn($0) } } }
      _ = try await group.next()
      group.cancelAll()
    }
    report(swarm, console: console)
  }

  private struct SeedResult: Encodable {
    var event = "result"
    var sentBytes: UInt64
    var peers: [PeerRow]
  }

  private func report(_ swarm: SwarmSeed, console: Console) {
    let peers = swarm.peers.map { PeerRow($0) }
    let sent = peers.reduce(0) { $0 + $1.uploadedBytes }
    console.emit(SeedResult(sentBytes: sent, peers: peers))
    console.say("Sent \(ByteCount(sent).human) to \(peers.count) \(peers.count == 1 ? "address" : "addresses").")
  }
}

/// What was exchanged with one address, in events.
struct PeerRow: Encodable {
  var address: String
  var downloadedBytes: UInt64
  var uploadedBytes: UInt64

  init(_ peer: SwarmTorrent.Peer) {
    address = peer.address
    downloadedBytes = peer.downloaded.rawValue
    uploadedBytes = peer.uploaded.rawValue
  }
}

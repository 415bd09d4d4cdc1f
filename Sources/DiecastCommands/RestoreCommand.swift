// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import Swarm

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Restore an image to a disk.",
    discussion: """
      SOURCE is a store, the URL of a seeder, or a torrent file. Everything is checked before the first write, and \
      read back from the medium at the end. Run again after any interruption, it fetches only what the disk lacks; \
      on a disk that mostly holds the image already, likewise.

      EXAMPLES
        diecast restore golden /dev/sdb --from /srv/images
        diecast restore golden /dev/sda --from http://server:7070 --yes --seed-for 1h
        diecast restore golden /dev/sda --from golden.torrent --peer 10.0.0.1:7071
        diecast restore golden /dev/sda --from http://server:7070 --dry-run
      """)

  @Argument(help: "The image, NAME or NAME@VERSION.")
  var image: ImageName
  @Argument(help: "The target disk, which is overwritten: a block device, or a file standing in for one.")
  var disk: String
  @Option(help: ArgumentHelp("A store, a seeder's URL, or a torrent.", valueName: "source"))
  var from: String?
  @Flag(help: "Do not ask for confirmation.")
  var yes = false
  @Flag(help: "Show the plan and stop.")
  var dryRun = false
  @Flag(inversion: .prefixedNo, help: "Read everything back from the medium and compare.")
  var verify = true
  @Flag(help: "Discard the whole disk first.")
  var discard = false
  @Option(help: ArgumentHelp("Go on seeding this long when done: 90s, 10m, 1h, forever.", valueName: "duration"))
  var seedFor: DurationArgument?
  @Option(help: ArgumentHelp("Where to listen for peers.", valueName: "addr:port"))
  var listen = ListenArgument(address: "0.0.0.0", port: 0)
  @Option(help: ArgumentHelp("A peer to connect to; may be given again.", valueName: "addr:port"))
  var peer: [ListenArgument] = []
  @Option(help: ArgumentHelp("Give up when nothing arrives for this long.", valueName: "duration"))
  var patience: DurationArgument?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await Console.run(output) { console in
      let source = try SourceArgument(from ?? DefaultStore.path)
      if case .store = source, seedFor != nil {
        throw DiecastError(
          .usage, "--seed-for needs a swarm", remedy: "Name a seeder's URL or a torrent as --from, or use diecast seed")
      }
      let disk = try Disk(path: self.disk, access: dryRun ? .inspection : .target)
      let resolved = try await source.resolve(image, joining: joining, console: console)
      let plan = try RestorePlan.make(image: resolved.image, disk: disk)
      RestorePlanText(plan).show(on: console)
      if dryRun { return }
      try confirm(plan)
      try await restore(plan, disk: disk, resolved: resolved, console: console)
    }
  }

  private var joining: SourceArgument.Joining {
    var settings = SwarmSettings()
    settings.listen = listen.description
    settings.workerThreads = Workers.count
    return SourceArgument.Joining(
      settings: settings, peers: peer.map { ($0.address, $0.port) }, patience: patience?.duration ?? .seconds(300))
  }

  private func confirm(_ plan: RestorePlan) throws(DiecastError) {
    if yes { return }
    let question = "Everything on \(disk) that the image covers will be lost. Type \(disk) to go on: "
    guard let answer = Console.ask(question) else {
      throw DiecastError(
        .notConfirmed, "Restoring overwrites \(disk), and nobody is there to confirm it", remedy: "Give --yes")
    }
    guard answer == disk else {
      throw DiecastError(.notConfirmed, "Not confirmed: nothing was written", remedy: "Type the disk's path as shown")
    }
  }

  private func restore(
    _ plan: RestorePlan, disk: Disk, resolved: SourceArgument.Resolved, console: Console
  ) async throws {
    let options = Restore.Options(verify: verify, discard: discard, workers: Workers.count)
    let restore = Restore(
      plan: plan, disk: disk, source: resolved.source, options: options, progress: console.progress,
      interrupt: console.interrupt)
    let swarm = SwarmBox()
    defer { swarm.get()?.close() }
    let started = ContinuousClock().now
    let result = try await onBlockingThread { try restore.run(onSwarm: { swarm.set($0) }) }
    let elapsed = ContinuousClock().now - started
    let report = RestoreReport(
      plan: plan, result: result, peers: swarm.get()?.peers ?? [], serverHost: resolved.serverHost, elapsed: elapsed)
    report.show(on: console)
    if let session = swarm.get(), let seedFor {
      await onSeeding(session, for: seedFor.duration)
      RestoreReport.showSeeding(session, on: console)
    }
    try disk.close()
  }

  private func onSeeding(_ session: SwarmNode, for duration: Duration) async {
    try? await onBlockingThread { session.seed(for: duration) }
  }
}

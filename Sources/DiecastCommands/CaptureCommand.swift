// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import FoundationEssentials
internal import ImageFormat
internal import ImageStore
internal import Imaging

struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Capture a golden disk into an image.",
    discussion: """
      Reads only what the filesystems use, and never writes to the source. What the store has already is not written \
      again, so capturing the same disk after an update adds only what changed.

      EXAMPLES
        diecast capture /dev/sda golden
        diecast capture /dev/sda golden@2026-11-20 --to /srv/images --level 9
        diecast capture golden.img golden --dry-run
        diecast capture /dev/sdb old-disk --rescue
      """)

  @Argument(help: "The disk: a block device, or a file standing in for one.")
  var disk: String
  @Argument(help: "The image's name, NAME or NAME@VERSION; the version defaults to the time.")
  var image: ImageName
  @Option(help: ArgumentHelp("Where to store the image.", valueName: "store"))
  var to: String?
  @Option(help: "The zstd level, 1 (fast) to 22 (small); negative is faster still.")
  var level = 1
  @Option(help: "An image to take unchanged chunks from; the newest version of the same name by default.")
  var parent: ImageName?
  @Option(help: "Bytes in a window, a power of two such as 4M; chosen by the size of the disk by default.")
  var window: SizeArgument?
  @Flag(help: "Go on at read errors: such ranges become zeros and are listed in the manifest; exit code 4.")
  var rescue = false
  @Flag(help: "Show the plan and stop.")
  var dryRun = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard level != 0, (-22...22).contains(level) else { throw ValidationError("--level must be 1 to 22, or -1 to -22") }
    if let window, !window.count.isPowerOfTwo || !Limits.windowSize.contains(window.count) {
      throw ValidationError("--window must be a power of two from 64K to 256M")
    }
  }

  func run() async throws {
    try await Console.run(output) { console in
      let disk = try Disk(path: self.disk, access: .source)
      let plan = try await CapturePlan.make(for: disk, windowSize: window?.count)
      CapturePlanText(plan).show(on: console)
      if dryRun { return }

      let store = try ImageStore(path: to ?? DefaultStore.path, create: true)
      let now = Date()
      let options = Capture.Options(
        name: image.name, version: image.version ?? Self.version(at: now), tool: Version.tool, level: level,
        created: UInt64(max(0, now.timeIntervalSince1970)), rescue: rescue, workers: Workers.count)
      if store.hasImage(name: options.name, version: options.version) {
        throw DiecastError(
          .refused, "The store \(store.path) has an image \(options.name)@\(options.version) already",
          remedy: "Name another version, or remove that one with diecast image remove")
      }
      let parentImage = try loadParent(in: store, like: options)
      let started = ContinuousClock().now
      let result = try await onBlockingThread {
        try Capture(
          plan: plan, disk: disk, store: store, parent: parentImage, options: options, progress: console.progress,
          interrupt: console.interrupt
        ).run()
      }
      try finish(result, elapsed: ContinuousClock().now - started, console: console)
    }
  }

  private func loadParent(in store: ImageStore, like options: Capture.Options) throws(DiecastError) -> StoredImage? {
    if let parent { return try store.load(parent) }
    guard let newest = try store.versions(of: options.name).first,
      let name = ImageName(name: newest.name, version: newest.version)
    else { return nil }
    return try store.load(name)
  }

  /// Sorts as text in the order of time, and is a valid version.
  static func version(at date: Date) -> String {
    let style = Date.ISO8601FormatStyle(timeSeparator: .omitted, timeZone: .gmt)
    return date.formatted(style.year().month().day().time(includingFractionalSeconds: false))
      .replacing("T", with: "-")
  }

  private struct ResultEvent: Encodable {
    var event = "result"
    var image: String
    var id: String
    var usedBytes: UInt64
    var contentBytes: UInt64
    var chunks: Int
    var chunkBytes: UInt64
    var newChunks: Int
    var newBytes: UInt64
    var inheritedChunks: Int
    var unread: [UnreadRange]
    var seconds: Double
  }

  private func finish(_ result: Capture.Result, elapsed: Duration, console: Console) throws {
    let totals = result.image.manifest.totals
    console.emit(
      ResultEvent(
        image: result.image.fullName, id: result.image.id, usedBytes: totals.usedBytes.rawValue,
        contentBytes: totals.contentBytes.rawValue, chunks: totals.chunks, chunkBytes: totals.chunkBytes.rawValue,
        newChunks: result.newChunks, newBytes: result.newBytes.rawValue, inheritedChunks: result.inheritedChunks,
        unread: result.unread, seconds: elapsed.seconds))
    let ratio = Double(totals.contentBytes.rawValue) / Double(max(1, totals.chunkBytes.rawValue))
    console.say(
      "Captured \(result.image.fullName) in \(elapsed.human): \(totals.contentBytes.human) in \(totals.chunks) chunks of \(totals.chunkBytes.human), ratio \(ratio.fixed(2))."
    )
    console.say("New in the store: \(result.newChunks) chunks, \(result.newBytes.human).")
    guard !result.unread.isEmpty else { return }
    let lost = result.unread.reduce(ByteCount.zero) { $0 + $1.length }
    throw DiecastError(
      .partial,
      "\(lost) bytes in \(result.unread.count) ranges of \(disk) could not be read and are zeros in the image",
      remedy: "See them with diecast image show \(result.image.fullName), and replace the disk")
  }
}

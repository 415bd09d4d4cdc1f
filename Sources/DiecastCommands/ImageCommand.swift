// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import FoundationEssentials
internal import ImageFormat
internal import ImageStore
internal import Imaging

struct ImageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image",
    abstract: "List, show, remove, prune and copy the images of a store.",
    discussion: """
      EXAMPLES
        diecast image list --from /srv/images
        diecast image show golden
        diecast image remove golden@2026-11-20 && diecast image prune
        diecast image copy golden --from /srv/images --to /mnt/stick/store
      """,
    subcommands: [
      ImageListCommand.self, ImageShowCommand.self, ImageRemoveCommand.self, ImagePruneCommand.self,
      ImageCopyCommand.self,
    ])
}

/// Which store a verb of `image` works on.
struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The store; $DIECAST_STORE, else /var/lib/diecast, by default.", valueName: "store"))
  var from: String?

  func open() throws(DiecastError) -> ImageStore {
    try ImageStore(path: from ?? DefaultStore.path, create: false)
  }
}

/// A date for people, in UTC.
func shortDate(_ seconds: UInt64) -> String {
  let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .gmt)
  return Date(timeIntervalSince1970: Double(min(seconds, 253_402_300_799)))
    .formatted(style.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
}

struct ImageListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the images of a store.")

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  private struct ImageEvent: Encodable {
    var event = "image"
    var name: String
    var version: String
    var created: UInt64
    var diskBytes: UInt64
    var contentBytes: UInt64
    var chunkBytes: UInt64
    var chunks: Int
  }

  func run() async throws {
    try await Console.run(output) { console in
      let store = try store.open()
      var rows = [["IMAGE", "CREATED (UTC)", "DISK", "CONTENT", "CHUNKS"]]
      for name in store.imageNames() {
        for manifest in try store.versions(of: name) {
          let totals = manifest.totals
          let disk = manifest.disks.reduce(ByteCount.zero) { $0 + $1.size }
          console.emit(
            ImageEvent(
              name: manifest.name, version: manifest.version, created: manifest.created, diskBytes: disk.rawValue,
              contentBytes: totals.contentBytes.rawValue, chunkBytes: totals.chunkBytes.rawValue, chunks: totals.chunks))
          rows.append([
            "\(manifest.name)@\(manifest.version)", shortDate(manifest.created), disk.human, totals.contentBytes.human,
            totals.chunkBytes.human,
          ])
        }
      }
      if rows.count == 1 { console.say("The store \(store.path) has no images.") } else { TextTable.lines(rows).forEach(console.say) }
    }
  }
}

struct ImageShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what an image holds.")

  @Argument(help: "The image, NAME or NAME@VERSION.")
  var image: ImageName
  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  private struct ShowEvent: Encodable {
    var event = "image"
    var id: String
    var infoHash: String
    var manifest: Manifest
  }

  func run() async throws {
    try await Console.run(output) { console in
      let store = try store.open()
      let image = try store.load(image)
      let manifest = image.manifest
      let torrent = try store.publishedTorrent(name: manifest.name, version: manifest.version) ?? image.torrent()
      console.emit(ShowEvent(id: image.id, infoHash: torrent.infoHash.hex, manifest: manifest))
      let disk = manifest.disks[0]
      console.say("\(image.fullName), captured \(shortDate(manifest.created)) UTC by \(manifest.tool)")
      console.say("  id         \(image.id)")
      console.say("  info hash  \(torrent.infoHash.hex)")
      console.say("  parent     \(manifest.parent ?? "-")")
      console.say("  codec      \(manifest.codec.name) \(manifest.codec.version), level \(manifest.codec.level)")
      console.say("  disk       \(disk.size.human), \(disk.logicalSectorSize)-byte sectors, \(disk.table.typeName)")
      console.say("  content    \(manifest.totals.contentBytes.human) in \(manifest.totals.windows) windows, \(manifest.totals.zeroBytes.human) of it zeros")
      console.say("  chunks     \(manifest.totals.chunks), \(manifest.totals.chunkBytes.human)")
      CapturePlanText.table(of: manifest.volumes).forEach(console.say)
      for volume in manifest.volumes {
        for note in volume.notes { console.say("NOTE: \(CapturePlanText.name(of: volume)): \(note)") }
        for unread in volume.unread ?? [] {
          console.say("NOTE: \(CapturePlanText.name(of: volume)): \(unread.length) bytes at offset \(unread.start) could not be read")
        }
      }
    }
  }
}

struct ImageRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove one version of an image; prune then frees its chunks.")

  @Argument(help: "The image, NAME@VERSION.")
  var image: ImageName
  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if image.version == nil { throw ValidationError("Name the version to remove: \(image)@VERSION") }
  }

  func run() async throws {
    try await Console.run(output) { console in
      let store = try store.open()
      try store.remove(name: image.name, version: image.version ?? "")
      console.emit(["event": "removed", "image": "\(image)"])
      console.say("Removed \(image). Its chunks stay until diecast image prune.")
    }
  }
}

struct ImagePruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Remove the chunks that no image names.")

  @Flag(help: "Only tell what would be removed.")
  var dryRun = false
  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  private struct PruneEvent: Encodable {
    var event = "pruned"
    var dryRun: Bool
    var chunks: Int
    var bytes: UInt64
    var temporaryFiles: Int
  }

  func run() async throws {
    try await Console.run(output) { console in
      let store = try store.open()
      let dryRun = dryRun
      let pruned = try await onBlockingThread { try store.prune(dryRun: dryRun) }
      console.emit(
        PruneEvent(
          dryRun: dryRun, chunks: pruned.chunks, bytes: pruned.bytes.rawValue, temporaryFiles: pruned.temporaryFiles))
      console.say(
        "\(dryRun ? "Would remove" : "Removed") \(pruned.chunks) chunks, \(pruned.bytes.human), and \(pruned.temporaryFiles) leftovers of interrupted runs.")
    }
  }
}

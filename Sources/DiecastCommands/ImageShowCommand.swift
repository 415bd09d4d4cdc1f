// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import ImageFormat
internal import ImageStore

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
      console.say(
        "  content    \(manifest.totals.contentBytes.human) in \(manifest.totals.windows) windows, \(manifest.totals.zeroBytes.human) of it zeros"
      )
      console.say("  chunks     \(manifest.totals.chunks), \(manifest.totals.chunkBytes.human)")
      CapturePlanText.table(of: manifest.volumes).forEach(console.say)
      for volume in manifest.volumes {
        for note in volume.notes { console.say("NOTE: \(CapturePlanText.name(of: volume)): \(note)") }
        for unread in volume.unread ?? [] {
          console.say(
            "NOTE: \(CapturePlanText.name(of: volume)): \(unread.length) bytes at offset \(unread.start) could not be read"
          )
        }
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import ImageFormat
internal import ImageStore

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
              contentBytes: totals.contentBytes.rawValue, chunkBytes: totals.chunkBytes.rawValue, chunks: totals.chunks)
          )
          rows.append([
            "\(manifest.name)@\(manifest.version)", shortDate(manifest.created), disk.human, totals.contentBytes.human,
            totals.chunkBytes.human,
          ])
        }
      }
      if rows.count == 1 {
        console.say("The store \(store.path) has no images.")
      } else {
        TextTable.lines(rows).forEach(console.say)
      }
    }
  }
}

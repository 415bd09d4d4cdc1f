// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import ImageStore

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
        "\(dryRun ? "Would remove" : "Removed") \(pruned.chunks) chunks, \(pruned.bytes.human), and \(pruned.temporaryFiles) leftovers of interrupted runs."
      )
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import Swarm

struct ImageCopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy an image to another store, only the chunks that it lacks.",
    discussion: """
      From a seeder's URL or a torrent the chunks come through the swarm, and the new store can seed the image as well.

      EXAMPLES
        diecast image copy golden --from /srv/images --to /mnt/stick/store
        diecast image copy golden --from http://server:7070 --to /srv/mirror
      """)

  @Argument(help: "The image, NAME or NAME@VERSION.")
  var image: ImageName
  @Option(help: ArgumentHelp("A store, a seeder's URL, or a torrent.", valueName: "source"))
  var from: String?
  @Option(help: ArgumentHelp("The store to copy to.", valueName: "store"))
  var to: String
  @OptionGroup var output: OutputOptions

  private struct CopyEvent: Encodable {
    var event = "copied"
    var image: String
    var chunks: Int
    var bytes: UInt64
  }

  func run() async throws {
    try await Console.run(output) { console in
      let source = try SourceArgument(from ?? DefaultStore.path)
      let joining = SourceArgument.Joining(settings: SwarmSettings(), peers: [], patience: .seconds(300))
      let resolved = try await source.resolve(image, joining: joining, console: console)
      let target = try ImageStore(path: to, create: true)
      if target.hasImage(name: resolved.image.manifest.name, version: resolved.image.manifest.version) {
        throw DiecastError(
          .refused, "The store \(to) has the image \(resolved.image.fullName) already",
          remedy: "Check it with diecast verify")
      }
      let result = try await onBlockingThread {
        switch resolved.source {
        case .store(let store):
          try ImageCopy.copy(
            resolved.image, from: store, to: target, workers: Workers.count, progress: console.progress,
            interrupt: console.interrupt)
        case .swarm(let swarm):
          try ImageCopy.copy(
            resolved.image, from: swarm, to: target, progress: console.progress, interrupt: console.interrupt)
        }
      }
      console.emit(CopyEvent(image: resolved.image.fullName, chunks: result.chunks, bytes: result.bytes.rawValue))
      console.say("Copied \(resolved.image.fullName) to \(to): \(result.chunks) chunks, \(result.bytes.human).")
    }
  }
}

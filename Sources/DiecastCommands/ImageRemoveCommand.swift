// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import ImageFormat
internal import ImageStore

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

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import DiecastCore
internal import FoundationEssentials
internal import ImageStore

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

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import Swarm

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Re-read an image's chunks, or compare a disk with an image.",
    discussion: """
      Without DISK every chunk in the store is read and checked. With DISK the disk is read past the page cache and \
      every window and the partition table are compared; nothing is written. Exit code 5 when anything differs.

      EXAMPLES
        diecast verify golden --from /srv/images
        diecast verify golden /dev/sda --from http://server:7070
      """)

  @Argument(help: "The image, NAME or NAME@VERSION.")
  var image: ImageName
  @Argument(help: "A disk that should hold the image.")
  var disk: String?
  @Option(help: ArgumentHelp("A store; with DISK also a seeder's URL or a torrent.", valueName: "source"))
  var from: String?
  @OptionGroup var output: OutputOptions

  private struct ResultEvent: Encodable {
    var event = "result"
    var image: String
    var checked: Int
    var bytes: UInt64
    var problemCount: Int
    var problems: [String]
  }

  func run() async throws {
    try await Console.run(output) { console in
      let source = try SourceArgument(from ?? DefaultStore.path)
      let joining = SourceArgument.Joining(settings: SwarmSettings(), peers: [], patience: .seconds(60))
      let resolved = try await source.resolve(image, joining: joining, console: console)
      let findings = try await verify(resolved, console: console)
      console.emit(
        ResultEvent(
          image: resolved.image.fullName, checked: findings.checked, bytes: findings.bytes.rawValue,
          problemCount: findings.problemCount, problems: findings.problems))
      for problem in findings.problems { console.say(problem) }
      let what = disk.map { "windows of \($0)" } ?? "chunks"
      guard findings.problemCount == 0 else {
        throw DiecastError(
          .verificationFailed,
          "\(findings.problemCount) of \(findings.checked) \(what) are not what \(resolved.image.fullName) states",
          remedy: disk == nil
            ? "Capture or copy the image again" : "Restore the disk again: only what differs is fetched")
      }
      console.say(
        "Verified \(resolved.image.fullName): \(findings.checked) \(what), \(findings.bytes.human), all equal.")
    }
  }

  private func verify(_ resolved: SourceArgument.Resolved, console: Console) async throws -> Verify.Findings {
    let image = resolved.image
    if let path = disk {
      let disk = try Disk(path: path, access: .inspection)
      return try await onBlockingThread {
        try Verify.disk(
          disk, against: image, workers: Workers.count, progress: console.progress, interrupt: console.interrupt)
      }
    }
    guard case .store(let store) = resolved.source else {
      throw DiecastError(.usage, "Only a store's chunks can be re-read", remedy: "Name a store as --from, or a DISK")
    }
    return try await onBlockingThread {
      try Verify.chunks(
        of: image, in: store, workers: Workers.count, progress: console.progress, interrupt: console.interrupt)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore

/// Runs partclone and reads the domain map that it writes.
enum Partclone {
  /// Bytes of map text beyond which a disk is too fragmented to bother.
  private static let mapLimit: UInt64 = 1 << 30

  /// The map of `device`, which has `length` bytes, by `program`, such as `partclone.xfs`.
  static func map(_ device: String, length: ByteCount, program: String) async throws -> DomainMap {
    let directory = try ScratchDirectory()
    defer { directory.remove() }

    let (text, log) = (directory.file("map"), directory.file("log"))
    // -D writes the map, -q no progress, -L keeps the log out of /var/log. Never
    // -F or -I, which forgive. Exit code 0 is no proof: the map must be whole.
    let arguments = ["-D", "-q", "-L", log, "-s", device, "-O", text]
    let outcome = try await Tool.run(
      program, arguments, package: "partclone", timeLimit: timeLimit(length),
      outputFile: (text, mapLimit))
    guard outcome.exitCode == 0 else { throw Doubt("\(program) failed: \(outcome.lastLine)") }
    return try read(text)
  }

  /// An hour, and another for each 4 TiB: partclone reads metadata only, but a slow disk seeks.
  private static func timeLimit(_ length: ByteCount) -> Duration {
    .seconds(3600 * (1 + Int64(length.rawValue >> 42)))
  }

  private static func read(_ path: String) throws -> DomainMap {
    var parser = DomainMapParser()
    var total: UInt64 = 0
    do {
      try TextStream.forEachBlock(of: path) { block in
        total += UInt64(block.count)
        guard total <= mapLimit else { throw Doubt("partclone's map is longer than \(mapLimit) bytes") }
        try parser.feed(block)
      }
      return try parser.finish()
    } catch let failure as DomainMap.Failure {
      throw Doubt("partclone's output is not to be trusted: \(failure)")
    }
  }
}

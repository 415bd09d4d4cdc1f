// SPDX-License-Identifier: GPL-3.0-or-later

/// What NTFS states, by the tools of ntfs-3g: its structures are spread over
/// files, and these tools know them all. None of them writes as called here.
enum NTFS {
  static func state(_ volume: VolumeReader, _ device: String) async throws -> StatedUse {
    let boot = try volume.read(0, 512, "the boot sector")
    guard boot.has("NTFS    ", at: 3) else { throw Doubt("its boot sector has no magic number") }
    let sector = try boot.little(11, 2)
    let factor = try boot.little(13, 1)
    let sectorsInCluster: UInt64 = factor < 0x80 ? factor : 1 << min(256 - factor, 40)
    let cluster = sector * sectorsInCluster
    guard (256...4096).contains(sector), cluster.nonzeroBitCount == 1, cluster <= 2 << 20 else {
      throw Doubt("its geometry is absurd: clusters of \(cluster) bytes")
    }
    let bytes = try boot.little(40, 8).times(sector, "its size")
    try volume.checkFits(bytes)
    let clusters = bytes / cluster

    try await checkClean(device)
    let info = try await tool("ntfsinfo", ["-m", "-f", device])
    guard info.exitCode == 0 else { throw Doubt("ntfsinfo failed: \(info.lastLine)") }
    let (total, free) = (number("Volume Size in Clusters", in: info.output), number("Free Clusters", in: info.output))
    guard let free, total == clusters, free <= clusters else {
      throw Doubt("its boot sector states \(clusters) clusters, ntfsinfo \(total ?? 0), of them \(free ?? 0) free")
    }
    if !info.output.contains("Volume Flags: 0x") || flags(in: info.output) & 1 != 0 {
      throw Doubt("it is marked dirty; run chkdsk /f in Windows")
    }
    let used = (clusters - free) * cluster
    return StatedUse(used: used...used, end: clusters * cluster, authority: "ntfsinfo counts")
  }

  private static func checkClean(_ device: String) async throws {
    let probe = try await tool("ntfs-3g.probe", ["--readwrite", device])
    switch probe.exitCode {
    case 0: break
    case 14:
      throw Doubt("Windows is hibernated in it, or has fast start on; shut it down with shutdown /s /t 0")
    case 15: throw Doubt("its journal has not been replayed; start Windows and shut it down with shutdown /s /t 0")
    default: throw Doubt("ntfs-3g.probe refuses it: \(probe.lastLine)")
    }
    // Adds up every file's clusters and compares them with the bitmap.
    let check = try await tool("ntfsresize", ["-i", "-f", "-P", device])
    guard check.exitCode == 0 else { throw Doubt("ntfsresize finds it inconsistent: \(check.lastLine)") }
  }

  private static func tool(_ name: String, _ arguments: [String]) async throws -> Tool.Outcome {
    try await Tool.run(name, arguments, package: "ntfs-3g", timeLimit: .seconds(3600))
  }

  /// The number after `name:` in a tool's output, or nil.
  static func number(_ name: String, in output: String) -> UInt64? {
    value(name, in: output).flatMap { UInt64($0) }
  }

  /// The volume's flags; all of them when they cannot be read.
  static func flags(in output: String) -> UInt64 {
    value("Volume Flags", in: output).flatMap { UInt64($0.dropFirst(2), radix: 16) } ?? .max
  }

  private static func value(_ name: String, in output: String) -> Substring? {
    for line in output.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].drop(while: \.isWhitespace) == name else { continue }
      return parts[1].split(whereSeparator: \.isWhitespace).first
    }
    return nil
  }
}

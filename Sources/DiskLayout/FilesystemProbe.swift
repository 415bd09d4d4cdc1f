// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
public import ImageFormat

/// What a range of a disk holds, by libblkid's superblock probing.
public enum FilesystemProbe {
  /// What `range` of `disk` holds; nil when libblkid knows nothing in it. Two
  /// signatures make it `ambiguous`. Throws `readFailed`.
  public static func identify(_ disk: Disk, range: ByteRange) throws(DiecastError) -> FilesystemIdentity? {
    guard !range.isEmpty, range.end.rawValue <= disk.size.rawValue else {
      throw DiecastError(.internal, "Probing at offset \(range.start) would pass the end of \(disk.path)")
    }
    return try BlkidProbe.run(disk, range, sectorSize: disk.logicalSectorSize) {
      (probe) throws(DiecastError) -> FilesystemIdentity? in
      guard let found = try probe.findSuperblock(disk, range) else {
        return FilesystemIdentity(type: "", usage: .ambiguous)
      }
      guard found, let type = probe.value("TYPE") else { return nil }
      return FilesystemIdentity(
        type: type, version: probe.value("VERSION"), usage: usage(probe.value("USAGE"), type: type),
        uuid: probe.value("UUID"), label: probe.value("LABEL"))
    }
  }

  private static func usage(_ word: String?, type: String) -> FilesystemIdentity.Usage {
    switch word {
    case "filesystem": .filesystem
    case "raid": .member
    case "crypto": .encrypted
    // libblkid calls swap "other", as it does a hibernated system's (swsuspend).
    default: type == "swap" ? .filesystem : .other
    }
  }
}

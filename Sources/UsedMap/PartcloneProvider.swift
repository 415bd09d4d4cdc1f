// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat

/// Filesystems that partclone maps rightly (`docs/used-maps.md` says which it
/// does not), each with its own reader of what the filesystem states.
enum PartcloneProvider: UsedMapProvider {
  /// A filesystem, by libblkid's name.
  private struct Filesystem: Sendable {
    let type: String
    let program: String
    /// Reads what the filesystem on a volume, seen through a device, states.
    /// Throws where it is dirty, unknown or not whole.
    let state: @Sendable (_ volume: VolumeReader, _ device: String) async throws -> StatedUse
  }

  private static let filesystems = [
    Filesystem(type: "xfs", program: "partclone.xfs", state: { volume, _ in try XFS.state(volume) }),
    Filesystem(type: "ntfs", program: "partclone.ntfs", state: NTFS.state),
    Filesystem(type: "f2fs", program: "partclone.f2fs", state: { volume, _ in try F2FS.state(volume) }),
    Filesystem(type: "hfsplus", program: "partclone.hfsp", state: { volume, _ in try HFSPlus.state(volume) }),
  ]

  static let types = Set(filesystems.map(\.type))

  static func map(_ volume: VolumeReader, identity: FilesystemIdentity) async throws -> UsedMap {
    guard let filesystem = filesystems.first(where: { $0.type == identity.type }) else {
      throw Doubt("partclone is not trusted with it")
    }
    // A device of its own, over this volume only, to which no program can write.
    let loop: LoopDevice
    do throws(DiecastError) {
      loop = try LoopDevice(disk: volume.disk, range: volume.range)
    } catch {
      throw Doubt("\(error.sentence), which partclone needs (\(error.cause?.words ?? "no reason given")); run as root")
    }
    defer { withExtendedLifetime(loop) {} }

    let stated = try await filesystem.state(volume, loop.path)
    try volume.checkFits(stated.end)
    let map = try await Partclone.map(loop.path, length: volume.length, program: filesystem.program)
    try stated.check(map)
    return .of(volume, ranges: map.used, end: stated.end, source: .partclone)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat

/// Filesystems read here, because partclone loses data on them (measured: `docs/used-maps.md`).
enum NativeProvider: UsedMapProvider {
  /// A map as a reader makes it.
  struct Map {
    /// Used ranges, in bytes from the volume's start.
    var ranges: [ByteRange]
    /// The filesystem's size in bytes.
    var end: UInt64
    /// Remarks for people.
    var notes: [String] = []
  }

  private typealias Reader = @Sendable (VolumeReader, FilesystemIdentity) throws -> Map
  private static let readers: [String: Reader] = [
    "vfat": { try FAT.map($0, version: $1.version) },
    "exfat": { volume, _ in try ExFAT.map(volume) },
    "btrfs": { volume, _ in try Btrfs.map(volume) },
  ]

  static let types: Set<String> = Set(readers.keys)

  /// The manifest's word for these readers, once it has one.
  static let source = Volume.UsedMapSource.native

  static func map(_ volume: VolumeReader, identity: FilesystemIdentity) throws -> UsedMap {
    guard let reader = readers[identity.type] else { throw Doubt("no reader knows it") }
    let map = try reader(volume, identity)
    try volume.checkFits(map.end)
    return .of(volume, ranges: map.ranges, end: map.end, source: source, notes: map.notes)
  }
}

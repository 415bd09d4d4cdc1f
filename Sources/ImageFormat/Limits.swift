// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// The largest values that Diecast accepts from outside, in one place. Each is
/// far above what an image of the largest disks needs, and small enough that a
/// hostile file cannot make it allocate without bound.
public enum Limits {
  /// Bytes of a `manifest.json`.
  public static let manifestBytes = 16 << 20
  /// Bytes of an `index`.
  public static let indexBytes = 256 << 20
  /// Bytes of a `.torrent`.
  public static let torrentBytes = 256 << 20
  /// Windows of one image.
  public static let windows = 1 << 22
  /// Chunks of one image; libtorrent holds fewer than 2^21 pieces by default.
  public static let chunks = 1 << 20
  /// Volumes of one image.
  public static let volumes = 1024
  /// Disks of one image.
  public static let disks = 1
  /// Entries of a GUID partition table.
  public static let gptEntries = 1024
  /// Logical partitions, and so extended boot records, of one MBR.
  public static let logicalPartitions = 256
  /// Bytes of a disk.
  public static let diskBytes = ByteCount(UInt64(1) << 60)
  /// The smallest and largest window.
  public static let windowSize = ByteCount.kib(64)...ByteCount.mib(256)
  /// The smallest and largest logical or physical sector.
  public static let sectorSize = ByteCount(UInt64(512))...ByteCount.kib(64)
  /// Characters of an image's name or version.
  public static let nameLength = 64
}

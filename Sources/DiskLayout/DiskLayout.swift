// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
public import ImageFormat

/// How a disk is divided and what lies on it, found without writing a byte.
public struct DiskLayout: Sendable, Equatable {
  /// Its partition table.
  public let table: PartitionTable
  /// Bytes in the sectors that the table counts in.
  public let sectorSize: ByteCount
  /// What a capture would restore as units, by position; extended partitions,
  /// which only hold others, are not among them.
  public let volumes: [VolumeCandidate]
  /// Remarks for people: a copy of the table was damaged, a signature lies beside it.
  public let notes: [String]
}

/// A range of a disk that a capture may take as a volume.
public struct VolumeCandidate: Sendable, Equatable {
  /// What kind of range.
  public let kind: Volume.Kind
  /// The partition's number in its table; nil for other kinds.
  public let partition: Int?
  /// Where it lies on the disk, in bytes.
  public let range: ByteRange
  /// The partition's own name; nil where the table has none.
  public let name: String?
  /// What the table says it is for, in words, or the type's number where Diecast has no word.
  public let typeName: String?
  /// What libblkid found in it; nil when nothing, and for gaps, which are not probed.
  public let identity: FilesystemIdentity?

  /// Whether it is swap space that holds no hibernated system.
  public var isSwap: Bool { identity?.type == "swap" && identity?.usage != .ambiguous }
}

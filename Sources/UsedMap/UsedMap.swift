// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
public import DiecastCore
public import ImageFormat

/// Which bytes of a volume are to be captured, who said so, and what a person should know about it.
public struct UsedMap: Sendable, Equatable {
  /// Used ranges, in bytes from the volume's start: sorted, disjoint, in whole
  /// logical sectors (but for the volume's own end), inside the volume.
  public let ranges: [ByteRange]
  /// Who decided.
  public let source: Volume.UsedMapSource
  /// Remarks for people: why it is copied raw, that it was dirty.
  public let notes: [String]

  /// A map whose `ranges` already are as described there.
  public init(ranges: [ByteRange], source: Volume.UsedMapSource, notes: [String] = []) {
    self.ranges = ranges
    self.source = source
    self.notes = notes
  }

  /// How much is used, in bytes.
  public var usedBytes: ByteCount { ranges.totalLength }

  /// Everything in a volume of `length` bytes.
  static func raw(_ length: ByteCount, notes: [String] = []) -> UsedMap {
    UsedMap(ranges: length == .zero ? [] : [ByteRange(start: .zero, length: length)], source: .raw, notes: notes)
  }

  /// `ranges` and the tail behind `end`, the filesystem's last byte, widened to
  /// whole sectors, cut off at the volume's end, sorted and joined.
  ///
  /// Behind their ends filesystems keep what no bitmap shows: the NTFS backup
  /// boot sector, the HFS+ alternate header, a RAID's superblock.
  static func of(
    _ volume: VolumeReader, ranges: [ByteRange], end: UInt64, source: Volume.UsedMapSource, notes: [String] = []
  ) -> UsedMap {
    let sector = volume.disk.logicalSectorSize.rawValue
    let length = volume.length.rawValue
    let tail: UInt64 = 1 << 20
    let behind = [(end, min(end + tail, length)), (max(end, length - min(tail, length)), length)]
      .filter { $0.0 < $0.1 }
      .map { ByteRange(from: ByteOffset($0.0), to: ByteOffset($0.1)) }
    let whole: [ByteRange] = (ranges + behind).compactMap { range in
      let start = range.start.rawValue / sector * sector
      // Both are below 2^63, so that rounding up cannot overflow.
      let end = min((range.end.rawValue + sector - 1) / sector * sector, length)
      return start < end ? ByteRange(from: ByteOffset(start), to: ByteOffset(end)) : nil
    }
    return UsedMap(ranges: whole.coalesced(), source: source, notes: notes)
  }
}

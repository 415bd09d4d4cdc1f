// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore

/// A volume on its disk, read by offsets from the volume's start.
struct VolumeReader: Sendable {
  let disk: Disk
  let range: ByteRange

  /// Bytes in the volume.
  var length: ByteCount { range.length }

  /// `count` bytes from `offset`; a doubt where the volume ends before, or where reading fails.
  func read(_ offset: UInt64, _ count: Int, _ what: String) throws(Doubt) -> Fields {
    let end = try offset.plus(UInt64(count), "the place of \(what)")
    guard end <= length.rawValue else {
      throw Doubt("\(what) would lie at byte \(offset), beyond the volume's \(length) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    do throws(DiecastError) {
      try disk.read(into: &raw, at: range.start + ByteCount(offset))
    } catch {
      throw Doubt("\(what) cannot be read: \(error.sentence)")
    }
    return Fields(bytes: bytes)
  }

  /// A doubt when a filesystem of `bytes` does not fit.
  func checkFits(_ bytes: UInt64) throws(Doubt) {
    guard bytes <= length.rawValue else {
      throw Doubt("the filesystem claims \(bytes) bytes, but its volume has only \(length)")
    }
  }
}

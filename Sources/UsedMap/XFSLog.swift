// SPDX-License-Identifier: GPL-3.0-or-later

/// An xfs log. After a clean unmount its newest record is an unmount record.
/// Otherwise free space on disk is older than what mounting would make of it,
/// and every count agrees all the same: only the log tells.
struct XFSLog {
  let volume: VolumeReader
  /// Where it lies in the volume, and its length, in bytes.
  let offset, length: UInt64

  private static let sector: UInt64 = 512
  private static let step: UInt64 = 1 << 20

  /// Throws unless it is clean.
  func checkClean() throws(Doubt) {
    guard let newest = try newestRecord() else { throw Doubt("its log has no records") }
    let header = try volume.read(offset + newest, 512, "a log record")
    // A record whose buffer is larger than 32 KiB has a header of several sectors.
    let size = try header.big(8, 4) & 2 != 0 ? header.big(320, 4) : 0
    guard size <= 1 << 20 else { throw Doubt("its log's newest record is absurd") }
    let headerSectors = max(1, (size + 32767) / 32768)
    let data = (newest + headerSectors * Self.sector) % length
    let operation = try volume.read(offset + data, 512, "a log record")
    guard try header.big(40, 4) == 1, try operation.big(9, 1) & 0x20 != 0 else {
      throw Doubt("its log has not been replayed, so that its free space may be stale; mount and unmount it once")
    }
  }

  /// Where in the log the record with the highest sequence number begins. The
  /// first word of every other sector is replaced by a cycle number, so that
  /// data cannot pass for a header.
  private func newestRecord() throws(Doubt) -> UInt64? {
    var newest: (sequence: UInt64, position: UInt64)?
    var position: UInt64 = 0
    while position < length {
      let count = min(Self.step, length - position)
      let part = try volume.read(offset + position, Int(count), "the log")
      for sector in stride(from: UInt64(0), to: count, by: Int(Self.sector)) {
        guard part.bytes[Int(sector)] == 0xFE, try part.big(Int(sector), 4) == 0xFEED_BABE else { continue }
        let sequence = try part.big(Int(sector) + 16, 8)
        if sequence > newest?.sequence ?? 0 { newest = (sequence, position + sector) }
      }
      position += count
    }
    return newest?.position
  }
}

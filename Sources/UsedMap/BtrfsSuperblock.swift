// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// The superblock of a btrfs on one device.
struct BtrfsSuperblock {
  static let offset: UInt64 = 65536
  static let size = 4096

  /// Logical addresses of the trees' roots, and their levels.
  let rootTree, chunkTree: (address: UInt64, level: UInt64)
  /// Used bytes, each extent once.
  let bytesUsed: UInt64
  let nodeSize: UInt64
  let deviceID, deviceBytes: UInt64
  /// The chunks that the chunk tree lies in.
  let systemChunks: ArraySlice<UInt8>

  init(_ fields: Fields) throws(Doubt) {
    guard fields.has("_BHRfS_M", at: 64) else { throw Doubt("its superblock has no magic number") }
    guard try fields.little(196, 2) == 0 else { throw Doubt("its checksums are of a kind that Diecast does not know") }
    guard try UInt64(~CRC32.castagnoli.update(.max, fields.bytes[32...])) == fields.little(0, 4) else {
      throw Doubt("its superblock's checksum is wrong")
    }
    let devices = try fields.little(136, 8)
    guard devices == 1 else {
      throw Doubt("it spans \(devices) devices; the image holds this one only, and is of use only with the others")
    }
    try Self.checkFeatures(fields)
    rootTree = (try fields.little(80, 8), try fields.little(198, 1))
    chunkTree = (try fields.little(88, 8), try fields.little(199, 1))
    bytesUsed = try fields.little(120, 8)
    nodeSize = try fields.little(148, 4)
    deviceID = try fields.little(201, 8)
    deviceBytes = try fields.little(209, 8)
    guard (4096...65536).contains(nodeSize), nodeSize.nonzeroBitCount == 1, bytesUsed <= deviceBytes,
      deviceBytes <= UInt64(Int64.max), try fields.little(48, 8) == Self.offset
    else {
      throw Doubt("its geometry is absurd: \(bytesUsed) of \(deviceBytes) bytes used, nodes of \(nodeSize)")
    }
    let count = try fields.little(160, 4)
    guard count <= 2048 else { throw Doubt("its list of system chunks has \(count) bytes") }
    systemChunks = try fields.slice(811, Int(count))
  }

  private static func checkFeatures(_ fields: Fields) throws(Doubt) {
    let (readOnly, incompatible, flags) = (
      try fields.little(180, 8), try fields.little(188, 8), try fields.little(56, 8)
    )
    guard readOnly & ~0xF == 0, incompatible & ~0xFFF == 0, flags & ~1 == 0 else {
      throw Doubt(
        "it has features that this Diecast does not know: compat_ro \(readOnly.hexadecimal), "
          + "incompat \(incompatible.hexadecimal), flags \(flags.hexadecimal)")
    }
    if try fields.little(96, 8) != 0 {
      throw Doubt("its log tree has not been replayed, and lies in no extent; mount and unmount it once")
    }
  }

  /// The boot loader's room and every copy of the superblock, which no extent covers.
  var ownRanges: [ByteRange] {
    let copies = [Self.offset, 64 << 20, 256 << 30].filter { $0 + UInt64(Self.size) <= deviceBytes }
    return [ByteRange(start: .zero, length: ByteCount(Self.offset))]
      + copies.map { ByteRange(start: ByteOffset($0), length: ByteCount(Self.size)) }
  }
}

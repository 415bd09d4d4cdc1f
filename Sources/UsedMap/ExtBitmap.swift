// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
// For `unix_io_manager`, a variable that nothing ever changes.
@unsafe @preconcurrency internal import CExt2fs
internal import DiecastCore
internal import Glibc

/// An ext filesystem's block bitmap, opened read-only and read whole: one bit
/// a block (or a cluster, with bigalloc), so 32 MiB for a terabyte.
///
/// Group descriptors and bitmaps have checksums, which libext2fs verifies.
@safe final class ExtBitmap {
  private var filesystem: ext2_filsys

  init(volume: VolumeReader) throws(Doubt) {
    var opened: ext2_filsys?
    let options = "offset=\(volume.range.start)"
    // No flag that forgives errors (FORCE, SOFTSUPP, IGNORE_*), nor any to write.
    let code = unsafe ext2fs_open2(
      volume.disk.path, options, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &opened)
    guard code == 0, let opened = unsafe opened else { throw Self.doubt("open it", code) }
    unsafe filesystem = opened
    // An array's size is known beforehand; the library's tree grows with fragmentation.
    unsafe filesystem.pointee.default_bitmap_type = UInt16(EXT2FS_BMAP64_BITARRAY)
    let read = unsafe ext2fs_read_block_bitmap(filesystem)
    guard read == 0 else { throw Self.doubt("read its block bitmap", read) }
  }

  deinit {
    // Nothing is dirty, so that nothing is written.
    unsafe ext2fs_free(filesystem)
  }

  /// Bytes in a block.
  var blockSize: UInt64 { unsafe UInt64(filesystem.pointee.blocksize) }
  /// Blocks in the filesystem.
  var blocks: UInt64 { unsafe ext2fs_blocks_count(filesystem.pointee.super) }
  /// Free blocks, as the superblock states.
  var freeBlocks: UInt64 { unsafe ext2fs_free_blocks_count(filesystem.pointee.super) }
  /// Free blocks, as the group descriptors state.
  var freeBlocksInGroups: UInt64 {
    let groups = unsafe filesystem.pointee.group_desc_count
    let clusters = (0..<groups).reduce(UInt64(0)) { unsafe $0 + UInt64(ext2fs_bg_free_blocks_count(filesystem, $1)) }
    return unsafe clusters << UInt64(filesystem.pointee.cluster_ratio_bits)
  }

  /// Calls `body` with each run of used blocks, in ascending order.
  func forEachRun(_ body: (Range<UInt64>) throws -> Void) throws {
    let last = blocks - 1
    var position = unsafe UInt64(filesystem.pointee.super.pointee.s_first_data_block)
    while position <= last {
      guard let start = try unsafe find(ext2fs_find_first_set_block_bitmap2, position, last) else { return }
      let end = try unsafe find(ext2fs_find_first_zero_block_bitmap2, start, last) ?? last + 1
      try body(start..<end)
      position = end
    }
  }

  private typealias Finder =
    @convention(c) (ext2fs_block_bitmap?, blk64_t, blk64_t, UnsafeMutablePointer<blk64_t>?) -> errcode_t

  /// The first block from `start` that `finder` looks for, or nil when there is none up to `last`.
  private func find(_ finder: Finder, _ start: UInt64, _ last: UInt64) throws(Doubt) -> UInt64? {
    var found: blk64_t = 0
    let code = unsafe finder(filesystem.pointee.block_map, start, last, &found)
    if code == errcode_t(ENOENT) { return nil }
    guard code == 0, found >= start, found <= last else { throw Self.doubt("search its block bitmap", code) }
    return found
  }

  private static func doubt(_ action: String, _ code: errcode_t) -> Doubt {
    let reason =
      switch code {
      case errcode_t(EXT2_ET_UNSUPP_FEATURE): "it has features that this libext2fs does not know"
      case errcode_t(EXT2_ET_SB_CSUM_INVALID): "the superblock's checksum is wrong"
      case errcode_t(EXT2_ET_BLOCK_BITMAP_CSUM_INVALID): "a bitmap's checksum is wrong"
      case errcode_t(EXT2_ET_CORRUPT_SUPERBLOCK): "the superblock contradicts itself"
      case errcode_t(EXT2_ET_GDESC_READ): "the group descriptors cannot be read"
      case 1..<256: unsafe String(cString: strerror(Int32(code)))
      default: "error \(code)"
      }
    return Doubt("libext2fs cannot \(action): \(reason)")
  }
}

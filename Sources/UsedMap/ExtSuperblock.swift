// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// What an ext2, ext3 or ext4 superblock says, as far as it decides whether
/// libext2fs is asked at all (`Documentation/filesystems/ext4/super.rst`).
struct ExtSuperblock {
  /// Where it lies, and how long it is.
  static let offset: UInt64 = 1024
  static let size = 1024

  let blockSize: UInt64
  let blocks: UInt64
  let freeBlocks: UInt64
  let firstDataBlock: UInt64
  private let blocksPerGroup: UInt64
  private let descriptorSize: UInt64
  private let state: UInt64
  private let compatible, incompatible, readOnlyCompatible: UInt64
  private let journalInode: UInt64

  init(_ fields: Fields) throws(Doubt) {
    guard try fields.little(56, 2) == 0xEF53 else { throw Doubt("its superblock has no magic number") }
    let logBlockSize = try fields.little(24, 4)
    guard logBlockSize <= 6 else { throw Doubt("its block size is absurd: 1024 shifted by \(logBlockSize)") }
    blockSize = 1024 << logBlockSize
    compatible = try fields.little(92, 4)
    incompatible = try fields.little(96, 4)
    readOnlyCompatible = try fields.little(100, 4)
    let is64Bit = incompatible & 0x80 != 0
    blocks = try fields.little(4, 4) | (is64Bit ? try fields.little(0x150, 4) << 32 : 0)
    freeBlocks = try fields.little(12, 4) | (is64Bit ? try fields.little(0x158, 4) << 32 : 0)
    firstDataBlock = try fields.little(20, 4)
    blocksPerGroup = try fields.little(32, 4)
    descriptorSize = is64Bit ? try fields.little(254, 2) : 32
    state = try fields.little(58, 2)
    journalInode = try fields.little(224, 4)
  }

  /// Bytes that the filesystem claims.
  func claimedBytes() throws(Doubt) -> UInt64 { try blocks.times(blockSize, "the filesystem's size") }

  /// Throws unless the bitmaps can be trusted, and reading them needs no more
  /// memory than a volume of this size justifies.
  func check(volume: VolumeReader) throws(Doubt) {
    guard blocks > 0, firstDataBlock <= 1, firstDataBlock < blocks else {
      throw Doubt("it claims \(blocks) blocks, of which the first is \(firstDataBlock)")
    }
    try volume.checkFits(try claimedBytes())
    guard freeBlocks <= blocks else { throw Doubt("it claims \(freeBlocks) free blocks of \(blocks)") }
    try checkFeatures()
    try checkState()
    // libext2fs reads all group descriptors into memory: 64 bytes for 32,768 blocks, as a rule.
    guard blocksPerGroup >= 8, descriptorSize >= 32, descriptorSize <= 1024 else {
      throw Doubt("its groups of \(blocksPerGroup) blocks, each described by \(descriptorSize) bytes, are absurd")
    }
    let descriptors = (blocks / blocksPerGroup + 1) * descriptorSize
    guard descriptors <= 1 << 20 || descriptors <= volume.length.rawValue / 256 else {
      throw Doubt("its group descriptors would fill \(descriptors) bytes")
    }
  }

  /// Features that libext2fs 1.47 knows (`EXT2_LIB_FEATURE_*_SUPP` of its
  /// header). It looks at the incompatible ones by itself, but at the others
  /// only before writing.
  private func checkFeatures() throws(Doubt) {
    if incompatible & 0x8 != 0 { throw Doubt("it is an external journal; the filesystem lies elsewhere") }
    let unknown = (compatible & ~0x1E3F, incompatible & ~0x3_E7DE, readOnlyCompatible & ~0x1_F77B)
    guard unknown == (0, 0, 0) else {
      throw Doubt(
        "it has features that this Diecast does not know: compat \(unknown.0.hexadecimal), "
          + "incompat \(unknown.1.hexadecimal), ro_compat \(unknown.2.hexadecimal)")
    }
    if compatible & 0x4 != 0, journalInode == 0 {
      throw Doubt("its journal lies on another device, which is not in this volume")
    }
  }

  private func checkState() throws(Doubt) {
    if incompatible & 0x4 != 0 {
      throw Doubt("its journal has not been replayed, so that its bitmaps may be stale; mount and unmount it once")
    }
    if state & 0x2 != 0 { throw Doubt("the kernel found errors in it; run e2fsck") }
    if state & 0x4 != 0 { throw Doubt("the recovery of its orphans was interrupted; run e2fsck") }
    if state & 0x1 == 0 { throw Doubt("it was not unmounted cleanly; run e2fsck") }
  }
}

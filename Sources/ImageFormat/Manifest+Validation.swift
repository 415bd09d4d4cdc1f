// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

extension Manifest {
  private func malformed(_ problem: String) -> DiecastError {
    DiecastError(
      .malformed, "The manifest is malformed: \(problem)", remedy: "Fetch it again, or capture the image anew")
  }

  /// Checks everything that the types alone do not: limits, ranges, names.
  func validate() throws(DiecastError) {
    guard ImageName(name: name, version: version) != nil else { throw malformed("the image has no valid name") }
    guard windowSize.isPowerOfTwo, Limits.windowSize.contains(windowSize) else {
      throw malformed("a window cannot have \(windowSize) bytes")
    }
    guard mergeGap <= windowSize else { throw malformed("the merge gap is larger than a window") }
    guard codec.name == "zstd" else {
      throw DiecastError(
        .unsupported, "The image is compressed by '\(codec.name.prefix(64))', this Diecast knows zstd",
        remedy: "Use a newer Diecast")
    }
    guard (-131_072...22).contains(codec.level) else { throw malformed("no codec has level \(codec.level)") }
    guard Hash256(hex: index.digest) != nil, index.length.rawValue <= UInt64(Limits.indexBytes) else {
      throw malformed("the index has no valid digest or length")
    }
    guard !disks.isEmpty, disks.count <= Limits.disks else { throw malformed("it has \(disks.count) disks") }
    guard volumes.count <= Limits.volumes else { throw malformed("it has \(volumes.count) volumes") }
    var texts = [tool, codec.version]
    for volume in volumes {
      texts += volume.notes + [volume.filesystem, volume.uuid, volume.label].compactMap { $0 }
    }
    guard texts.allSatisfy(ShownText.isSafe) else {
      throw malformed("a text in it is too long or has control characters")
    }
    for disk in disks { try validate(disk) }
    for volume in volumes { try validate(volume) }
    try validateNoOverlap()
  }

  private func validate(_ disk: ImageDisk) throws(DiecastError) {
    for sector in [disk.logicalSectorSize, disk.physicalSectorSize] {
      guard sector.isPowerOfTwo, Limits.sectorSize.contains(sector) else {
        throw malformed("a sector cannot have \(sector) bytes")
      }
    }
    guard disk.size > .zero, disk.size <= Limits.diskBytes else {
      throw malformed("a disk cannot have \(disk.size) bytes")
    }
  }

  private func validate(_ volume: Volume) throws(DiecastError) {
    guard disks.indices.contains(volume.disk) else { throw malformed("a volume lies on no disk") }
    let disk = disks[volume.disk]
    guard let range = ByteRange(checkedStart: volume.start, length: volume.length),
      range.end.rawValue <= disk.size.rawValue, !range.isEmpty
    else { throw malformed("a volume lies outside its disk") }
    let sector = disk.logicalSectorSize
    guard range.start.isMultiple(of: sector), range.end.isMultiple(of: sector) else {
      throw malformed("a volume does not lie on whole sectors")
    }
    guard volume.usedBytes <= volume.length else { throw malformed("a volume uses more than it has") }
    for unread in volume.unread ?? [] {
      guard let part = ByteRange(checkedStart: unread.start, length: unread.length), range.contains(part) else {
        throw malformed("an unread range lies outside its volume")
      }
    }
  }

  private func validateNoOverlap() throws(DiecastError) {
    for disk in disks.indices {
      let ranges = volumes.filter { $0.disk == disk }.map(\.range).sorted { $0.start < $1.start }
      for (first, second) in zip(ranges, ranges.dropFirst()) where first.overlaps(second) {
        throw malformed("two volumes overlap at offset \(second.start)")
      }
    }
  }

  /// Checks that `index`, decoded from `bytes`, belongs to this manifest.
  public func check(index: ImageIndex, bytes: [UInt8]) throws(DiecastError) {
    guard Hashing.sha256(bytes).hex == self.index.digest, ByteCount(bytes.count) == self.index.length else {
      throw DiecastError(
        .corrupt, "The index of \(name)@\(version) does not have the digest or the length that the manifest states",
        remedy: "Fetch it again, or capture the image anew")
    }
    guard index.windowSize == windowSize, index.volumeLengths == volumes.map(\.length) else {
      throw malformed("the index describes other volumes")
    }
    try check(totals: index)
    let sector = disks[0].logicalSectorSize
    for window in index.windows {
      for extent in window.extents where !(extent.start.isMultiple(of: sector) && extent.end.isMultiple(of: sector)) {
        throw malformed("an extent does not lie on whole sectors")
      }
    }
  }

  /// Plans subtract from these, so they must be what the index adds up to.
  private func check(totals index: ImageIndex) throws(DiecastError) {
    let lengths = index.windows.map { (length: $0.contentLength, isZero: $0.chunk == nil) }
    let expected = Totals(
      usedBytes: volumes.reduce(.zero) { $0 + $1.usedBytes }, contentBytes: lengths.reduce(.zero) { $0 + $1.length },
      zeroBytes: lengths.reduce(.zero) { $1.isZero ? $0 + $1.length : $0 }, windows: index.windows.count,
      chunks: index.chunks.count, chunkBytes: index.chunks.reduce(.zero) { $0 + $1.length })
    guard totals == expected else { throw malformed("its totals are not those of its index") }
  }
}

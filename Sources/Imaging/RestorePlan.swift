// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
internal import DiskLayout
public import ImageFormat

/// All that a restore will do, computed and found valid before the first write.
public struct RestorePlan: Sendable {
  /// The image.
  public let image: StoredImage
  /// The target.
  public let diskPath: String
  /// Its size.
  public let diskSize: ByteCount
  /// Which disk that is, for people.
  public let identity: DiskIdentity
  /// What is on the target now, a line each.
  public let currentContents: [String]
  /// The smallest disk that can take the image.
  public let requiredSize: ByteCount
  /// Whether this machine makes the image's chunks again, byte for byte, and so can seed from its disk.
  public let canSeedFromDisk: Bool

  /// What will be written, zeros included.
  public var contentBytes: ByteCount { image.manifest.totals.contentBytes }
  /// What at most comes over the wire.
  public var chunkBytes: ByteCount { image.manifest.totals.chunkBytes }

  /// Checks that `disk` can take `image`: sector size, size, a table that can be written there. Reads only.
  public static func make(image: StoredImage, disk: Disk) throws(DiecastError) -> RestorePlan {
    let source = image.manifest.disks[0]
    let sectorSize = source.logicalSectorSize
    guard !disk.isBlockDevice || disk.logicalSectorSize == sectorSize else {
      throw DiecastError(
        .refused,
        "The image is of a disk with sectors of \(sectorSize) bytes, \(disk.path) has \(disk.logicalSectorSize)",
        remedy: "Name a disk with sectors of \(sectorSize) bytes")
    }
    var required = image.manifest.volumes.map { ByteCount($0.range.end.rawValue) }.max() ?? .zero
    switch source.table {
    case .none: break
    case .gpt(let table): required = max(required, try GPTCodec.minimumDiskSize(table, sectorSize: sectorSize))
    case .mbr(let table): required = max(required, try MBRCodec.minimumDiskSize(table, sectorSize: sectorSize))
    }
    guard disk.size >= required else {
      throw DiecastError(
        .refused,
        "\(disk.path) is too small: the image needs \(required) bytes (\(required.human)), the disk has \(disk.size) (\(disk.size.human))",
        remedy: "Name a larger disk; nothing was written")
    }
    // Throws where the table, which comes from outside, cannot be written or lies over a volume.
    let tableRanges = try PartitionTableWriter.tableRanges(source.table, sourceSectorSize: sectorSize, on: disk)
    for volume in image.manifest.volumes {
      guard let clash = tableRanges.first(where: { $0.overlaps(volume.range) }) else { continue }
      throw DiecastError(
        .malformed, "The manifest is malformed: a volume lies over the partition table at offset \(clash.start)",
        remedy: "Fetch it again, or capture the image anew")
    }
    return RestorePlan(
      image: image, diskPath: disk.path, diskSize: disk.size, identity: DiskIdentity(path: disk.path),
      currentContents: contents(of: disk), requiredSize: required,
      canSeedFromDisk: ImageOnDisk.canRemakeChunks(of: image))
  }

  /// Never fails: an unreadable table is one more thing to tell.
  private static func contents(of disk: Disk) -> [String] {
    do {
      let layout = try DiskLayoutReader.read(disk)
      return layout.volumes.filter { $0.kind != .gap }.map { volume in
        let number = volume.partition.map { "partition \($0)" } ?? "whole disk"
        let what = volume.identity?.type ?? volume.typeName ?? "unknown content"
        let label = volume.identity?.label.map { " '\($0)'" } ?? ""
        return "\(number): \(volume.range.length.human) \(what)\(label)"
      }
    } catch {
      return ["a partition table that cannot be read: \(error.sentence)"]
    }
  }
}

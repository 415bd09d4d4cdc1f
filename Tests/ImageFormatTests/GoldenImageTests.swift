// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import Testing

/// An image of format 1.0, kept for ever: whatever Diecast becomes, it reads
/// these files and writes the same bytes for the same content.
@Suite struct GoldenImageTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/v1")

  /// Set once, to make the files; they are committed and never made again.
  static let isWriting = ProcessInfo.processInfo.environment["DIECAST_WRITE_GOLDEN"] == "1"

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: directory.appendingPathComponent(name)))
  }

  static func table() throws -> PartitionTable {
    var boot = [UInt8](repeating: 0, count: 512)
    boot[450] = 0xee
    for (place, value) in [(454, 1), (458, 0xff), (459, 0x07), (510, 0x55), (511, 0xaa)] { boot[place] = UInt8(value) }
    return .gpt(
      GPTTable(
        diskGUID: try #require(GUID("01234567-89AB-CDEF-0123-456789ABCDEF")), entryCount: 128, firstUsableSector: 34,
        bootSector: boot.hex,
        partitions: [
          GPTPartition(
            number: 1, typeGUID: try #require(GUID("C12A7328-F81F-11D2-BA4B-00A0C93EC93B")),
            guid: try #require(GUID("11111111-2222-3333-4444-555555555555")), firstSector: 128, lastSector: 255,
            attributes: "0000000000000001", name: "EFI"),
          GPTPartition(
            number: 3, typeGUID: try #require(GUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4")),
            guid: try #require(GUID("11111111-2222-3333-4444-666666666666")), firstSector: 256, lastSector: 895,
            attributes: "8000000000000004", name: "Wurzel ö"),
        ]))
  }

  /// The same image, made anew: a GPT disk of 1 MiB with a gap and two partitions.
  static func make() throws -> StoredImage {
    let small = Samples.smallIndex()
    let part = small.chunks.firstIndex { $0.length == .kib(8) }.map { ChunkIndex($0) }
    let windows =
      [
        ImageIndex.Window(volume: 0, number: 0, chunk: nil, extents: [ByteRange(start: .zero, length: .kib(8))]),
        ImageIndex.Window(
          volume: 1, number: 0, chunk: part,
          extents: [
            ByteRange(start: ByteOffset(512), length: .kib(4)), ByteRange(start: ByteOffset(8192), length: .kib(4)),
          ]),
      ]
      + small.windows.map { ImageIndex.Window(volume: 2, number: $0.number, chunk: $0.chunk, extents: $0.extents) }
    let index = ImageIndex(
      windowSize: .kib(64), volumeLengths: [ByteCount(94 * 512), .kib(64), .kib(320)], chunks: small.chunks,
      windows: windows)
    var manifest = Samples.manifest(
      for: index,
      disk: ImageDisk(
        size: .mib(1), logicalSectorSize: ByteCount(512), physicalSectorSize: .kib(4), table: try table()))
    manifest.parent = String(repeating: "0a", count: 32)
    manifest.volumes = [
      Volume(
        disk: 0, kind: .gap, partition: nil, start: ByteOffset(34 * 512), length: ByteCount(94 * 512),
        usedBytes: .kib(8), map: .raw, notes: ["copied whole"]),
      Volume(
        disk: 0, kind: .partition, partition: 1, start: ByteOffset(128 * 512), length: .kib(64), filesystem: "vfat",
        uuid: "ABCD-1234", label: "EFI", usedBytes: .kib(8), map: .native),
      Volume(
        disk: 0, kind: .partition, partition: 3, start: ByteOffset(256 * 512), length: .kib(320), filesystem: "ext4",
        uuid: "8c2a3b1e-0000-4000-8000-0123456789ab", label: "root", usedBytes: .kib(140), map: .libext2fs,
        unread: [UnreadRange(start: ByteOffset(256 * 512 + 65_536), length: .kib(4))]),
    ]
    manifest.totals.usedBytes = .kib(156)
    return try StoredImage(manifestBytes: manifest.encoded(), indexBytes: index.encoded())
  }

  @Test(.enabled(if: isWriting)) func writesTheFilesOnce() throws {
    let image = try Self.make()
    try FileManager.default.createDirectory(at: Self.directory, withIntermediateDirectories: true)
    let torrent = try image.torrent(trackers: ["http://192.0.2.1:7070/announce"])
    for (name, bytes) in [
      ("manifest.json", image.manifestBytes), ("index", image.indexBytes), ("image.torrent", torrent.bytes),
    ] {
      try Data(bytes).write(to: Self.directory.appendingPathComponent(name))
    }
  }

  @Test func theManifestIsReadAndWrittenByteForByte() throws {
    let bytes = try Self.bytes("manifest.json")
    let manifest = try Manifest(decoding: bytes)
    #expect(try manifest.encoded() == bytes)
    #expect(manifest.format == .init(major: 1, minor: 0, features: []))
    #expect(manifest.volumes.map(\.kind) == [.gap, .partition, .partition])
    #expect(manifest.disks[0].table == (try Self.table()))
  }

  @Test func theIndexIsReadAndWrittenByteForByte() throws {
    let bytes = try Self.bytes("index")
    let index = try ImageIndex(decoding: bytes)
    #expect(index.encoded() == bytes)
    #expect(index.windows.count == 6 && index.chunks.count == 2)
  }

  @Test func bothBelongTogetherAndHaveTheSameIDAsEver() throws {
    let image = try StoredImage(manifestBytes: Self.bytes("manifest.json"), indexBytes: Self.bytes("index"))
    #expect(image.id == (try Self.make()).id)
    #expect(image.manifestBytes == (try Self.make()).manifestBytes)
    #expect(image.indexBytes == (try Self.make()).indexBytes)
  }

  @Test func theTorrentIsMadeByteForByteAgain() throws {
    let bytes = try Self.bytes("image.torrent")
    let image = try StoredImage(manifestBytes: Self.bytes("manifest.json"), indexBytes: Self.bytes("index"))
    let decoded = try TorrentFile(decoding: bytes)
    #expect(try image.torrent(trackers: decoded.trackers).bytes == bytes)
    #expect(decoded.trackers == ["http://192.0.2.1:7070/announce"])
    #expect(
      decoded.layout.files.map { $0.path.last } == image.index.chunks.map { $0.id.hash.hex } + [
        "index", "manifest.json",
      ])
  }

  @Test func theTableCanBeWrittenToADisk() throws {
    let manifest = try Manifest(decoding: Self.bytes("manifest.json"))
    guard case .gpt(let table) = manifest.disks[0].table else {
      Issue.record("the table is no GPT")
      return
    }
    let image = try GPTCodec.encode(table, sectorSize: ByteCount(512), diskSize: .mib(1))
    #expect(
      Hashing.sha256(image.parts.flatMap(\.bytes)).hex
        == "7eabb3e86b311ccd4c05a318e011c0ef98f68f40fe45c5fe49725a275405e977")
  }
}

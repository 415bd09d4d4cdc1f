// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import ImageFormat
import ImageStore
import Imaging
import Testing

@Suite struct VerifyTests {
  private func verify(_ name: String, in bench: Bench, _ image: StoredImage) throws -> Verify.Findings {
    let disk = try Disk(path: "\(bench.path)/\(name)", access: .source)
    return try Verify.disk(disk, against: image, workers: 2, progress: Progress(), interrupt: Interrupt())
  }

  @Test func oneFlippedBitAnywhereIsFound() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let good = try verify("golden", in: bench, image)
    #expect(good.problemCount == 0 && good.checked == image.index.windows.count)
    #expect(good.bytes == image.manifest.totals.contentBytes)
    let bytes = try bench.bytes("golden")
    let places =
      image.extents.flatMap { [Int($0.start.rawValue), Int($0.end.rawValue) - 1] } + [
        0, 600, 1100, Bench.diskSize - 1, Bench.diskSize - 500,
      ]
    for place in places + [Bench.partitionStart + 70_000, Bench.secondStart + 5] {
      try bench.put([bytes[place] ^ 0x10], in: "golden", at: UInt64(place))
      let found = try verify("golden", in: bench, image)
      #expect(found.problemCount == 1 && found.problems.count == 1, "byte \(place)")
      try bench.put([bytes[place]], in: "golden", at: UInt64(place))
    }
    // What lies in none of the image's windows is none of its business.
    try bench.put([9], in: "golden", at: UInt64(Bench.secondStart + Bench.secondLength + 512))
    #expect(try verify("golden", in: bench, image).problemCount == 0)
  }

  @Test func aDamagedChunkIsRefusedBeforeItIsWritten() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let place = try #require(image.index.windows.first { $0.volume == 1 && $0.number == 4 }?.chunk)
    let id = image.index.chunks[place.int].id
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bench.store.chunkPath(id))))
    bytes[bytes.count / 2] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: bench.store.chunkPath(id)))
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    #expect(thrown { _ = try bench.restore(image, to: "copy") }?.code == .corrupt)
    let after = try bench.bytes("copy")
    let window = Bench.partitionStart + 4 * 65_536
    #expect(after[window..<window + 65_536].isAll(0xa5))
    #expect(after[..<512].isAll(0))
    try FileManager.default.removeItem(atPath: bench.store.chunkPath(id))
    #expect(thrown { _ = try bench.restore(image, to: "copy") }?.code == .missingChunk)
  }

  /// The chunk has the right root, but its content is not what the index says.
  @Test(arguments: [false, true]) func anIndexThatLiesAboutContentIsCorruptAndNothingIsWritten(_ isRaw: Bool)
    async throws
  {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    let victim = try #require(image.index.chunks.first { $0.encoding == (isRaw ? .raw : .zstd) })
    let chunks = image.index.chunks.map { chunk in
      chunk.id != victim.id
        ? chunk
        : ImageIndex.Chunk(
          id: chunk.id, digest: ContentDigest(.zero), length: chunk.length, contentLength: chunk.contentLength,
          encoding: chunk.encoding)
    }
    let index = ImageIndex(
      windowSize: image.index.windowSize, volumeLengths: image.index.volumeLengths, chunks: chunks,
      windows: image.index.windows)
    var manifest = image.manifest
    manifest.index = .init(digest: Hashing.sha256(index.encoded()).hex, length: ByteCount(index.encoded().count))
    let hostile = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: index.encoded())
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    let error = thrown { _ = try bench.restore(hostile, to: "copy") }
    #expect(error?.code == .corrupt && error?.sentence.contains(victim.id.hash.hex) == true)
    let after = try bench.bytes("copy")
    for (window, entry) in zip(index.windows, index.windows.map(\.chunk)) {
      guard let entry, chunks[entry.int].id == victim.id else { continue }
      let start = manifest.volumes[window.volume].start
      for extent in window.extents {
        let range = extent.shifted(by: ByteCount(start.rawValue))
        #expect(part(after, range).isAll(0xa5))
      }
    }
    #expect(after[..<512].isAll(0))
  }

  /// A manifest whose volume lies over its own partition table would undo the order of writes.
  @Test func aVolumeOverTheTableIsMalformedAndNothingIsWritten() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    var manifest = image.manifest
    manifest.volumes[0].start = ByteOffset(512)
    let hostile = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: image.indexBytes)
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    #expect(thrown { _ = try bench.restore(hostile, to: "copy") }?.code == .malformed)
    #expect(try bench.bytes("copy").isAll(0xa5))
  }

  @Test func theTableOfTheManifestMustBeATable() async throws {
    let bench = try Bench()
    try bench.gptDisk("golden")
    let image = try await bench.capture("golden", as: "golden").image
    var table = Bench.table()
    table.partitions[1].lastSector = 1 << 62
    var manifest = image.manifest
    manifest.disks[0].table = .gpt(table)
    let hostile = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: image.indexBytes)
    try bench.disk("copy", size: Bench.diskSize, fill: 0xa5)
    #expect(thrown { _ = try bench.restore(hostile, to: "copy") }?.code == .malformed)
    #expect(try bench.bytes("copy").isAll(0xa5))
  }
}

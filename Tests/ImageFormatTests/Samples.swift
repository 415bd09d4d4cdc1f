// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat

/// The same numbers again and again (SplitMix64).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
  mutating func hash() -> Hash256 { Hash256(bytes(32)) ?? .zero }
}

/// Whether tests may take their time.
let isSlow = ProcessInfo.processInfo.environment["DIECAST_SLOW_TESTS"] == "1"

/// The code of the error that `body` throws; nil when it throws none or another kind.
func thrownCode(_ body: () throws -> Void) -> DiecastError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? DiecastError)?.code
  }
}

/// Small images, made without a disk.
enum Samples {
  /// A consistent index: several volumes, shared chunks, zero windows, gaps.
  static func index(seed: UInt64) -> ImageIndex {
    var random = Seeded(state: seed)
    let windowSize = ByteCount.kib(64 << UInt64.random(in: 0...3, using: &random))
    let lengths = (0..<Int.random(in: 0...4, using: &random)).map { _ in
      ByteCount(UInt64.random(in: 1...20 * windowSize.rawValue / 512, using: &random) * 512)
    }
    var chunks: [ImageIndex.Chunk] = []
    var drafts: [(volume: Int, number: Int, chunk: Int?, extents: [ByteRange])] = []
    for (volume, length) in lengths.enumerated() {
      let count = Int((length.rawValue + windowSize.rawValue - 1) / windowSize.rawValue)
      for number in 0..<count where Bool.random(using: &random) {
        let start = UInt64(number) * windowSize.rawValue
        let extents = extents(from: start, to: min(start + windowSize.rawValue, length.rawValue), &random)
        let total = extents.totalLength
        var chunk: Int?
        if Int.random(in: 0..<5, using: &random) > 0 {
          chunk = chunks.firstIndex { $0.contentLength == total && Bool.random(using: &random) }
          if chunk == nil {
            chunks.append(Self.chunk(content: total, &random))
            chunk = chunks.count - 1
          }
        }
        drafts.append((volume, number, chunk, extents))
      }
    }
    let order = chunks.indices.sorted { chunks[$0].id < chunks[$1].id }
    var place = [Int](repeating: 0, count: chunks.count)
    for (new, old) in order.enumerated() { place[old] = new }
    return ImageIndex(
      windowSize: windowSize, volumeLengths: lengths, chunks: order.map { chunks[$0] },
      windows: drafts.map {
        ImageIndex.Window(
          volume: $0.volume, number: $0.number, chunk: $0.chunk.map { ChunkIndex(place[$0]) }, extents: $0.extents)
      })
  }

  private static func extents(from start: UInt64, to end: UInt64, _ random: inout Seeded) -> [ByteRange] {
    var result: [ByteRange] = []
    var position = start
    // Half of all windows are wholly used, so that chunks can be shared.
    if Bool.random(using: &random) { return [ByteRange(from: ByteOffset(start), to: ByteOffset(end))] }
    while position < end, result.count < 5 {
      let sectors = (end - position) / 512
      let length = UInt64.random(in: 1...sectors, using: &random) * 512
      result.append(ByteRange(start: ByteOffset(position), length: ByteCount(length)))
      position += length + 512 * UInt64.random(in: 1...9, using: &random)
    }
    return result
  }

  private static func chunk(content: ByteCount, _ random: inout Seeded) -> ImageIndex.Chunk {
    let isRaw = Bool.random(using: &random) || content.rawValue == 1
    return ImageIndex.Chunk(
      id: ChunkID(random.hash()), digest: ContentDigest(random.hash()),
      length: isRaw ? content : ByteCount(UInt64.random(in: 1..<content.rawValue, using: &random)),
      contentLength: content, encoding: isRaw ? .raw : .zstd)
  }

  /// The smallest interesting image: a bare disk of four windows, of which one
  /// is zero, two are alike and one has two extents.
  static let contents: [[UInt8]] = [
    (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) },
    (0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7) },
  ]

  /// Its index, over chunks that are stored as they are.
  static func smallIndex() -> ImageIndex { small }

  private static let small: ImageIndex = {
    func range(_ start: UInt64, _ length: UInt64) -> ByteRange {
      ByteRange(start: ByteOffset(start), length: ByteCount(length))
    }
    let table = contents.map { bytes in
      ImageIndex.Chunk(
        id: ChunkID(Hashing.piecesRoot(bytes.span.bytes)), digest: ContentDigest(Hashing.sha256(bytes)),
        length: ByteCount(bytes.count), contentLength: ByteCount(bytes.count), encoding: .raw)
    }
    .sorted { $0.id < $1.id }
    let whole = table.firstIndex { $0.length == ByteCount.kib(64) }.map { ChunkIndex($0) }
    let part = table.firstIndex { $0.length == ByteCount.kib(8) }.map { ChunkIndex($0) }
    return ImageIndex(
      windowSize: .kib(64), volumeLengths: [.kib(320)], chunks: table,
      windows: [
        .init(volume: 0, number: 0, chunk: whole, extents: [range(0, 65_536)]),
        .init(volume: 0, number: 1, chunk: nil, extents: [range(65_536, 4096)]),
        .init(volume: 0, number: 3, chunk: whole, extents: [range(196_608, 65_536)]),
        .init(volume: 0, number: 4, chunk: part, extents: [range(262_144, 4096), range(270_336, 4096)]),
      ])
  }()

  static func manifest(for index: ImageIndex, name: String = "golden", disk: ImageDisk? = nil) -> Manifest {
    let bytes = index.encoded()
    var position = UInt64(0)
    let volumes = index.volumeLengths.map { length in
      defer { position += length.rawValue }
      return Volume(
        disk: 0, kind: .disk, partition: nil, start: ByteOffset(position), length: length, filesystem: "ext4",
        uuid: "8c2a3b1e-0000-4000-8000-0123456789ab", label: "root ö", usedBytes: length, map: .libext2fs)
    }
    let zero = index.windows.filter { $0.chunk == nil }.reduce(ByteCount.zero) { $0 + $1.contentLength }
    return Manifest(
      tool: "diecast 0.1.0", name: name, version: "2026-11-21", created: 1_795_226_400, parent: nil,
      codec: .init(name: "zstd", version: "1.5.4", level: 1), windowSize: index.windowSize, mergeGap: .kib(64),
      disks: [
        disk
          ?? ImageDisk(
            size: ByteCount(max(position, 512)), logicalSectorSize: ByteCount(512), physicalSectorSize: .kib(4),
            table: .none)
      ],
      volumes: volumes,
      index: .init(digest: Hashing.sha256(bytes).hex, length: ByteCount(bytes.count)),
      totals: .init(
        usedBytes: volumes.reduce(.zero) { $0 + $1.usedBytes },
        contentBytes: index.windows.reduce(.zero) { $0 + $1.contentLength }, zeroBytes: zero,
        windows: index.windows.count, chunks: index.chunks.count,
        chunkBytes: index.chunks.reduce(.zero) { $0 + $1.length }))
  }

  static func image(_ index: ImageIndex = smallIndex(), name: String = "golden") throws -> StoredImage {
    try StoredImage(manifestBytes: manifest(for: index, name: name).encoded(), indexBytes: index.encoded())
  }
}

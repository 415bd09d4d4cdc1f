// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import ImageStore
import Testing

/// A store in a directory of its own, removed with this object.
final class ScratchStore: Sendable {
  let path: String
  let store: ImageStore

  init() throws {
    path = NSTemporaryDirectory() + "diecast-store-\(UUID().uuidString)"
    store = try ImageStore(path: path, create: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every regular file but the lock, by its path under the store.
  func files() throws -> [String] {
    let all = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return all.filter { name in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isDirectory)
        && !isDirectory.boolValue && !name.hasSuffix(".lock")
    }.sorted()
  }

  func put(_ name: String, _ bytes: [UInt8] = [1]) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Adds the chunks of `image` and gives it its name.
  func add(_ contents: [[UInt8]], name: String, version: String, created: UInt64 = 1) throws -> StoredImage {
    for bytes in contents { _ = try store.addChunk(Samples.id(bytes), bytes.span.bytes) }
    let image = try Samples.image(contents, name: name, version: version, created: created)
    try store.publish(image, torrent: image.torrent())
    return image
  }
}

/// The error that `body` throws; nil when it throws none or another kind.
func thrown(_ body: () throws -> Void) -> DiecastError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DiecastError
  }
}

enum Samples {
  /// A window's worth of bytes that no other number gives.
  static func content(_ number: Int) -> [UInt8] {
    (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* (2 * number &+ 1) &+ number) }
  }

  static func id(_ bytes: [UInt8]) -> ChunkID { ChunkID(Hashing.piecesRoot(bytes.span.bytes)) }

  /// An image of a bare disk, a window for each of `contents`, all stored as they are.
  static func image(_ contents: [[UInt8]], name: String, version: String, created: UInt64) throws -> StoredImage {
    let chunks = contents.map {
      ImageIndex.Chunk(
        id: id($0), digest: ContentDigest(Hashing.sha256($0)), length: ByteCount($0.count),
        contentLength: ByteCount($0.count), encoding: .raw)
    }
    .sorted { $0.id < $1.id }
    let size = ByteCount(max(1, contents.count) << 16)
    let index = ImageIndex(
      windowSize: .kib(64), volumeLengths: [size], chunks: chunks,
      windows: contents.indices.map { number in
        ImageIndex.Window(
          volume: 0, number: number, chunk: chunks.firstIndex { $0.id == id(contents[number]) }.map { ChunkIndex($0) },
          extents: [ByteRange(start: ByteOffset(UInt64(number) << 16), length: ByteCount(contents[number].count))])
      })
    let bytes = index.encoded()
    let sum = chunks.reduce(ByteCount.zero) { $0 + $1.length }
    let manifest = Manifest(
      tool: "test", name: name, version: version, created: created, parent: nil,
      codec: .init(name: "zstd", version: "1.5.4", level: 1), windowSize: .kib(64), mergeGap: .kib(64),
      disks: [
        ImageDisk(size: size, logicalSectorSize: ByteCount(512), physicalSectorSize: ByteCount(512), table: .none)
      ],
      volumes: [
        Volume(disk: 0, kind: .disk, partition: nil, start: .zero, length: size, usedBytes: size, map: .raw)
      ],
      index: .init(digest: Hashing.sha256(bytes).hex, length: ByteCount(bytes.count)),
      totals: .init(
        usedBytes: size, contentBytes: sum, zeroBytes: .zero, windows: contents.count, chunks: chunks.count,
        chunkBytes: sum))
    return try StoredImage(manifestBytes: manifest.encoded(), indexBytes: bytes)
  }
}

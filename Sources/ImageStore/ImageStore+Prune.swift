// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
public import DiecastCore
internal import ImageFormat

extension ImageStore {
  /// What a prune removed, or would remove.
  public struct Pruned: Sendable, Equatable {
    /// Chunks that no image names.
    public var chunks = 0
    /// Their bytes.
    public var bytes = ByteCount.zero
    /// Files that an interrupted run left behind.
    public var temporaryFiles = 0
  }

  /// Removes the chunks that no image names, and what interrupted runs left.
  /// Waits until no capture or restore uses the store. An image that cannot
  /// be decoded stops it, as its chunks are not known.
  public func prune(dryRun: Bool) throws(DiecastError) -> Pruned {
    let lock = try FileLock("\(path)/.lock", exclusive: true)
    defer { _ = lock }
    var named: Set<ChunkID> = []
    var pruned = Pruned()
    for name in imageNames() {
      for entry in FileStore.list("\(path)/images/\(name)") where entry.hasSuffix(".tmp") {
        pruned.temporaryFiles += 1
        if !dryRun { try removeImageDirectory("\(path)/images/\(name)/\(entry)") }
      }
      for manifest in try versions(of: name) {
        guard let image = ImageName(name: name, version: manifest.version) else { continue }
        named.formUnion(try load(image).index.chunks.map(\.id))
      }
    }
    for prefix in FileStore.list("\(path)/chunks") {
      let directory = "\(path)/chunks/\(prefix)"
      for entry in FileStore.list(directory) {
        let file = "\(directory)/\(entry)"
        if entry.hasSuffix(".tmp") {
          pruned.temporaryFiles += 1
        } else if let hash = Hash256(hex: entry), !named.contains(ChunkID(hash)) {
          pruned.chunks += 1
          pruned.bytes += FileStore.size(of: file) ?? .zero
        } else {
          continue
        }
        if !dryRun { try FileStore.remove(file) }
      }
    }
    return pruned
  }
}

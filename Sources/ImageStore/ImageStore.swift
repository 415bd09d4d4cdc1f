// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
public import ImageFormat

/// A directory of images and content-addressed chunks, as
/// `docs/image-format.md` lays it out. Several processes may use one store at
/// once: chunks are idempotent, images appear whole, and only `prune()` keeps
/// others out.
public final class ImageStore: Sendable {
  /// The directory.
  public let path: String

  /// The store in the directory `path`, made when `create` is set.
  public init(path: String, create: Bool) throws(DiecastError) {
    self.path = path
    if create {
      try FileStore.makeDirectories("\(path)/images")
      try FileStore.makeDirectories("\(path)/chunks")
    } else if !FileStore.isDirectory("\(path)/images") {
      throw DiecastError(
        .notFound, "\(path) is not a store", remedy: "Name a directory that diecast capture made, or set DIECAST_STORE")
    }
  }

  // MARK: Locks

  /// Keeps `prune()` out while chunks are added or relied on.
  public func lockForUse() throws(DiecastError) -> FileLock { try FileLock("\(path)/.lock", exclusive: false) }

  /// The same where the store can be written; a store on a read-only medium needs no lock.
  public func lockForReading() -> FileLock? { try? lockForUse() }

  // MARK: Chunks

  /// Where a chunk lies.
  public func chunkPath(_ id: ChunkID) -> String {
    ([path] + TorrentLayout.chunkPath(id)).joined(separator: "/")
  }

  /// Whether a chunk of this length is there. A name that is there is whole: it was flushed before it was given.
  public func contains(_ id: ChunkID, length: ByteCount) -> Bool { FileStore.size(of: chunkPath(id)) == length }

  /// Adds a chunk unless it is there. Returns whether it was added. Its name
  /// is durable once `syncChunkDirectories(_:)` has run.
  public func addChunk(_ id: ChunkID, _ bytes: RawSpan) throws(DiecastError) -> Bool {
    if contains(id, length: ByteCount(bytes.byteCount)) { return false }
    try FileStore.makeDirectories(chunkDirectory(id))
    try FileStore.writeAtomically(bytes, to: chunkPath(id))
    return true
  }

  /// Reads a chunk into the front of `buffer`, with its length and its root checked against its name.
  public func readChunk(_ id: ChunkID, length: ByteCount, into buffer: AlignedBuffer) throws(DiecastError) {
    guard let count = try FileStore.read(chunkPath(id), into: buffer) else {
      throw DiecastError(
        .missingChunk, "The store \(path) lacks the chunk \(id)",
        remedy: "Copy the image again with diecast image copy, or capture it anew")
    }
    guard count == length.int, buffer.withBytes(0..<count, { Hashing.piecesRoot($0) }) == id.hash else {
      throw DiecastError(
        .corrupt, "The chunk \(id) in the store \(path) is damaged",
        remedy: "Remove \(chunkPath(id)) and capture or copy the image again")
    }
  }

  /// Fills `bytes`, which has the chunk's length, without checking the root: for a caller that does.
  public func readChunkUnchecked(_ id: ChunkID, into bytes: inout MutableRawSpan) throws(DiecastError) {
    let count = try FileStore.read(chunkPath(id), into: &bytes)
    guard count == bytes.byteCount else {
      throw DiecastError(
        count == nil ? .missingChunk : .corrupt,
        "The store \(path) \(count == nil ? "lacks" : "has a damaged") chunk \(id)",
        remedy: "Copy the image again with diecast image copy, or capture it anew")
    }
  }

  private func chunkDirectory(_ id: ChunkID) -> String {
    ([path] + TorrentLayout.chunkPath(id).dropLast()).joined(separator: "/")
  }

  /// Makes the names of these chunks durable.
  public func syncChunkDirectories(_ ids: some Sequence<ChunkID>) throws(DiecastError) {
    for directory in Set(ids.map { chunkDirectory($0) }) { try FileStore.syncDirectory(directory) }
    try FileStore.syncDirectory("\(path)/chunks")
  }

  // MARK: Images

  func imageDirectory(name: String, version: String) -> String {
    ([path] + TorrentLayout.imagePath(name: name, version: version)).joined(separator: "/")
  }

  /// The names of all images.
  public func imageNames() -> [String] { FileStore.list("\(path)/images").filter(ImageName.isValidPart) }

  /// The versions of an image that are whole, newest first.
  public func versions(of name: String) throws(DiecastError) -> [Manifest] {
    var manifests: [Manifest] = []
    for version in FileStore.list("\(path)/images/\(name)") where ImageName.isValidPart(version) {
      let file = "\(imageDirectory(name: name, version: version))/manifest.json"
      guard let bytes = try FileStore.read(file, limit: Limits.manifestBytes) else { continue }
      manifests.append(try Manifest(decoding: bytes))
    }
    return manifests.sorted { ($0.created, $0.version) > ($1.created, $1.version) }
  }

  /// Whether a version of an image is there.
  public func hasImage(name: String, version: String) -> Bool {
    FileStore.isDirectory(imageDirectory(name: name, version: version))
  }

  /// Loads an image, the newest version unless one is named, and checks that its parts belong together.
  public func load(_ image: ImageName) throws(DiecastError) -> StoredImage {
    let absent = DiecastError(
      .notFound, "The store \(path) has no image \(image)", remedy: "List its images with diecast image list")
    let version: String
    if let named = image.version {
      version = named
    } else {
      guard let newest = try versions(of: image.name).first else { throw absent }
      version = newest.version
    }
    let directory = imageDirectory(name: image.name, version: version)
    guard let manifest = try FileStore.read("\(directory)/manifest.json", limit: Limits.manifestBytes) else {
      throw absent
    }
    guard let index = try FileStore.read("\(directory)/index", limit: Limits.indexBytes) else {
      throw DiecastError(
        .corrupt, "\(directory) lacks its index", remedy: "Copy the image again, or capture it anew")
    }
    let loaded = try StoredImage(manifestBytes: manifest, indexBytes: index)
    guard loaded.manifest.name == image.name, loaded.manifest.version == version else {
      throw DiecastError(
        .corrupt, "\(directory) holds the image \(loaded.manifest.name)@\(loaded.manifest.version)",
        remedy: "Copy the image again, or capture it anew")
    }
    return loaded
  }

  /// The torrent that was published with an image (a hybrid one cannot be made without reading every chunk); nil when there is none.
  public func publishedTorrent(name: String, version: String) throws(DiecastError) -> TorrentFile? {
    let file = "\(imageDirectory(name: name, version: version))/image.torrent"
    return try FileStore.read(file, limit: Limits.torrentBytes).map { (bytes) throws(DiecastError) in
      try TorrentFile(decoding: bytes)
    }
  }

  /// Gives an image its name: all its files appear at once, after its chunks are durable.
  public func publish(_ image: StoredImage, torrent: TorrentFile) throws(DiecastError) {
    let manifest = image.manifest
    try syncChunkDirectories(image.index.chunks.map(\.id))
    let parent = "\(path)/images/\(manifest.name)"
    let final = imageDirectory(name: manifest.name, version: manifest.version)
    let temporary = "\(parent)/.\(manifest.version)-\(UInt64.random(in: 0 ... .max)).tmp"
    try FileStore.makeDirectories(temporary)
    do throws(DiecastError) {
      for (name, bytes) in [
        ("manifest.json", image.manifestBytes), ("index", image.indexBytes), ("image.torrent", torrent.bytes),
      ] {
        try unsafe FileStore.writeAtomically(bytes.span.bytes, to: "\(temporary)/\(name)")
      }
      try FileStore.syncDirectory(temporary)
      // rename(2) refuses a directory that is there and not empty, so two captures cannot mix.
      try FileStore.rename(temporary, to: final)
    } catch {
      try? removeImageDirectory(temporary)
      if FileStore.isDirectory(final) {
        throw DiecastError(
          .refused, "The store \(path) has an image \(manifest.name)@\(manifest.version) already",
          remedy: "Name another version, or remove that one with diecast image remove")
      }
      throw error
    }
    try FileStore.syncDirectory(parent)
    try FileStore.syncDirectory("\(path)/images")
  }

  /// Removes one version of an image, not its chunks.
  public func remove(name: String, version: String) throws(DiecastError) {
    let directory = imageDirectory(name: name, version: version)
    guard FileStore.isDirectory(directory) else {
      throw DiecastError(
        .notFound, "The store \(path) has no image \(name)@\(version)",
        remedy: "List its images with diecast image list")
    }
    // Hidden first, so that an interruption never leaves half an image under its name.
    let hidden = "\(path)/images/\(name)/.\(version)-\(UInt64.random(in: 0 ... .max)).tmp"
    try FileStore.rename(directory, to: hidden)
    try removeImageDirectory(hidden)
    try FileStore.syncDirectory("\(path)/images/\(name)")
    try FileStore.removeDirectoryIfEmpty("\(path)/images/\(name)")
  }

  func removeImageDirectory(_ directory: String) throws(DiecastError) {
    for name in FileStore.list(directory) { try FileStore.remove("\(directory)/\(name)") }
    try FileStore.removeDirectoryIfEmpty(directory)
  }
}

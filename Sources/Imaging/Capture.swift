// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
internal import ChunkCodec
public import DiecastCore
public import ImageFormat
public import ImageStore
import Synchronization

/// Carries a capture plan out: read, hash, compress and store on all cores.
/// Each worker takes the next window, so reading stays nearly sequential and
/// memory is bounded by the number of workers.
public struct Capture: Sendable {
  /// What a capture makes beside what the plan says.
  public struct Options: Sendable {
    /// The image's name, with its version.
    public var name: String
    /// See `name`.
    public var version: String
    /// What writes it, such as `diecast 0.1.0`.
    public var tool: String
    /// The zstd level.
    public var level: Int
    /// When: seconds since 1970 UTC.
    public var created: UInt64
    /// Whether unreadable ranges become zeros instead of an error.
    public var rescue: Bool
    /// Threads; as many as cores.
    public var workers: Int

    /// All options.
    public init(
      name: String, version: String, tool: String, level: Int, created: UInt64, rescue: Bool = false, workers: Int
    ) {
      self.name = name
      self.version = version
      self.tool = tool
      self.level = level
      self.created = created
      self.rescue = rescue
      self.workers = workers
    }
  }

  /// What a capture made.
  public struct Result: Sendable {
    /// The image.
    public let image: StoredImage
    /// Chunks that the store lacked, and their bytes.
    public let newChunks: Int
    /// See `newChunks`.
    public let newBytes: ByteCount
    /// Chunks that were taken over from the parent without compressing.
    public let inheritedChunks: Int
    /// Ranges that could not be read.
    public let unread: [UnreadRange]
    let windows: [PlannedWindow]
  }

  private struct Shared {
    var byDigest: [ContentDigest: ImageIndex.Chunk] = [:]
    /// By window; nil when all zero.
    var chunks: [ImageIndex.Chunk?]
    var newChunks = 0
    var newBytes = ByteCount.zero
    var inherited: Set<ContentDigest> = []
  }

  private let plan: CapturePlan
  private let disk: Disk
  private let store: ImageStore?
  private let parent: StoredImage?
  private let options: Options
  private let progress: Progress
  private let interrupt: Interrupt
  private let reader: SourceReader

  /// A capture of `disk` by `plan` into `store`, or only to learn its chunks when that is nil.
  public init(
    plan: CapturePlan, disk: Disk, store: ImageStore?, parent: StoredImage? = nil, options: Options,
    progress: Progress, interrupt: Interrupt
  ) {
    self.plan = plan
    self.disk = disk
    self.store = store
    self.parent = parent
    self.options = options
    self.progress = progress
    self.interrupt = interrupt
    reader = SourceReader(
      disk: disk, volumeStarts: plan.volumes.map(\.start), rescue: options.rescue, progress: progress)
  }

  /// Runs it. The image gets its name in the store only when all is durable.
  public func run() throws -> Result {
    let lock = try store?.lockForUse()
    defer { _ = lock }
    progress.begin(store == nil ? .indexing : .capturing, total: plan.contentBytes)
    let codec = ZstdCodec.current(level: options.level)
    var known: [ContentDigest: ImageIndex.Chunk] = [:]
    if let parent, let store, parent.manifest.codec == codec {
      for chunk in parent.index.chunks where store.contains(chunk.id, length: chunk.length) {
        known[chunk.digest] = chunk
      }
    }
    let inheritable = known
    let shared = Mutex(Shared(chunks: Array(repeating: nil, count: plan.windows.count)))
    try Parallel.forEach(
      count: plan.windows.count, workers: options.workers, interrupt: interrupt,
      makeState: { try ChunkWorker(windowSize: plan.windowSize, level: options.level) },
      body: { worker, index in
        let window = plan.windows[index]
        let count = try reader.read(window, into: worker.content)
        let chunk = try makeChunk(count, worker: worker, inheritable: inheritable, shared: shared)
        shared.withLock { $0.chunks[index] = chunk }
        progress.advance(window.contentLength)
      })
    let outcome = shared.withLock { $0 }
    let image = try assemble(outcome.chunks, codec: codec)
    if let store { try store.publish(image, torrent: image.torrent()) }
    return Result(
      image: image, newChunks: outcome.newChunks, newBytes: outcome.newBytes,
      inheritedChunks: outcome.inherited.count, unread: unreadRanges, windows: plan.windows)
  }

  private var unreadRanges: [UnreadRange] {
    reader.unreadRanges.map { UnreadRange(start: $0.start, length: $0.length) }
  }

  /// Makes and stores the chunk of the first `count` bytes of `worker.content`; nil when they are all zero.
  private func makeChunk(
    _ count: Int, worker: ChunkWorker, inheritable: [ContentDigest: ImageIndex.Chunk], shared: borrowing Mutex<Shared>
  ) throws(DiecastError) -> ImageIndex.Chunk? {
    let digest: ContentDigest? = worker.content.withBytes(0..<count) { span in
      span.isAllZero ? nil : ContentDigest(Hashing.sha256(span))
    }
    guard let digest else { return nil }
    if let seen = shared.withLock({ $0.byDigest[digest] }) { return seen }
    if let inherited = inheritable[digest], inherited.contentLength == ByteCount(count) {
      shared.withLock {
        $0.byDigest[digest] = inherited
        $0.inherited.insert(digest)
      }
      return inherited
    }
    let compressed = try worker.content.withBytes(0..<count) { (span) throws(DiecastError) in
      try worker.codec.compress(span, into: worker.chunk)
    }
    let buffer = compressed == nil ? worker.content : worker.chunk
    let length = compressed ?? count
    let (chunk, isNew) = try buffer.withBytes(0..<length) { (span) throws(DiecastError) in
      let chunk = ImageIndex.Chunk(
        id: ChunkID(Hashing.piecesRoot(span)), digest: digest, length: ByteCount(length),
        contentLength: ByteCount(count), encoding: compressed == nil ? .raw : .zstd)
      return (chunk, try store?.addChunk(chunk.id, span) ?? false)
    }
    shared.withLock {
      $0.byDigest[digest] = chunk
      if isNew {
        $0.newChunks += 1
        $0.newBytes += chunk.length
      }
    }
    return chunk
  }

  private func assemble(_ chunks: [ImageIndex.Chunk?], codec: Manifest.Codec) throws(DiecastError) -> StoredImage {
    var unique: [ChunkID: ImageIndex.Chunk] = [:]
    for case let chunk? in chunks { unique[chunk.id] = chunk }
    let table = unique.values.sorted { $0.id < $1.id }
    var places: [ChunkID: ChunkIndex] = [:]
    for (place, chunk) in table.enumerated() { places[chunk.id] = ChunkIndex(place) }
    guard table.count <= Limits.chunks else {
      throw DiecastError(
        .unsupported, "The image has \(table.count) chunks, at most \(Limits.chunks) are possible",
        remedy: "Choose a larger --window")
    }
    let windows = zip(plan.windows, chunks).map { window, chunk in
      ImageIndex.Window(
        volume: window.volume, number: window.number, chunk: chunk.flatMap { places[$0.id] }, extents: window.extents)
    }
    let index = ImageIndex(
      windowSize: plan.windowSize, volumeLengths: plan.volumes.map(\.length), chunks: table, windows: windows)
    let indexBytes = index.encoded()
    let zeroBytes = windows.filter { $0.chunk == nil }.reduce(ByteCount.zero) { $0 + $1.contentLength }
    let manifest = Manifest(
      tool: options.tool, name: options.name, version: options.version, created: options.created,
      parent: parent?.id, codec: codec, windowSize: plan.windowSize, mergeGap: plan.mergeGap, disks: [plan.disk],
      volumes: volumesWithUnread(),
      index: Manifest.IndexReference(digest: Hashing.sha256(indexBytes).hex, length: ByteCount(indexBytes.count)),
      totals: Manifest.Totals(
        usedBytes: plan.usedBytes, contentBytes: plan.contentBytes, zeroBytes: zeroBytes, windows: windows.count,
        chunks: table.count, chunkBytes: table.reduce(.zero) { $0 + $1.length }))
    // Decoding what was encoded proves that a reader will take it.
    return try StoredImage(manifestBytes: try manifest.encoded(), indexBytes: indexBytes)
  }

  private func volumesWithUnread() -> [Volume] {
    let unread = reader.unreadRanges
    return plan.volumes.map { volume in
      var volume = volume
      let mine = unread.compactMap { $0.intersection(volume.range) }
      if !mine.isEmpty { volume.unread = mine.map { UnreadRange(start: $0.start, length: $0.length) } }
      return volume
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
internal import DiskLayout
internal import ImageFormat
public import ImageStore
internal import Swarm

/// Carries a restore plan out: check, restore, flush, verify, and last the
/// partition table. Interrupted at any point it can be run again, and fetches
/// what the disk lacks.
public final class Restore: Sendable {
  /// Where chunks come from.
  public enum Source: Sendable {
    /// A store on this machine.
    case store(ImageStore)
    /// A swarm.
    case swarm(SwarmSource)
  }

  /// How a restore is done.
  public struct Options: Sendable {
    /// Whether everything is read back from the medium.
    public var verify: Bool
    /// Whether the whole disk is discarded first; then nothing on it is looked at.
    public var discard: Bool
    /// Threads; as many as cores.
    public var workers: Int

    /// All options.
    public init(verify: Bool = true, discard: Bool = false, workers: Int) {
      self.verify = verify
      self.discard = discard
      self.workers = workers
    }
  }

  /// What a restore did.
  public struct Result: Sendable {
    /// Content that the disk held already.
    public var matchedBytes = ByteCount.zero
    /// Content that was written, zeros included.
    public var writtenBytes = ByteCount.zero
    /// Chunks that were fetched, and their bytes.
    public var fetchedChunks = 0
    /// See `fetchedChunks`.
    public var fetchedBytes = ByteCount.zero
    /// Content that was read back and found right; nil when that was not asked for.
    public var verifiedBytes: ByteCount?
    /// Whether read-back went past the page cache by `O_DIRECT`.
    public var verifiedDirectly = false
    /// Whether the partition table had to be written.
    public var wroteTable = false
    /// Remarks for people.
    public var notes: [String] = []
  }

  let plan: RestorePlan
  let disk: Disk
  let source: Source
  let options: Options
  let progress: Progress
  let interrupt: Interrupt
  let content: ImageOnDisk

  /// A restore of `plan` onto `disk`, which it was made for.
  public init(
    plan: RestorePlan, disk: Disk, source: Source, options: Options, progress: Progress, interrupt: Interrupt
  ) {
    self.plan = plan
    self.disk = disk
    self.source = source
    self.options = options
    self.progress = progress
    self.interrupt = interrupt
    content = ImageOnDisk(image: plan.image, disk: disk, progress: progress)
  }

  private var sourceDisk: ImageDisk { plan.image.manifest.disks[0] }

  /// Runs all phases up to a verified disk. With a swarm source, `swarm` is
  /// given the running session as soon as there is one, and the session goes
  /// on seeding after this returns, until the caller closes it.
  public func run(onSwarm: @Sendable (SwarmNode) -> Void = { _ in }) throws -> Result {
    var result = Result()
    if case .swarm(let swarmSource) = source { try plan.image.check(swarmSource.torrent) }
    if options.discard {
      try PartitionTableWriter.clear(on: disk, frontLimit: ByteOffset(disk.size.rawValue))
      try disk.discard(ByteRange(start: .zero, length: disk.size))
    }
    let work = try RestoreWork(content: content, matches: options.discard ? noWindows : check())
    result.matchedBytes = work.matchedBytes
    result.writtenBytes = plan.contentBytes - work.matchedBytes
    let tableIsRight = try TableCheck.matches(sourceDisk, on: disk)
    if !work.isEmpty || !tableIsRight { try clearTable() }

    progress.begin(.restoring, total: result.writtenBytes)
    try work.writeLocally(progress: progress, workers: options.workers, interrupt: interrupt)
    result.fetchedChunks = work.chunksToFetch.count
    result.fetchedBytes = work.fetchBytes
    switch source {
    case .store(let store):
      try restore(work.chunksToFetch, from: store)
    case .swarm(let swarmSource):
      let swarm = try SwarmNode(
        source: swarmSource, store: DiskPieceStore(content, progress: progress), have: work.have, progress: progress,
        interrupt: interrupt)
      onSwarm(swarm)
      try swarm.waitUntilComplete()
    }
    try finish(&result, tableIsRight: tableIsRight && work.isEmpty)
    return result
  }

  private var noWindows: [Bool] { Array(repeating: false, count: plan.image.index.windows.count) }

  private func check() throws -> [Bool] {
    try WindowCheck(content: content, workers: options.workers, progress: progress, interrupt: interrupt)
      .matchingWindows()
  }

  /// From here on, until the end, the disk does not look like one that boots.
  private func clearTable() throws(DiecastError) {
    let volumes = plan.image.manifest.volumes.map(\.range)
    let end = volumes.map(\.end).max() ?? .zero
    if case .none = sourceDisk.table {
      try content.holdHead()
      try PartitionTableWriter.clear(on: disk, frontLimit: .zero, backLimit: end)
    } else {
      let start = volumes.map(\.start).min() ?? ByteOffset(disk.size.rawValue)
      try PartitionTableWriter.clear(on: disk, frontLimit: start, backLimit: end)
    }
  }

  private func restore(_ chunks: [ChunkIndex], from store: ImageStore) throws {
    let lock = store.lockForReading()
    defer { _ = lock }
    let manifest = plan.image.manifest
    let index = plan.image.index
    // In the order of the disk, so that writing is nearly sequential.
    let ordered = chunks.sorted {
      (content.windowsByChunk[$0.int].first ?? 0) < (content.windowsByChunk[$1.int].first ?? 0)
    }
    try Parallel.forEach(
      count: ordered.count, workers: options.workers, interrupt: interrupt,
      makeState: { try ChunkWorker(windowSize: manifest.windowSize, level: manifest.codec.level) },
      body: { worker, position in
        let chunk = index.chunks[ordered[position].int]
        try store.readChunk(chunk.id, length: chunk.length, into: worker.chunk)
        try worker.chunk.withBytes(0..<chunk.length.int) { (span) throws(DiecastError) in
          try content.apply(ordered[position], span, worker: worker)
        }
        let windows = content.windowsByChunk[ordered[position].int].count
        progress.advance(ByteCount(chunk.contentLength.int * windows))
      })
  }

  private func finish(_ result: inout Result, tableIsRight: Bool) throws {
    progress.begin(.flushing, total: .zero)
    try disk.flush()
    if options.verify {
      let check = WindowCheck(content: content, workers: options.workers, progress: progress, interrupt: interrupt)
      let wrong = try check.mismatches()
      if let first = wrong.first {
        let offset = content.extentsOnDisk(first).first?.start ?? .zero
        throw DiecastError(
          .verificationFailed,
          "\(wrong.count) of \(plan.image.index.windows.count) windows on \(disk.path) do not read back as written, the first at offset \(offset)",
          remedy: "Run the same command again; if it happens again, replace the disk")
      }
      result.verifiedBytes = plan.contentBytes
      result.verifiedDirectly = disk.readsDirectly
    }
    if tableIsRight { return }
    try content.releaseHead()
    try PartitionTableWriter.write(sourceDisk.table, sourceSectorSize: sourceDisk.logicalSectorSize, to: disk)
    try disk.flush()
    result.notes += try PartitionTableWriter.check(
      sourceDisk.table, sourceSectorSize: sourceDisk.logicalSectorSize, on: disk)
    result.wroteTable = true
    if options.verify, case .none = sourceDisk.table { try verifyHead() }
    disk.rereadPartitions()
  }

  /// The head came to the disk after everything else was read back.
  private func verifyHead() throws(DiecastError) {
    let manifest = plan.image.manifest
    let worker = try ChunkWorker(windowSize: manifest.windowSize, level: manifest.codec.level)
    for window in plan.image.index.windows.indices {
      guard let first = content.extentsOnDisk(window).first, first.start.rawValue < HeldHead.length.rawValue else {
        break
      }
      guard try content.matches(window, worker: worker, uncached: true) else {
        throw DiecastError(
          .verificationFailed, "The first window on \(disk.path) does not read back as written",
          remedy: "Run the same command again; if it happens again, replace the disk")
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
internal import ChunkCodec
public import DiecastCore
public import ImageFormat
public import ImageStore
import Synchronization

/// Re-reads what should be there, and says what is not.
public enum Verify {
  /// What a verification found.
  public struct Findings: Sendable {
    /// Chunks or windows looked at.
    public var checked = 0
    /// Content bytes looked at.
    public var bytes = ByteCount.zero
    /// What is wrong, a sentence each; at most 100.
    public var problems: [String] = []
    /// How much is wrong.
    public var problemCount = 0
  }

  /// Re-reads every chunk of an image in a store: its length, its root, and the content that it decompresses to.
  public static func chunks(
    of image: StoredImage, in store: ImageStore, workers: Int, progress: Progress, interrupt: Interrupt
  ) throws -> Findings {
    let lock = store.lockForReading()
    defer { _ = lock }
    let chunks = image.index.chunks
    let manifest = image.manifest
    progress.begin(.verifying, total: manifest.totals.chunkBytes)
    let findings = Mutex(Findings())
    try Parallel.forEach(
      count: chunks.count, workers: workers, interrupt: interrupt,
      makeState: { try ChunkWorker(windowSize: manifest.windowSize, level: manifest.codec.level) },
      body: { worker, position in
        let chunk = chunks[position]
        var problem: String?
        do throws(DiecastError) {
          try store.readChunk(chunk.id, length: chunk.length, into: worker.chunk)
          try check(chunk, worker: worker)
        } catch {
          // A chunk that is wrong is a finding; a store that cannot be read at all is an error.
          guard [.missingChunk, .corrupt, .storeFailed].contains(error.code) else { throw error }
          problem = error.sentence
        }
        findings.withLock { $0.note(problem, bytes: chunk.contentLength) }
        progress.addRead(chunk.length)
        progress.advance(chunk.length)
      })
    return findings.withLock { $0 }
  }

  private static func check(_ chunk: ImageIndex.Chunk, worker: ChunkWorker) throws(DiecastError) {
    let count = chunk.contentLength.int
    let digest = try worker.chunk.withBytes(0..<chunk.length.int) { (span) throws(DiecastError) in
      if chunk.encoding == .raw { return Hashing.sha256(span) }
      try worker.codec.decompress(span, count: count, into: worker.content)
      return worker.content.withBytes(0..<count) { Hashing.sha256($0) }
    }
    guard ContentDigest(digest) == chunk.digest else {
      throw DiecastError(.corrupt, "The chunk \(chunk.id) does not hold the content that the index states")
    }
  }

  /// Compares a disk, read past the page cache, with an image: every window and the partition table.
  public static func disk(
    _ disk: Disk, against image: StoredImage, workers: Int, progress: Progress, interrupt: Interrupt
  ) throws -> Findings {
    let content = ImageOnDisk(image: image, disk: disk, progress: progress)
    var findings = Findings()
    // Computing the plan proves that all of the image lies within the disk.
    _ = try RestorePlan.make(image: image, disk: disk)
    try disk.dropCaches()
    let wrong = try WindowCheck(content: content, workers: workers, progress: progress, interrupt: interrupt)
      .mismatches()
    findings.checked = image.index.windows.count
    findings.bytes = image.manifest.totals.contentBytes
    findings.problemCount = wrong.count
    findings.problems = wrong.prefix(100).map { window in
      let extents = content.extentsOnDisk(window)
      return "\(disk.path) differs between offsets \(extents.first?.start ?? .zero) and \(extents.last?.end ?? .zero)"
    }
    if try !TableCheck.matches(image.manifest.disks[0], on: disk) {
      findings.problemCount += 1
      findings.problems.append("\(disk.path) has another partition table")
    }
    return findings
  }
}

extension Verify.Findings {
  fileprivate mutating func note(_ problem: String?, bytes: ByteCount) {
    checked += 1
    self.bytes += bytes
    guard let problem else { return }
    problemCount += 1
    if problems.count < 100 { problems.append(problem) }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat
internal import Swarm

/// What a restore has to do after its check: windows to zero, windows to copy
/// from elsewhere on the same disk, and chunks to fetch.
struct RestoreWork: Sendable {
  private let content: ImageOnDisk
  private var zeroWindows: [Int] = []
  private var copies: [(chunk: ChunkIndex, from: Int, to: [Int])] = []
  /// Chunks that no window on the disk has.
  private(set) var chunksToFetch: [ChunkIndex] = []
  /// Content that is right already.
  private(set) var matchedBytes = ByteCount.zero

  init(content: ImageOnDisk, matches: [Bool]) {
    self.content = content
    let index = content.image.index
    for (number, window) in index.windows.enumerated() {
      if matches[number] {
        matchedBytes += window.contentLength
      } else if window.chunk == nil {
        zeroWindows.append(number)
      }
    }
    for (number, windows) in content.windowsByChunk.enumerated() {
      let wrong = windows.filter { !matches[$0] }
      if wrong.isEmpty { continue }
      if let right = windows.first(where: { matches[$0] }) {
        copies.append((chunk: ChunkIndex(number), from: right, to: wrong))
      } else {
        chunksToFetch.append(ChunkIndex(number))
      }
    }
  }

  var isEmpty: Bool { zeroWindows.isEmpty && copies.isEmpty && chunksToFetch.isEmpty }

  /// Bytes of the chunks to fetch.
  var fetchBytes: ByteCount { chunksToFetch.reduce(.zero) { $0 + content.image.index.chunks[$1.int].length } }

  /// The pieces that need not be fetched: chunks on the disk, the index, the manifest.
  var have: PieceSet {
    let metadata = MetadataPieces(image: content.image)
    var set = PieceSet(count: metadata.pieceCount)
    for piece in 0..<metadata.pieceCount { set[PieceIndex(piece)] = true }
    for chunk in chunksToFetch { set[PieceIndex(chunk.int)] = false }
    return set
  }

  /// Does all that needs no chunk.
  func writeLocally(progress: Progress, workers: Int, interrupt: Interrupt) throws {
    let (content, zeroWindows, copies) = (content, zeroWindows, copies)
    let index = content.image.index
    try Parallel.forEach(
      count: zeroWindows.count, workers: workers, interrupt: interrupt, makeState: {},
      body: { _, position in
        try content.zero(zeroWindows[position])
        progress.advance(index.windows[zeroWindows[position]].contentLength)
      })
    let manifest = content.image.manifest
    try Parallel.forEach(
      count: copies.count, workers: workers, interrupt: interrupt,
      makeState: { try ChunkWorker(windowSize: manifest.windowSize, level: manifest.codec.level) },
      body: { worker, position in
        let copy = copies[position]
        try content.copyContent(of: copy.chunk, from: copy.from, to: copy.to, worker: worker)
        for window in copy.to { progress.advance(index.windows[window].contentLength) }
      })
  }
}

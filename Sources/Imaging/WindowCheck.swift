// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat
import Synchronization

/// Compares an image's windows with what a disk holds.
struct WindowCheck: Sendable {
  let content: ImageOnDisk
  let workers: Int
  let progress: Progress
  let interrupt: Interrupt

  /// How many windows are looked at before it is worth looking at all.
  private static let sampleSize = 128

  /// Which windows the disk holds already. A spread sample is looked at first:
  /// where none of it matches, none is taken to.
  func matchingWindows() throws -> [Bool] {
    let windows = content.image.index.windows
    var result = [Bool](repeating: false, count: windows.count)
    // Zero windows match on any empty disk and say nothing.
    let telling = windows.indices.filter { windows[$0].chunk != nil }
    let step = max(1, telling.count / Self.sampleSize)
    let sample = stride(from: 0, to: telling.count, by: step).map { telling[$0] }
    progress.begin(.checking, total: total(sample))
    let sampled = try compare(sample, uncached: false)
    guard sampled.contains(true) else { return result }
    for (window, matches) in zip(sample, sampled) { result[window] = matches }

    let looked = Set(sample)
    let rest = windows.indices.filter { !looked.contains($0) }
    progress.extendTotal(by: total(rest))
    for (window, matches) in zip(rest, try compare(rest, uncached: false)) { result[window] = matches }
    return result
  }

  /// The windows that the medium, read past the page cache, does not hold.
  func mismatches() throws -> [Int] {
    let all = Array(content.image.index.windows.indices)
    progress.begin(.verifying, total: total(all))
    return zip(all, try compare(all, uncached: true)).filter { !$1 }.map(\.0)
  }

  private func total(_ windows: [Int]) -> ByteCount {
    windows.reduce(.zero) { $0 + content.image.index.windows[$1].contentLength }
  }

  private func compare(_ windows: [Int], uncached: Bool) throws -> [Bool] {
    let manifest = content.image.manifest
    let result = Mutex([Bool](repeating: false, count: windows.count))
    try Parallel.forEach(
      count: windows.count, workers: workers, interrupt: interrupt,
      makeState: { try ChunkWorker(windowSize: manifest.windowSize, level: manifest.codec.level) },
      body: { worker, index in
        let matches = try content.matches(windows[index], worker: worker, uncached: uncached)
        result.withLock { $0[index] = matches }
        progress.advance(content.image.index.windows[windows[index]].contentLength)
      })
    return result.withLock { $0 }
  }
}

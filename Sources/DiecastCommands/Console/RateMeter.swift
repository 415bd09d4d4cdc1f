// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// Rates over the last few seconds.
struct RateMeter {
  private var samples: [(time: ContinuousClock.Instant, snapshot: Progress.Snapshot)] = []
  private static let span = Duration.seconds(4)

  mutating func restart() { samples.removeAll() }

  mutating func add(_ snapshot: Progress.Snapshot, at time: ContinuousClock.Instant) {
    samples.append((time, snapshot))
    while samples.count > 2, time - samples[0].time > Self.span { samples.removeFirst() }
  }

  /// Bytes a second of one counter; nil before there is anything to tell.
  func rate(_ counter: KeyPath<Progress.Snapshot, ByteCount>) -> Double? {
    guard let first = samples.first, let last = samples.last, last.time - first.time > .milliseconds(300) else {
      return nil
    }
    let (before, after) = (first.snapshot[keyPath: counter], last.snapshot[keyPath: counter])
    guard after >= before else { return nil }
    return Double((after - before).rawValue) / (last.time - first.time).seconds
  }

  /// How long the rest of the phase takes at the present rate.
  var remaining: Duration? {
    guard let snapshot = samples.last?.snapshot, snapshot.total > snapshot.done, let rate = rate(\.done), rate > 1
    else {
      return nil
    }
    return .seconds(Double((snapshot.total - snapshot.done).rawValue) / rate)
  }
}

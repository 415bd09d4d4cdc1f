// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// What a long piece of work is doing; the names are those of the states that
/// a node goes through.
public enum Phase: String, Sendable, CaseIterable {
  /// Computing what will be done, before any write.
  case planning
  /// Reading, compressing and storing a source.
  case capturing
  /// Reading a source once to learn its chunks, storing nothing.
  case indexing
  /// Comparing what the target holds with the image.
  case checking
  /// Writing the target.
  case restoring
  /// Waiting until the target's caches are on the medium.
  case flushing
  /// Reading back what was written, or re-reading chunks.
  case verifying
  /// Serving pieces to others.
  case seeding
  /// Copying an image between stores.
  case copying
}

/// The counters of a running piece of work: written by its workers, read by
/// whatever shows them.
public final class Progress: Sendable {
  /// One look at the counters.
  public struct Snapshot: Sendable, Equatable {
    /// What is being done.
    public var phase: Phase
    /// When that began.
    public var started: ContinuousClock.Instant
    /// Bytes of the plan dealt with in this phase.
    public var done: ByteCount
    /// Bytes of the plan in this phase.
    public var total: ByteCount
    /// Bytes read from and written to disks since the start.
    public var diskRead: ByteCount
    /// See `diskRead`.
    public var diskWritten: ByteCount
    /// Bytes of chunks received from and sent to the network since the start.
    public var received: ByteCount
    /// See `received`.
    public var sent: ByteCount
    /// Peers connected now.
    public var peers: Int
  }

  private let state: Mutex<Snapshot>

  /// Nothing done yet.
  public init() {
    state = Mutex(
      Snapshot(
        phase: .planning, started: ContinuousClock().now, done: .zero, total: .zero, diskRead: .zero,
        diskWritten: .zero, received: .zero,
        sent: .zero, peers: 0))
  }

  /// The counters now.
  public var snapshot: Snapshot { state.withLock { $0 } }

  /// Enters a phase with `total` bytes to deal with.
  public func begin(_ phase: Phase, total: ByteCount) {
    state.withLock {
      $0.phase = phase
      $0.started = ContinuousClock().now
      $0.done = .zero
      $0.total = total
    }
  }

  /// `count` more bytes of the plan are dealt with.
  public func advance(_ count: ByteCount) { state.withLock { $0.done += count } }

  /// This phase has `count` more bytes to deal with than was known.
  public func extendTotal(by count: ByteCount) { state.withLock { $0.total += count } }

  /// `count` more bytes were read from a disk.
  public func addRead(_ count: ByteCount) { state.withLock { $0.diskRead += count } }
  /// `count` more bytes were written to a disk.
  public func addWritten(_ count: ByteCount) { state.withLock { $0.diskWritten += count } }

  /// What the swarm's own counters say now.
  public func setNetwork(received: ByteCount, sent: ByteCount, peers: Int) {
    state.withLock {
      $0.received = received
      $0.sent = sent
      $0.peers = peers
    }
  }
}

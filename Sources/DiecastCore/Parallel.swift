// SPDX-License-Identifier: GPL-3.0-or-later

internal import Dispatch
import Synchronization

/// Work spread over threads that may block, apart from Swift's own pool.
public enum Parallel {
  private struct State {
    var next = 0
    var failure: (any Error)?
  }

  /// Calls `body` for 0 ..< `count`, in ascending order of start, from
  /// `workers` threads, each with the state that `makeState` gave it (its
  /// buffers). Memory is bounded by the number of workers. The first error
  /// stops the hand-out of work and is thrown once every worker has returned.
  public static func forEach<WorkerState>(
    count: Int, workers: Int, interrupt: Interrupt,
    makeState: @Sendable () throws -> WorkerState,
    body: @Sendable (inout WorkerState, Int) throws -> Void
  ) throws {
    let shared = Mutex(State())
    let threads = max(1, min(workers, count))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      do {
        var state = try makeState()
        while true {
          let index: Int? = shared.withLock { shared in
            guard shared.failure == nil, shared.next < count else { return nil }
            defer { shared.next += 1 }
            return shared.next
          }
          guard let index else { return }
          try interrupt.check()
          try body(&state, index)
        }
      } catch {
        shared.withLock { if $0.failure == nil { $0.failure = error } }
      }
    }
    if let failure = shared.withLock({ $0.failure }) { throw failure }
  }
}

/// Waiting on a thread that may block.
public enum Pause {
  /// Returns after about `count` milliseconds.
  public static func milliseconds(_ count: Int) {
    let semaphore = DispatchSemaphore(value: 0)
    _ = semaphore.wait(timeout: .now() + .milliseconds(count))
  }
}

/// Runs `body`, which may block for as long as it likes, away from Swift's own threads.
public func onBlockingThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import Glibc
internal import Synchronization

/// Lets a test fail the n-th system call of its own thread, so that tests may
/// run beside one another; compiled to nothing in release builds.
public enum FaultInjection {
  #if DEBUG
    struct Plan {
      var call: String
      var countdown: Int
      var errno: Int32
    }

    /// By thread.
    private static let plans = Mutex<[pthread_t: Plan]>([:])

    /// The `n`-th (from 1) coming system call named `call` of this thread fails with `errno`.
    public static func fail(_ call: String, after n: Int, errno: Int32) {
      plans.withLock { $0[pthread_self()] = Plan(call: call, countdown: n, errno: errno) }
    }

    /// Forgets this thread's plan; tells whether it had been carried out.
    @discardableResult
    public static func reset() -> Bool {
      plans.withLock { plans in plans.removeValue(forKey: pthread_self()).map { $0.countdown <= 0 } ?? false }
    }

    static func next(_ call: String) -> Int32? {
      plans.withLock { plans in
        let thread = pthread_self()
        guard let plan = plans[thread], plan.call == call, plan.countdown > 0 else { return nil }
        plans[thread]?.countdown = plan.countdown - 1
        return plan.countdown == 1 ? plan.errno : nil
      }
    }
  #else
    @inline(__always) static func next(_ call: StaticString) -> Int32? { nil }
    @inline(__always) static func next(_ call: String) -> Int32? { nil }
  #endif
}

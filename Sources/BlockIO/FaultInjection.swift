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
      var times: Int
      var errno: Int32
      var wasCarriedOut = false
    }

    /// By thread.
    private static let plans = Mutex<[pthread_t: Plan]>([:])

    /// The `n`-th (from 1) coming system call named `call` of this thread, and `times` in all from there on, fail with `errno`.
    public static func fail(_ call: String, after n: Int, times: Int = 1, errno: Int32) {
      plans.withLock { $0[pthread_self()] = Plan(call: call, countdown: n, times: times, errno: errno) }
    }

    /// Forgets this thread's plan; tells whether it had been carried out.
    @discardableResult
    public static func reset() -> Bool {
      plans.withLock { $0.removeValue(forKey: pthread_self())?.wasCarriedOut ?? false }
    }

    static func next(_ call: String) -> Int32? {
      plans.withLock { plans in
        guard var plan = plans[pthread_self()], plan.call == call, plan.times > 0 else { return nil }
        plan.countdown -= 1
        if plan.countdown <= 0 {
          plan.times -= 1
          plan.wasCarriedOut = true
        }
        plans[pthread_self()] = plan
        return plan.wasCarriedOut ? plan.errno : nil
      }
    }
  #else
    @inline(__always) static func next(_ call: StaticString) -> Int32? { nil }
    @inline(__always) static func next(_ call: String) -> Int32? { nil }
  #endif
}

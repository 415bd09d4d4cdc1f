// SPDX-License-Identifier: GPL-3.0-or-later

internal import Synchronization

/// Lets a test fail the n-th system call of its thread's process; compiled to
/// nothing in release builds.
public enum FaultInjection {
  #if DEBUG
    struct Plan {
      var call: String
      var countdown: Int
      var errno: Int32
    }

    private static let plan = Mutex<Plan?>(nil)

    /// The `n`-th (from 1) coming system call named `call` fails with `errno`.
    public static func fail(_ call: String, after n: Int, errno: Int32) {
      plan.withLock { $0 = Plan(call: call, countdown: n, errno: errno) }
    }

    /// Forgets the plan; tells whether it had been carried out.
    @discardableResult
    public static func reset() -> Bool {
      plan.withLock { plan in
        defer { plan = nil }
        return plan.map { $0.countdown <= 0 } ?? false
      }
    }

    static func next(_ call: String) -> Int32? {
      plan.withLock { plan in
        guard plan?.call == call, let countdown = plan?.countdown, countdown > 0 else { return nil }
        plan?.countdown = countdown - 1
        return countdown == 1 ? plan?.errno : nil
      }
    }
  #else
    @inline(__always) static func next(_ call: StaticString) -> Int32? { nil }
    @inline(__always) static func next(_ call: String) -> Int32? { nil }
  #endif
}

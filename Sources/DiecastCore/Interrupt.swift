// SPDX-License-Identifier: GPL-3.0-or-later

import Synchronization

/// Whether the person at the terminal, or the system, asked to stop. Long work
/// looks at it between windows, so that what it leaves is resumable.
public final class Interrupt: Sendable {
  private let requested = Atomic<Bool>(false)

  /// Not yet asked to stop.
  public init() {}

  /// Asks to stop; may be called any number of times.
  public func request() { requested.store(true, ordering: .relaxed) }

  /// Whether a stop was asked for.
  public var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Throws `interrupted` once a stop was asked for.
  public func check() throws(DiecastError) {
    if isRequested {
      throw DiecastError(.interrupted, "Interrupted", remedy: "Run the same command again to go on where it stopped")
    }
  }
}

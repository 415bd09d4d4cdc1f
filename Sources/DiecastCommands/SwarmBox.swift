// SPDX-License-Identifier: GPL-3.0-or-later

internal import Imaging
import Synchronization

/// Takes the running swarm out of a restore, for its statistics and for seeding on.
final class SwarmBox: Sendable {
  private let swarm = Mutex<SwarmNode?>(nil)

  func set(_ value: SwarmNode) { swarm.withLock { $0 = value } }
  func get() -> SwarmNode? { swarm.withLock { $0 } }
}

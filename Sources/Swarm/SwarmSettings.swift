// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// How a session behaves on a LAN.
public struct SwarmSettings: Sendable {
  /// Where to listen for peers: `address:port`, several joined by commas; port 0 lets the kernel choose.
  public var listen: String
  /// Threads that assemble, hash, and call piece stores.
  public var workerThreads: Int
  /// Bytes of partly downloaded pieces held in memory.
  public var arenaBytes: ByteCount
  /// Bytes of whole pieces kept for serving.
  public var cacheBytes: ByteCount
  /// Peers connected at once.
  public var connections: Int
  /// Peers served at once.
  public var unchokeSlots: Int
  /// Bytes a second sent; 0 is unlimited.
  public var uploadRateLimit: Int
  /// Bytes a second received; 0 is unlimited.
  public var downloadRateLimit: Int
  /// Whether peers on the same link find one another without a tracker (BEP 14).
  public var localDiscovery: Bool

  /// Settings that keep a node's memory under 256 MiB.
  public init(
    listen: String = "0.0.0.0:0,[::]:0", workerThreads: Int = 2, arenaBytes: ByteCount = .mib(48),
    cacheBytes: ByteCount = .mib(32), connections: Int = 100, unchokeSlots: Int = 16, uploadRateLimit: Int = 0,
    downloadRateLimit: Int = 0, localDiscovery: Bool = true
  ) {
    self.listen = listen
    self.workerThreads = workerThreads
    self.arenaBytes = arenaBytes
    self.cacheBytes = cacheBytes
    self.connections = connections
    self.unchokeSlots = unchokeSlots
    self.uploadRateLimit = uploadRateLimit
    self.downloadRateLimit = downloadRateLimit
    self.localDiscovery = localDiscovery
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
internal import Hummingbird
public import Logging
internal import NIOCore

/// What `diecast seed` runs beside its swarm session: an HTTP server with the
/// images' files, their tracker, and the chunks of a store as a web seed.
public final class SeedServer: Sendable {
  /// Knows the images' swarms; register the host's own peers with it.
  public let tracker: Tracker
  let catalogue: Catalogue
  let chunkFile: (@Sendable (ChunkID) -> String?)?
  private let address: String
  private let port: UInt16
  private let logger: Logger

  /// A server that does not listen yet.
  ///
  /// - Parameters:
  ///   - images: what to serve. Of several versions of a name, the last is its `latest`.
  ///   - tracker: how the tracker treats its clients.
  ///   - chunkFile: the path of a chunk's file, or nil when the store lacks it;
  ///     nil when there is no store. Called on many threads.
  ///   - address: the address to listen on; `::` is every IPv4 and IPv6 address, where the system has both.
  ///   - port: the TCP port; 0 lets the system choose.
  ///   - logger: takes what goes wrong.
  ///
  /// Throws `.usage` for a name that is none, `.refused` for an image given
  /// twice, `.malformed` for an info hash that is not 20 bytes.
  public init(
    images: [ServedImage], tracker: TrackerConfiguration = TrackerConfiguration(),
    chunkFile: (@Sendable (ChunkID) -> String?)? = nil, address: String = "0.0.0.0", port: UInt16, logger: Logger
  ) throws(DiecastError) {
    catalogue = try Catalogue(images)
    self.tracker = Tracker(infoHashes: images.flatMap(\.infoHashes), configuration: tracker)
    self.chunkFile = chunkFile
    self.address = address
    self.port = port
    self.logger = logger
  }

  /// Listens and serves until the task is cancelled, then closes every connection.
  ///
  /// Calls `onListening` once, with the actual port. Throws `.network` when the
  /// address cannot be listened on.
  public func run(onListening: @escaping @Sendable (UInt16) async -> Void = { _ in }) async throws(DiecastError) {
    let application = Application(
      router: buildRouter(), server: ConnectionLimits.server,
      configuration: ApplicationConfiguration(
        address: .hostname(address, port: Int(port)), serverName: "diecast",
        availableConnectionsDelegate: .maximum(ConnectionLimits.connections, logger: logger)),
      onServerRunning: { channel in
        await onListening(UInt16(clamping: channel.localAddress?.port ?? 0))
      },
      logger: logger)
    do {
      try await application.run()
    } catch {
      if Task.isCancelled { return }
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> DiecastError {
    let sentence = "The server cannot listen on port \(port) of \(address)"
    guard let error = error as? IOError else {
      return DiecastError(.network, "\(sentence): \(error)", remedy: "Choose another address with --listen")
    }
    return DiecastError(
      .network, sentence, remedy: "Choose another address or port with --listen, or stop what uses this one",
      cause: SystemCallFailure(call: "bind", errno: error.errnoCode, words: error.description))
  }
}

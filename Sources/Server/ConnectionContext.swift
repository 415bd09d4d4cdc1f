// SPDX-License-Identifier: GPL-3.0-or-later

public import Hummingbird
internal import Logging
internal import NIOCore

/// What a request handler knows beside the request: the two ends of its connection.
public struct ConnectionContext: RequestContext {
  /// Hummingbird's own values.
  public var coreContext: CoreRequestContextStorage
  /// The client's address; nil when it is not an IP address.
  let remote: PeerAddress?
  /// The address by which the client reached this machine.
  let local: PeerAddress?
  private let channel: (any Channel)?

  /// From the connection that a request came over.
  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remote = PeerAddress(source.channel.remoteAddress)
    local = PeerAddress(source.channel.localAddress)
    channel = source.channel
  }

  /// Without a connection: for driving a router in the same process.
  init(logger: Logger, remote: PeerAddress?, local: PeerAddress?) {
    struct Source: RequestContextSource { let logger: Logger }
    coreContext = CoreRequestContextStorage(source: Source(logger: logger))
    self.remote = remote
    self.local = local
    channel = nil
  }

  /// Closes the connection a moment from now, so that the answer still goes out.
  func closeSoon() {
    guard let channel else { return }
    channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import HummingbirdCore
internal import NIOCore

/// What a connection may cost the server.
enum ConnectionLimits {
  /// Connections at once; more wait in the kernel's queue.
  static let connections = 2048
  /// How long a client may take to send a request, and keep a connection that
  /// it does not use. Single bytes of a header do not count as activity.
  static let idle = TimeAmount.seconds(30)
  /// How long a client may take nothing of an answer.
  static let stalled = TimeAmount.seconds(60)

  /// HTTP/1.1 with these limits.
  static var server: HTTPServerBuilder {
    .http1(
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [IdleStateHandler(allTimeout: stalled), IdleCloser()], idleTimeout: idle,
        httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
          maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 64)))
  }
}

/// Closes a connection over which nothing went for a while in either direction.
private final class IdleCloser: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}

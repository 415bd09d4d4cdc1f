// SPDX-License-Identifier: GPL-3.0-or-later

internal import AsyncHTTPClient
internal import NIOCore

/// How long and how often a server is tried.
struct FetchPolicy: Sendable {
  /// For a connection to be there.
  var connect: TimeAmount = .seconds(10)
  /// Between two parts of an answer.
  var read: TimeAmount = .seconds(30)
  /// For one file in all, retries included.
  var whole: Duration = .seconds(120)
  /// How long to wait before each retry; as many retries as waits.
  var backoff: [Duration] = [.milliseconds(250), .milliseconds(500), .seconds(1)]

  /// The client's own settings.
  var configuration: HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .follow(max: 3, allowCycles: false),
      timeout: HTTPClient.Configuration.Timeout(connect: connect, read: read),
      // A compressed answer could be far longer than what was counted.
      decompression: .disabled)
    configuration.httpVersion = .http1Only
    // Else the client tries again by itself until the deadline.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }
}

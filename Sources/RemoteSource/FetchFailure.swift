// SPDX-License-Identifier: GPL-3.0-or-later

internal import AsyncHTTPClient
internal import DiecastCore
internal import Glibc
internal import NIOCore
internal import NIOPosix

/// What a failed request means, and whether another try may help.
enum FetchFailure {
  /// The server, or a proxy before it, says that it cannot answer just now.
  struct Unavailable: Error { let status: Int }

  static var interrupted: DiecastError {
    DiecastError(.interrupted, "Interrupted", remedy: "Run the same command again")
  }

  static func network(_ url: String, _ reason: String) -> DiecastError {
    DiecastError(
      .network, "\(url) cannot be fetched: \(reason)",
      remedy: "Check that the server runs, that this machine reaches it, and that the address is right")
  }

  static func tooLong(_ url: String, limit: Int) -> DiecastError {
    DiecastError(
      .malformed, "What \(url) sends is longer than the \(limit) bytes that are allowed",
      remedy: "Check that this is a Diecast server")
  }

  /// Not for what would fail the same way again, or has waited long enough.
  static func isWorthRetrying(_ error: any Error) -> Bool {
    if let error = error as? HTTPClientError {
      return error == .remoteConnectionClosed || error == .readTimeout
    }
    return error is NIOConnectionError || error is IOError || error is Unavailable || error is ChannelError
  }

  /// In words, without a full stop.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let error as Unavailable: "the server answered with status \(error.status)"
    case let error as IOError: unsafe String(cString: strerror(error.errnoCode)).lowercased()
    case let error as NIOConnectionError:
      if let first = error.connectionErrors.first {
        reason(first.error)
      } else if error.dnsAError != nil || error.dnsAAAAError != nil {
        "the name '\(error.host)' is not known"
      } else {
        "no connection to port \(error.port) of '\(error.host)'"
      }
    case let error as HTTPClientError: words(error)
    default: "\(error)"
    }
  }

  private static func words(_ error: HTTPClientError) -> String {
    switch error {
    case .connectTimeout: "no connection within the time allowed"
    case .readTimeout: "the server went silent"
    case .remoteConnectionClosed: "the server closed the connection"
    case .redirectLimitReached, .redirectCycleDetected: "the server redirects without end"
    default: error.shortDescription
    }
  }
}

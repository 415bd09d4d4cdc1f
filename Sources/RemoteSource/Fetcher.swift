// SPDX-License-Identifier: GPL-3.0-or-later

internal import AsyncHTTPClient
internal import DiecastCore
internal import NIOCore
internal import NIOHTTP1

/// Fetches files of bounded length from one server, over connections that are
/// kept while it lives.
struct Fetcher: Sendable {
  /// A file, and the version in the answer's `Diecast-Version`.
  struct File: Sendable {
    let bytes: [UInt8]
    let version: String?
  }

  private let client: HTTPClient
  private let policy: FetchPolicy

  /// Lends a fetcher; its connections are closed when `body` is done.
  static func with<R: Sendable>(_ policy: FetchPolicy, _ body: (Fetcher) async throws -> R) async throws -> R {
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: policy.configuration)
    do {
      let result = try await body(Fetcher(client: client, policy: policy))
      try? await client.shutdown()
      return result
    } catch {
      try? await client.shutdown()
      throw error is CancellationError ? FetchFailure.interrupted : error
    }
  }

  /// The file at `url`, at most `limit` bytes long. `what` begins the sentence when it is not there.
  func fetch(_ url: String, limit: Int, what: String) async throws -> File {
    try await withThrowingTaskGroup(of: File.self) { group in
      group.addTask { try await fetchWithRetries(url, limit: limit, what: what) }
      group.addTask {
        try await Task.sleep(for: policy.whole)
        throw FetchFailure.network(url, "it took longer than \(policy.whole.human)")
      }
      defer { group.cancelAll() }
      guard let file = try await group.next() else { throw FetchFailure.interrupted }
      return file
    }
  }

  private func fetchWithRetries(_ url: String, limit: Int, what: String) async throws -> File {
    var waits = policy.backoff.makeIterator()
    while true {
      do {
        return try await fetchOnce(url, limit: limit, what: what)
      } catch let error as DiecastError {
        throw error
      } catch {
        try Task.checkCancellation()
        guard FetchFailure.isWorthRetrying(error), let wait = waits.next() else {
          throw FetchFailure.network(url, FetchFailure.reason(error))
        }
        try await Task.sleep(for: wait)
      }
    }
  }

  private func fetchOnce(_ url: String, limit: Int, what: String) async throws -> File {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "User-Agent", value: "diecast")
    // The outer limit counts the body too; this one is only a bound.
    let response = try await client.execute(request, timeout: .minutes(10))
    switch response.status {
    case .ok: break
    case .notFound:
      throw DiecastError(
        .notFound, "\(what) is not at \(url)", remedy: "See what the server has with 'diecast image list'")
    case .badGateway, .serviceUnavailable, .gatewayTimeout:
      throw FetchFailure.Unavailable(status: Int(response.status.code))
    default:
      throw FetchFailure.network(url, "the server answered with status \(response.status.code)")
    }
    let stated = response.headers.first(name: "Content-Length").flatMap(Int.init)
    if let stated, stated > limit { throw FetchFailure.tooLong(url, limit: limit) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(stated ?? 0)
    for try await part in response.body {
      guard part.readableBytes <= limit - bytes.count else { throw FetchFailure.tooLong(url, limit: limit) }
      bytes.append(contentsOf: part.readableBytesView)
    }
    // A cancelled body ends like a complete one.
    try Task.checkCancellation()
    if let stated, bytes.count != stated { throw HTTPClientError.remoteConnectionClosed }
    return File(bytes: bytes, version: response.headers.first(name: "Diecast-Version"))
  }
}

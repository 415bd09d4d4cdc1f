// SPDX-License-Identifier: GPL-3.0-or-later

internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// What every request passes first: only `GET` and `HEAD`, no body, no endless
/// address. Also makes every failure one JSON answer.
struct RequestGuard: RouterMiddleware {
  typealias Context = ConnectionContext

  /// Bytes of a path with its query.
  static let maximumTarget = 8192

  func handle(
    _ request: Request, context: ConnectionContext, next: (Request, ConnectionContext) async throws -> Response
  ) async throws -> Response {
    let response = await answer(request, context: context, next: next)
    // Nobody else removes a body here, and the client would take one for the next answer.
    return request.method == .head ? response.createHeadResponse() : response
  }

  private func answer(
    _ request: Request, context: ConnectionContext, next: (Request, ConnectionContext) async throws -> Response
  ) async -> Response {
    do {
      try check(request)
      return try await next(request, context)
    } catch let error as ServerError {
      // What is left of a body is not worth reading, nor is waiting for it.
      if error.status == .contentTooLarge || error.status == .methodNotAllowed { context.closeSoon() }
      return error.response
    } catch let error as HTTPError where error.status == .notFound {
      return ServerError.notFound.response
    } catch {
      context.logger.error("a request failed", metadata: ["error": "\(error)"])
      return ServerError(
        status: .internalServerError, code: "internal", message: "The server failed; its log says why."
      ).response
    }
  }

  private func check(_ request: Request) throws {
    guard request.method == .get || request.method == .head else {
      throw ServerError(
        status: .methodNotAllowed, code: "method-not-allowed", message: "Only GET and HEAD are served.",
        headers: [.allow: "GET, HEAD"])
    }
    guard (request.head.path ?? "").utf8.count <= Self.maximumTarget else {
      throw ServerError(
        status: .uriTooLong, code: "uri-too-long",
        message: "An address may have \(Self.maximumTarget) bytes with its query.")
    }
    let hasLength = request.headers[.contentLength].map { $0 != "0" } ?? false
    guard !hasLength, request.headers[.transferEncoding] == nil else {
      throw ServerError(status: .contentTooLarge, code: "no-body", message: "A request here has no body.")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird

/// A request that is refused, as the client sees it: a status and
/// `{"code": …, "message": …}`.
struct ServerError: Error {
  let status: HTTPResponse.Status
  /// For programs; stays the same.
  let code: String
  /// For people; may change. Never repeats what the client sent.
  let message: String
  /// More headers of the answer.
  var headers: HTTPFields = [:]

  static let notFound = ServerError(status: .notFound, code: "not-found", message: "There is nothing at this address.")

  private struct Body: Encodable {
    let code: String
    let message: String
  }

  var response: Response {
    var headers = headers
    headers[.contentType] = "application/json; charset=utf-8"
    let body = (try? JSONEncoder().encode(Body(code: code, message: message))) ?? Data()
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import HTTPTypes
internal import Hummingbird

/// Chunks from a store's files, whole or in part: a web seed (BEP 19).
struct ChunkRoute: Sendable {
  /// The path of a chunk's file; nil when the store lacks it.
  let chunkFile: @Sendable (ChunkID) -> String?
  private let files = FileIO()

  init(chunkFile: @escaping @Sendable (ChunkID) -> String?) { self.chunkFile = chunkFile }

  /// Answers for `/chunks/PREFIX/ID`. What is not 64 lower-case hexadecimal
  /// digits after their own first two never becomes a path.
  func respond(
    prefix: String?, id: String?, request: Request, context: ConnectionContext
  ) async throws -> Response {
    guard let id, let hash = Hash256(hex: id), prefix == String(id.prefix(2)), let path = chunkFile(ChunkID(hash))
    else {
      throw ServerError.notFound
    }
    // Only looks at the file's size until the body is written.
    let whole = try await files.loadFile(path: path, context: context)
    let size = whole.contentLength ?? 0
    var headers: HTTPFields = [
      .contentType: "application/octet-stream", .acceptRanges: "bytes", .eTag: "\"\(id)\"",
      // A chunk's name is its content's.
      .cacheControl: "public, max-age=31536000, immutable",
    ]
    let isOther = request.headers[.ifRange].map { $0 != "\"\(id)\"" } ?? false
    switch isOther ? .whole : HTTPRange(request.headers[.range], size: size) {
    case .whole:
      return Response(status: .ok, headers: headers, body: whole)
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
      let body = try await files.loadFile(path: path, range: range, context: context)
      return Response(status: .partialContent, headers: headers, body: body)
    case .unsatisfiable:
      throw ServerError(
        status: .rangeNotSatisfiable, code: "range", message: "The chunk has \(size) bytes.",
        headers: [.contentRange: "bytes */\(size)"])
    }
  }
}

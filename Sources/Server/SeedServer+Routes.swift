// SPDX-License-Identifier: GPL-3.0-or-later

internal import HTTPTypes
public import Hummingbird
internal import ImageFormat
internal import NIOCore

extension SeedServer {
  /// The server's routes, apart from any network, for tests and for hosts that add their own.
  public func buildRouter() -> Router<ConnectionContext> {
    let router = Router(context: ConnectionContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestGuard())
    let pages = Pages(catalogue: catalogue, tracker: tracker)
    router.get("/") { request, _ in pages.front(host: Self.host(request)) }
    router.get("/api/images") { _, _ in try pages.images() }
    router.get("/api/swarm") { _, _ in try pages.swarm() }
    addImageRoutes(router)
    addTrackerRoutes(router)
    if let chunkFile {
      let chunks = ChunkRoute(chunkFile: chunkFile)
      router.get("/chunks/:prefix/:id") { request, context in
        try await chunks.respond(
          prefix: context.parameters.get("prefix"), id: context.parameters.get("id"), request: request, context: context
        )
      }
    }
    return router
  }

  /// The host that the client used, if it can be trusted to be one.
  private static func host(_ request: Request) -> String? {
    HostHeader.validated(request.head.authority ?? request.headers.first { $0.name.canonicalName == "host" }?.value)
  }

  private func addImageRoutes(_ router: Router<ConnectionContext>) {
    let catalogue = catalogue
    router.get("/images/:name/:version/:file") { request, context in
      guard let name = context.parameters.get("name"), ImageName.isValidPart(name),
        let version = context.parameters.get("version"), ImageName.isValidPart(version),
        let entry = catalogue.entry(name: name, version: version)
      else { throw ServerError.notFound }
      let parts: [ByteBuffer]
      let type: String
      switch context.parameters.get("file") {
      case "manifest.json":
        (parts, type) = ([entry.manifest], "application/json")
      case "index":
        (parts, type) = ([entry.index], "application/octet-stream")
      case "image.torrent":
        let announce = Self.host(request).map { "http://\($0)/announce" }
        (parts, type) = (entry.torrent.parts(announce: announce), "application/x-bittorrent")
      default:
        throw ServerError.notFound
      }
      var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache"]
      // Which version `latest` is, so that a client can ask for the other files of the same one.
      if let name = HTTPField.Name("Diecast-Version") { headers[name] = entry.summary.version }
      return Response(status: .ok, headers: headers, body: ResponseBody(contentsOf: parts))
    }
  }

  private func addTrackerRoutes(_ router: Router<ConnectionContext>) {
    let tracker = tracker
    let headers: HTTPFields = [.contentType: "text/plain", .cacheControl: "no-store"]
    // Not Hummingbird's query parser: that one decodes to text, and hashes are bytes.
    @Sendable func query(_ request: Request) -> [UInt8] {
      let target = Array((request.head.path ?? "").utf8)
      guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
      return Array(target[(mark + 1)...].prefix { $0 != UInt8(ascii: "#") })
    }
    router.get("/announce") { request, context in
      guard let remote = context.remote else { throw ServerError.notFound }
      let answer = tracker.announce(query: query(request), from: remote, reachedAt: context.local)
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer)))
    }
    router.get("/scrape") { request, _ in
      let answer = tracker.scrape(query: query(request))
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer)))
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import HTTPTypes
import Hummingbird
import ImageFormat
import Logging
import NIOCore
import Testing

@testable import RemoteSource
@testable import Server

/// Over a real connection on the loopback interface.
@Suite(.timeLimit(.minutes(1))) struct RemoteSourceTests {
  private let hasty = FetchPolicy(
    connect: .seconds(2), read: .seconds(2), whole: .seconds(8), backoff: [.milliseconds(10), .milliseconds(10)])

  /// Runs a server while `body` runs, which gets its URL.
  private func withServer(_ images: [ServedImage], _ body: (String) async throws -> Void) async throws {
    let server = try SeedServer(images: images, address: "127.0.0.1", port: 0, logger: Sample.quiet)
    try await listening(body) { listening in try await server.run(onListening: listening) }
  }

  /// The same for any router: one that misbehaves.
  private func withRouter(_ router: Router<BasicRequestContext>, _ body: (String) async throws -> Void) async throws {
    let responder = router.buildResponder()
    try await listening(body) { listening in
      let application = Application(
        responder: responder, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { await listening(UInt16($0.localAddress?.port ?? 0)) }, logger: Sample.quiet)
      try await application.run()
    }
  }

  private func listening(
    _ body: (String) async throws -> Void,
    run: @escaping @Sendable (@escaping @Sendable (UInt16) async -> Void) async throws -> Void
  ) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: UInt16.self)
    let task = Task {
      defer { continuation.finish() }
      try await run { continuation.yield($0) }
    }
    defer { task.cancel() }
    guard let port = await ports.first(where: { _ in true }) else { return try await task.value }
    #expect(port > 0)
    try await body("http://127.0.0.1:\(port)")
    task.cancel()
    // A cancelled server ends, and says nothing of it.
    _ = await task.result
  }

  private func code(_ work: () async throws -> Void) async -> DiecastError.Code? {
    do {
      try await work()
      return nil
    } catch {
      return (error as? DiecastError)?.code
    }
  }

  @Test func fetchesImages() async throws {
    try await withServer([Sample.image(), Sample.image("golden", "2", manifest: [7], infoHash: Sample.otherHash)]) {
      url in
      let source = try RemoteSource(url: url + "/")
      let newest = try await source.image(ImageName(parsing: "golden"))
      #expect(newest.version == "2")
      #expect(newest.manifest == [7])
      #expect(newest.index == Array("index of golden@2".utf8))
      #expect(newest.trackerURL == url + "/announce")
      #expect(try Bencode.decode(newest.torrent)["announce"] == .string(newest.trackerURL))
      let first = try await source.image(ImageName(parsing: "golden@1"))
      #expect(first.index == Array("index of golden@1".utf8))
      #expect(try await source.images().map(\.version) == ["1", "2"])
      #expect(await code { _ = try await source.image(ImageName(parsing: "other")) } == .notFound)
    }
  }

  @Test func refusesLongFiles() async throws {
    let long = [UInt8](repeating: 0, count: Limits.manifestBytes + 1)
    try await withServer([Sample.image(manifest: long)]) { url in
      let source = try RemoteSource(url: url)
      #expect(await code { _ = try await source.image(ImageName(parsing: "golden")) } == .malformed)
    }
    // Without a length, and without end.
    let router = Router()
    router.get("/images/:name/:version/:file") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          while true { try await writer.write(ByteBuffer(repeating: 0, count: 1 << 20)) }
        })
    }
    try await withRouter(router) { url in
      let source = try RemoteSource(url: url, policy: FetchPolicy())
      #expect(await code { _ = try await source.image(ImageName(parsing: "golden")) } == .malformed)
    }
  }

  @Test(.enabled(if: isSlow)) func survivesServersThatMisbehave() async throws {
    let router = Router()
    router.get("/images/silent/:version/:file") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody(contentLength: 10) { writer in
          try await writer.write(ByteBuffer(string: "x"))
          try await Task.sleep(for: .seconds(30))
        })
    }
    router.get("/images/failing/:version/:file") { _, _ in Response(status: .internalServerError) }
    router.get("/images/busy/:version/:file") { _, _ in Response(status: .serviceUnavailable) }
    router.get("/images/loop/:version/:file") { request, _ in
      Response(status: .found, headers: [.location: request.uri.path])
    }
    router.get("/images/nameless/:version/:file") { _, _ in
      Response(
        status: .ok, headers: [HTTPField.Name("Diecast-Version")!: "../etc"],
        body: ResponseBody(byteBuffer: ByteBuffer()))
    }
    router.get("/api/images") { _, _ in "<html>" }
    try await withRouter(router) { url in
      let source = try RemoteSource(url: url, policy: hasty)
      for name in ["silent", "failing", "busy", "loop"] {
        #expect(await code { _ = try await source.image(ImageName(parsing: name)) } == .network, "\(name)")
      }
      #expect(await code { _ = try await source.image(ImageName(parsing: "nameless")) } == .malformed)
      #expect(await code { _ = try await source.images() } == .malformed)
    }
  }

  @Test func saysThatNobodyListens() async throws {
    let source = try RemoteSource(url: "http://127.0.0.1:1", policy: hasty)
    do {
      _ = try await source.images()
      Issue.record("it was fetched")
    } catch let error as DiecastError {
      #expect(error.code == .network)
      #expect(error.sentence.contains("http://127.0.0.1:1/api/images"))
      #expect(error.sentence.contains("refused"), "\(error)")
    }
  }

  @Test func saysThatAPortIsTaken() async throws {
    try await withServer([]) { url in
      let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
      let second = try SeedServer(images: [], address: "127.0.0.1", port: port, logger: Sample.quiet)
      let error = await #expect(throws: DiecastError.self) { try await second.run() }
      #expect(error?.code == .network)
      #expect(error?.cause?.errno == 98)
    }
  }

  @Test func refusesOtherURLs() {
    for url in ["http://a", "HTTPS://a.example:443/x/y", "http://[::1]:8080", "http://192.0.2.1/"] {
      #expect(throws: Never.self) { try RemoteSource(url: url) }
    }
    for url in [
      "", "a", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:x", "http://u@a", "http://a?b", "http://a/#b",
      "http://a/../b", "http://a b", "http://[::1", "http://a\r\nb", "http://a:99999", "/store",
    ] {
      let error = #expect(throws: DiecastError.self) { try RemoteSource(url: url) }
      #expect(error?.code == .usage)
    }
  }
}

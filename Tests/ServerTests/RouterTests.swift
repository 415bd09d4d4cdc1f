// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import FoundationEssentials
import HTTPTypes
import Hummingbird
import ImageFormat
import Testing

@testable import Server

@Suite struct RouterTests {
  /// Serves two versions and one chunk, whose file is `Chunk.path`.
  private func server(chunk: Chunk? = nil) throws -> SeedServer {
    var file: (@Sendable (ChunkID) -> String?)?
    if let chunk { file = { id in id == chunk.id ? chunk.path : nil } }
    return try SeedServer(
      images: [Sample.image(), Sample.image("golden", "2", manifest: Array("{2}".utf8), infoHash: Sample.otherHash)],
      tracker: TrackerConfiguration(selfPeerPort: 258), chunkFile: file, port: 0, logger: Sample.quiet)
  }

  @Test func hasAFrontPage() async throws {
    let driver = try RouterDriver(server())
    let answer = try await driver.send("/")
    #expect(answer.status == .ok)
    #expect(answer.text.contains("diecast restore golden@2 /dev/DISK --from http://server.example:8080"))
    #expect(try await driver.send("/", host: "<script>").text.contains("http://HOST:PORT"))
  }

  @Test func listsImagesAndSwarms() async throws {
    struct Image: Decodable {
      let name: String, version: String, id: String, manifestBytes: Int, infoHashes: [String]
    }
    let driver = try RouterDriver(server())
    let images = try JSONDecoder().decode([Image].self, from: Data(await driver.send("/api/images").body))
    #expect(images.map(\.version) == ["1", "2"])
    #expect(images[0].id == Hashing.sha256(Array("{}".utf8)).hex)
    #expect(images[1].infoHashes == [Sample.otherHash.hex])
    struct Swarm: Decodable { let infoHash: String, seeders: Int, leechers: Int, completed: Int }
    _ = try await driver.send("/announce?" + String(decoding: Sample.query(port: 1), as: UTF8.self))
    let swarms = try JSONDecoder().decode([Swarm].self, from: Data(await driver.send("/api/swarm").body))
    #expect(swarms.map(\.leechers) == [1, 0])
    #expect(swarms.map(\.seeders) == [1, 1])
  }

  @Test func servesImages() async throws {
    let driver = try RouterDriver(server())
    let manifest = try await driver.send("/images/golden/latest/manifest.json")
    #expect(manifest.text == "{2}")
    #expect(manifest.headers[try #require(HTTPField.Name("Diecast-Version"))] == "2")
    #expect(try await driver.send("/images/golden/1/index").text == "index of golden@1")
    let torrent = try await driver.send("/images/golden/1/image.torrent")
    #expect(try Bencode.decode(torrent.body)["announce"] == .string("http://server.example:8080/announce"))
    #expect(torrent.headers[.contentLength] == String(torrent.body.count))
    for host in ["bad host", "a/b", "a:99999", nil] {
      #expect(try await driver.send("/images/golden/1/image.torrent", host: host).body == Sample.torrent)
    }
    let head = try await driver.send("/images/golden/1/manifest.json", method: .head)
    #expect(head.status == .ok)
    #expect(head.body.isEmpty)
    #expect(head.headers[.contentLength] == "2")
    for path in ["/nothing", "/images/golden/3/index"] {
      let missing = try await driver.send(path, method: .head)
      #expect(missing.status == .notFound)
      #expect(missing.body.isEmpty)
    }
  }

  @Test(arguments: [
    "/nothing", "/images", "/images/golden", "/images/golden/3/index", "/images/other/latest/index",
    "/images/golden/1/other", "/images/../1/index", "/images/%2e%2e/1/index", "/images/golden/%2e%2e%2f1/index",
    "/images/golden/1/..%2findex", "/chunks/../..", "/chunks/..%2f/..%2f", "/chunks/%2e%2e/%2e%2e%2fpasswd",
    "/chunks/ab",
    "/chunks/ab/" + String(repeating: "a", count: 64), "/chunks/AA/" + String(repeating: "A", count: 64),
    "/chunks/aa/" + String(repeating: "a", count: 63), "/chunks/aa/" + String(repeating: "a", count: 65),
    "/chunks/aa/" + String(repeating: "g", count: 64), "/chunks/aa/..%2f" + String(repeating: "a", count: 60),
    "//etc/passwd", "/%", "/%00", "/%ff%fe", "",
  ])
  func knowsNothingElse(_ path: String) async throws {
    let answer = try await RouterDriver(server(chunk: Chunk())).send(path)
    // An empty target is the root.
    guard !path.isEmpty else { return }
    #expect(answer.status == .notFound)
    #expect(answer.text.contains("\"not-found\""))
  }

  @Test func refusesMethodsBodiesAndLongAddresses() async throws {
    let driver = try RouterDriver(server())
    for method in [HTTPRequest.Method.post, .put, .delete, .patch, .options] {
      let answer = try await driver.send("/api/images", method: method)
      #expect(answer.status == .methodNotAllowed)
      #expect(answer.headers[.allow] == "GET, HEAD")
    }
    #expect(try await driver.send("/?" + String(repeating: "a", count: 9000)).status == .uriTooLong)
    #expect(try await driver.send("/", headers: [.contentLength: "5"]).status == .contentTooLarge)
    #expect(try await driver.send("/", headers: [.transferEncoding: "chunked"]).status == .contentTooLarge)
  }

  @Test func tracks() async throws {
    var driver = try RouterDriver(server())
    let query = String(decoding: Sample.query(port: 1), as: UTF8.self)
    let answer = try await Bencode.decode(driver.send("/announce?" + query).body)
    #expect(answer["peers"]?.bytesValue == [192, 0, 2, 1, 1, 2], "the server at the address that was reached")
    driver.remote = Sample.v6(3)
    #expect(try await Bencode.decode(driver.send("/announce?" + query).body)["peers"]?.bytesValue?.count == 12)
    let scrape = try await Bencode.decode(driver.send("/scrape").body)
    guard case .dictionary(let files) = scrape["files"] else { throw TrackerFailure("no files") }
    #expect(files[Sample.hash]?["incomplete"]?.integerValue == 2)
    #expect(try await Bencode.decode(driver.send("/announce").body)["failure reason"] != nil)
  }

  @Test func servesChunks() async throws {
    let chunk = try Chunk.stored()
    defer { chunk.remove() }
    let driver = try RouterDriver(server(chunk: chunk))
    let whole = try await driver.send(chunk.url)
    #expect(whole.status == .ok)
    #expect(whole.body == chunk.content)
    #expect(whole.headers[.contentLength] == "300000")
    let part = try await driver.send(chunk.url, headers: [.range: "bytes=131070-131075"])
    #expect(part.status == .partialContent)
    #expect(part.body == Array(chunk.content[131070...131075]))
    #expect(part.headers[.contentRange] == "bytes 131070-131075/300000")
    #expect(part.headers[.contentLength] == "6")
    #expect(try await driver.send(chunk.url, headers: [.range: "bytes=300000-"]).status == .rangeNotSatisfiable)
    let changed = try await driver.send(chunk.url, headers: [.range: "bytes=0-1", .ifRange: "\"other\""])
    #expect(changed.body.count == 300_000)
    let head = try await driver.send(chunk.url, method: .head, headers: [.range: "bytes=0-9"])
    #expect(head.body.isEmpty)
    #expect(head.headers[.contentLength] == "10")
    chunk.remove()
    #expect(try await driver.send(chunk.url).status == .notFound)
  }

  @Test func refusesBadImages() throws {
    for images in [[Sample.image(), Sample.image()], [Sample.image("../x")], [Sample.image(infoHash: [1])]] {
      #expect(throws: DiecastError.self) { try SeedServer(images: images, port: 0, logger: Sample.quiet) }
    }
  }
}

/// A chunk's file in the system's temporary directory.
private struct Chunk: Sendable {
  let id = ChunkID(Hashing.sha256(Array("chunk".utf8)))
  var path = "/nonexistent"
  let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

  var url: String { "/chunks/\(id.description.prefix(2))/\(id)" }

  static func stored() throws -> Chunk {
    var chunk = Chunk()
    chunk.path = FileManager.default.temporaryDirectory.path + "/diecast-\(UInt64.random(in: 0...UInt64.max))"
    try Data(chunk.content).write(to: URL(fileURLWithPath: chunk.path))
    return chunk
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

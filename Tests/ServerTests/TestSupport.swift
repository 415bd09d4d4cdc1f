// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import HTTPTypes
import Hummingbird
import ImageFormat
import Logging
import NIOCore
import Synchronization

@testable import Server

/// Whether tests may take their time.
let isSlow = ProcessInfo.processInfo.environment["DIECAST_SLOW_TESTS"] == "1"

/// Small helpers that several suites use.
enum Sample {
  static let hash = [UInt8](repeating: 0xab, count: 20)
  static let otherHash = [UInt8](repeating: 0x25, count: 20)
  static let peerID = Array("-DC0001-abcdefghijkl".utf8)
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A torrent with keys before and after the place of `announce`.
  static let torrent = Array("d4:aaaai1e7:comment2:hi4:infod4:name1:xee".utf8)

  static func image(
    _ name: String = "golden", _ version: String = "1", manifest: [UInt8] = Array("{}".utf8),
    infoHash: [UInt8] = hash
  ) -> ServedImage {
    ServedImage(
      name: name, version: version, manifest: manifest, index: Array("index of \(name)@\(version)".utf8),
      torrent: torrent, infoHashes: [infoHash])
  }

  static func v4(_ last: UInt8) -> PeerAddress { PeerAddress([192, 0, 2, last]) ?? loopback }
  static func v6(_ last: UInt8) -> PeerAddress {
    PeerAddress([0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [last]) ?? loopback
  }
  // swift-format-ignore: NeverForceUnwrap
  static let loopback = PeerAddress([127, 0, 0, 1])!

  /// Every byte percent-encoded.
  static func encoded(_ bytes: [UInt8]) -> String { bytes.map { "%" + [$0].hex }.joined() }

  /// A query of an announce; `more` begins with `&`.
  static func query(_ infoHash: [UInt8] = hash, port: Int, left: Int = 1, more: String = "") -> [UInt8] {
    Array(
      "info_hash=\(encoded(infoHash))&peer_id=\(encoded(peerID))&port=\(port)&uploaded=0&downloaded=0&left=\(left)\(more)"
        .utf8)
  }
}

/// A random number generator that gives the same numbers again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Sends requests to a router in this process.
struct RouterDriver {
  /// What came back.
  struct Answer {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  let responder: any HTTPResponder<ConnectionContext>
  var remote: PeerAddress? = Sample.v4(9)
  var local: PeerAddress? = Sample.v4(1)

  init(_ server: SeedServer) { responder = server.buildRouter().buildResponder() }

  func send(
    _ path: String, method: HTTPRequest.Method = .get, host: String? = "server.example:8080", headers: HTTPFields = [:]
  ) async throws -> Answer {
    let request = Request(
      head: HTTPRequest(method: method, scheme: "http", authority: host, path: path, headerFields: headers),
      body: RequestBody(buffer: ByteBuffer()))
    let context = ConnectionContext(logger: Sample.quiet, remote: remote, local: local)
    let response = try await responder.respond(to: request, context: context)
    let writer = CollectingWriter()
    try await response.body.write(writer)
    return Answer(status: response.status, headers: response.headers, body: writer.bytes.withLock { $0 })
  }
}

private final class CollectingWriter: ResponseBodyWriter, Sendable {
  let bytes = Mutex<[UInt8]>([])
  func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0 += Array(buffer.readableBytesView) } }
  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

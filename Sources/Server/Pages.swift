// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The answers that say what the server has and does.
struct Pages: Sendable {
  let catalogue: Catalogue
  let tracker: Tracker

  /// What `/api/swarm` says of a torrent.
  private struct Swarm: Encodable {
    let infoHash: String
    let name: String
    let version: String
    let seeders: Int
    let leechers: Int
    let completed: Int
  }

  /// For a person who opens the server in a browser.
  func front(host: String?) -> Response {
    var text = "This is a Diecast server: it hands out disk images.\n\n"
    text += catalogue.entries.isEmpty ? "It has no images.\n" : "Images:\n"
    for entry in catalogue.entries {
      let bytes = ByteCount(entry.summary.manifestBytes + entry.summary.indexBytes)
      text +=
        "  \(entry.summary.name)@\(entry.summary.version)  id \(entry.summary.id)  manifest and index \(bytes.human)\n"
    }
    if let entry = catalogue.entries.last {
      text += "\nTo put one on a disk of another machine:\n"
      text +=
        "  diecast restore \(entry.summary.name)@\(entry.summary.version) /dev/DISK --from http://\(host ?? "HOST:PORT")\n"
    }
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// Every image.
  func images() throws -> Response { try json(catalogue.entries.map(\.summary)) }

  /// Every torrent's peers.
  func swarm() throws -> Response {
    try json(
      catalogue.entries.flatMap { entry in
        entry.infoHashes.compactMap { infoHash in
          tracker.statistics(infoHash: infoHash).map {
            Swarm(
              infoHash: infoHash.hex, name: entry.summary.name, version: entry.summary.version, seeders: $0.seeders,
              leechers: $0.leechers, completed: $0.completed)
          }
        }
      })
  }

  private func json(_ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }
}

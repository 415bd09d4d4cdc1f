// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import FoundationEssentials
internal import ImageFormat
internal import NIOCore

/// The images of a server, ready to send.
struct Catalogue: Sendable {
  /// One image.
  struct Entry: Sendable {
    let summary: Summary
    let manifest: ByteBuffer
    let index: ByteBuffer
    let torrent: TorrentFile
    let infoHashes: [[UInt8]]
  }

  /// What `/api/images` says of an image; sizes in bytes.
  struct Summary: Sendable, Encodable {
    let name: String
    let version: String
    let id: String
    let manifestBytes: Int
    let indexBytes: Int
    let torrentBytes: Int
    let infoHashes: [String]
  }

  /// In the order given.
  let entries: [Entry]

  /// Throws `.usage` for a name that is no path component, `.malformed` for an
  /// info hash that is not 20 bytes, `.refused` when an image is given twice.
  init(_ images: [ServedImage]) throws(DiecastError) {
    var names: Set<ImageName> = []
    for image in images {
      guard let name = ImageName(name: image.name, version: image.version) else {
        throw DiecastError(.usage, "'\(image.name)@\(image.version)' is no name for an image")
      }
      guard names.insert(name).inserted else {
        throw DiecastError(.refused, "The image \(name) is to be served twice", remedy: "Name each image once")
      }
      guard image.infoHashes.allSatisfy({ $0.count == AnnounceRequest.hashLength }) else {
        throw DiecastError(.malformed, "An info hash of the image \(name) is not 20 bytes")
      }
    }
    entries = images.map { image in
      Entry(
        summary: Summary(
          name: image.name, version: image.version, id: image.id, manifestBytes: image.manifest.count,
          indexBytes: image.index.count, torrentBytes: image.torrent.count, infoHashes: image.infoHashes.map(\.hex)),
        manifest: ByteBuffer(bytes: image.manifest), index: ByteBuffer(bytes: image.index),
        torrent: TorrentFile(image.torrent), infoHashes: image.infoHashes)
    }
  }

  /// The image with this name and version, or, for `latest`, the last one given with this name.
  func entry(name: String, version: String) -> Entry? {
    let named = entries.filter { $0.summary.name == name }
    return named.first { $0.summary.version == version } ?? (version == "latest" ? named.last : nil)
  }
}

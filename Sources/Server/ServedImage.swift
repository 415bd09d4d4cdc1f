// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat

/// An image that a server hands out: its three files, held in memory, and the
/// swarms that they belong to.
public struct ServedImage: Sendable {
  /// The image's name; see `ImageName.isValidPart`.
  public let name: String
  /// Which version of it.
  public let version: String
  /// The bytes of `manifest.json`.
  public let manifest: [UInt8]
  /// The bytes of `index`.
  public let index: [UInt8]
  /// The bytes of `image.torrent`, without a tracker: the server adds its own.
  public let torrent: [UInt8]
  /// The 20-byte hashes by which trackers know it: the truncated v2 hash
  /// (BEP 52), and the v1 hash of a hybrid torrent.
  public let infoHashes: [[UInt8]]

  /// All parts of an image.
  public init(
    name: String, version: String, manifest: [UInt8], index: [UInt8], torrent: [UInt8], infoHashes: [[UInt8]]
  ) {
    self.name = name
    self.version = version
    self.manifest = manifest
    self.index = index
    self.torrent = torrent
    self.infoHashes = infoHashes
  }

  /// The image's id: SHA-256 of the manifest, in hexadecimal.
  public var id: String { Hashing.sha256(manifest).hex }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// An image's three files as a server sent them: bounded, but neither decoded
/// nor compared with each other.
public struct RemoteImage: Sendable, Equatable {
  /// The image's name, as asked for.
  public let name: String
  /// Which version the server sent; all three files are of this one.
  public let version: String
  /// The bytes of `manifest.json`.
  public let manifest: [UInt8]
  /// The bytes of `index`.
  public let index: [UInt8]
  /// The bytes of `image.torrent`, with the server's tracker in it.
  public let torrent: [UInt8]
  /// The server's announce URL (BEP 3).
  public let trackerURL: String
}

/// What a server says of one of its images. The sizes are bytes. Not checked:
/// for lists that people read.
public struct RemoteImageSummary: Sendable, Equatable, Decodable {
  /// The image's name.
  public let name: String
  /// Which version of it.
  public let version: String
  /// SHA-256 of its manifest, in hexadecimal.
  public let id: String
  /// Bytes of its manifest.
  public let manifestBytes: UInt64
  /// Bytes of its index.
  public let indexBytes: UInt64
  /// Bytes of its torrent, without a tracker.
  public let torrentBytes: UInt64
}

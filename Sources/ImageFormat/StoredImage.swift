// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// An image's manifest and index, decoded and found to belong together, with
/// the very bytes that they were decoded from.
public struct StoredImage: Sendable {
  /// What the image is.
  public let manifest: Manifest
  /// The bytes of `manifest.json`.
  public let manifestBytes: [UInt8]
  /// Where its content goes.
  public let index: ImageIndex
  /// The bytes of `index`.
  public let indexBytes: [UInt8]

  /// Decodes and checks both.
  public init(manifestBytes: [UInt8], indexBytes: [UInt8]) throws(DiecastError) {
    manifest = try Manifest(decoding: manifestBytes)
    index = try ImageIndex(decoding: indexBytes)
    try manifest.check(index: index, bytes: indexBytes)
    self.manifestBytes = manifestBytes
    self.indexBytes = indexBytes
  }

  /// `NAME@VERSION`.
  public var fullName: String { "\(manifest.name)@\(manifest.version)" }
  /// SHA-256 of the manifest, in hexadecimal.
  public var id: String { Manifest.imageID(of: manifestBytes) }

  /// Its v2 torrent, made from the manifest and the index alone.
  public func torrent(trackers: [String] = []) throws(DiecastError) -> TorrentFile {
    try TorrentFile(
      manifest: manifest, manifestBytes: manifestBytes, index: index, indexBytes: indexBytes, trackers: trackers)
  }

  /// Throws `corrupt` unless `torrent` names exactly this image's files: it is what chunks are checked against.
  public func check(_ torrent: TorrentFile) throws(DiecastError) {
    let layout = TorrentLayout(
      manifest: manifest, manifestBytes: manifestBytes, index: index, indexBytes: indexBytes)
    guard torrent.layout == layout else {
      throw DiecastError(
        .corrupt, "The torrent of \(fullName) does not belong to its index",
        remedy: "Restart the seeder, or capture the image anew")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
internal import FoundationEssentials
public import ImageFormat

/// A Diecast server from which images are fetched over HTTP. Only their
/// descriptions: the chunks come through the swarm.
public struct RemoteSource: Sendable {
  /// Bytes of a server's list of images.
  static let listBytes = 16 << 20

  private let server: ServerURL
  private let policy: FetchPolicy

  /// The server at `url`: `http://HOST[:PORT][/PREFIX]`, or `https`. Throws `.usage` for anything else.
  public init(url: String) throws(DiecastError) {
    try self.init(url: url, policy: FetchPolicy())
  }

  init(url: String, policy: FetchPolicy) throws(DiecastError) {
    server = try ServerURL(parsing: url)
    self.policy = policy
  }

  /// Fetches an image's manifest, index and torrent, all of one version, each
  /// at most as long as `Limits` allows and within two minutes.
  ///
  /// Throws `DiecastError`: `.notFound` when the server lacks the image,
  /// `.malformed` when a file is too long or its version is no name,
  /// `.network` when the server cannot be reached or fails, `.interrupted` on cancellation.
  public func image(_ name: ImageName) async throws -> RemoteImage {
    try await Fetcher.with(policy) { fetcher in
      let asked = "/images/\(name.name)/\(name.version ?? "latest")/manifest.json"
      let manifest = try await fetcher.fetch(
        server.appending(asked), limit: Limits.manifestBytes, what: "The image \(name)")
      // The rest is asked for by version, so that a newer image that appears
      // meanwhile cannot mix with this one.
      let version = name.version ?? manifest.version ?? Self.statedVersion(manifest.bytes)
      guard let version, ImageName.isValidPart(version) else {
        throw DiecastError(
          .malformed, "\(server.text) does not say which version of \(name) its newest is",
          remedy: "Name the version: \(name.name)@VERSION")
      }
      let folder = "/images/\(name.name)/\(version)"
      let what = "The image \(name.name)@\(version)"
      let index = try await fetcher.fetch(server.appending(folder + "/index"), limit: Limits.indexBytes, what: what)
      let torrent = try await fetcher.fetch(
        server.appending(folder + "/image.torrent"), limit: Limits.torrentBytes, what: what)
      return RemoteImage(
        name: name.name, version: version, manifest: manifest.bytes, index: index.bytes, torrent: torrent.bytes,
        trackerURL: server.appending("/announce"))
    }
  }

  /// Every image that the server has. Throws as `image(_:)` does.
  public func images() async throws -> [RemoteImageSummary] {
    let url = server.appending("/api/images")
    let list = try await Fetcher.with(policy) { fetcher in
      try await fetcher.fetch(url, limit: Self.listBytes, what: "The list of images")
    }
    do {
      return try JSONDecoder().decode([RemoteImageSummary].self, from: Data(list.bytes))
    } catch {
      throw DiecastError(
        .malformed, "What \(url) sends is no list of images", remedy: "Check that this is a Diecast server")
    }
  }

  /// The version that a manifest names: for a plain web server, which sends no header of ours.
  private static func statedVersion(_ manifest: [UInt8]) -> String? {
    struct Head: Decodable { var version: String }
    return try? JSONDecoder().decode(Head.self, from: Data(manifest)).version
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

extension TorrentFile {
  /// Decodes a v2 or hybrid `.torrent`. Every length and name is checked; a
  /// BEP 3 torrent alone is refused, as it names no chunks.
  public init(decoding bytes: [UInt8]) throws(DiecastError) {
    guard bytes.count <= Limits.torrentBytes else { throw Self.malformed("it has \(bytes.count) bytes") }
    let root = try Bencode.decode(bytes)
    guard let info = root["info"], case .dictionary = info else { throw Self.malformed("it has no info dictionary") }
    guard info["meta version"]?.integerValue == 2, let tree = info["file tree"] else {
      throw DiecastError(
        .unsupported, "The torrent is not a BitTorrent v2 torrent", remedy: "Use the image.torrent that Diecast made")
    }
    guard let length = info["piece length"]?.integerValue, length > 0,
      case let pieceLength = ByteCount(UInt64(length)), pieceLength.isPowerOfTwo,
      Limits.windowSize.contains(pieceLength)
    else { throw Self.malformed("it has no valid piece length") }
    let name = String(decoding: info["name"]?.bytesValue ?? [], as: UTF8.self)

    var entries: [(path: [String], length: ByteCount, root: Hash256)] = []
    try Self.collect(tree, path: [], into: &entries)
    guard !entries.isEmpty else { throw Self.malformed("it has no files") }
    // Counted before the layout is made, whose piece numbers have 31 bits.
    var pieces: UInt64 = 0
    for entry in entries {
      pieces += (entry.length.rawValue + pieceLength.rawValue - 1) / pieceLength.rawValue
      guard pieces <= UInt64(Limits.chunks + 2 * Limits.indexBytes / pieceLength.int + 2) else {
        throw Self.malformed("it has \(pieces) pieces or more")
      }
    }
    let layout = TorrentLayout(name: name, pieceLength: pieceLength, entries: entries)

    // Decoding accepts only the canonical form, so encoding gives the same bytes back.
    let infoBytes = info.encoded()
    self.layout = layout
    infoHash = Hashing.sha256(infoBytes)
    infoHashV1 = info["pieces"] == nil ? nil : unsafe Hashing.sha1(infoBytes.span.bytes)
    trackers = Self.trackers(root)
    self.bytes = bytes
  }

  private static func malformed(_ problem: String) -> DiecastError {
    DiecastError(.malformed, "The torrent is malformed: \(problem)", remedy: "Fetch it again from the seeder")
  }

  private static func collect(
    _ tree: Bencode, path: [String], into entries: inout [(path: [String], length: ByteCount, root: Hash256)]
  ) throws(DiecastError) {
    guard case .dictionary(let children) = tree, path.count <= 8 else { throw malformed("its file tree is no tree") }
    for (key, child) in children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let name = String(decoding: key, as: UTF8.self)
      guard Array(name.utf8) == key, !key.isEmpty, key.count <= 255, name != ".", name != "..",
        !key.contains(UInt8(ascii: "/")), !key.contains(0)
      else { throw malformed("a file has no valid name") }
      if let leaf = child[""] {
        guard let length = leaf["length"]?.integerValue, length > 0, length <= Int64(Limits.diskBytes.rawValue),
          let root = leaf["pieces root"]?.bytesValue.flatMap({ Hash256($0) })
        else { throw malformed("a file has no valid length or root") }
        guard entries.count < Limits.chunks + 16 else { throw malformed("it has too many files") }
        entries.append((path: path + [name], length: ByteCount(UInt64(length)), root: root))
      } else {
        try collect(child, path: path + [name], into: &entries)
      }
    }
  }

  private static func trackers(_ root: Bencode) -> [String] {
    var urls: [String] = []
    if case .list(let tiers)? = root["announce-list"] {
      for case .list(let tier) in tiers {
        urls += tier.compactMap { $0.bytesValue.map { String(decoding: $0, as: UTF8.self) } }
      }
    }
    if urls.isEmpty, let announce = root["announce"]?.bytesValue { urls = [String(decoding: announce, as: UTF8.self)] }
    return urls.prefix(64).filter { $0.utf8.count <= 2048 }
  }
}

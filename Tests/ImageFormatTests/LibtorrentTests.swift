// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import Testing

private let isHere: Bool =
  FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")
  && (try? ScratchDisk.run("/usr/bin/python3", ["-c", "import libtorrent"]).status) == 0

/// Torrents are compared with those that libtorrent makes of the same files.
@Suite(.enabled(if: isHere, "python3-libtorrent is not installed")) struct LibtorrentTests {
  private static let script = """
    import libtorrent as lt, os, sys
    root, piece, flags = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    files = lt.file_storage()
    lt.add_files(files, root)
    torrent = lt.create_torrent(files, piece, flags)
    lt.set_piece_hashes(torrent, os.path.dirname(root))
    info = lt.torrent_info(torrent.generate())
    hashes = info.info_hashes()
    print(hashes.v2, hashes.v1 if info.info_hashes().has_v1() else "-")
    """

  /// What libtorrent's hashes are for the image's files as a store has them.
  private func hashes(of image: StoredImage, flags: Int) throws -> [String] {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("diecast-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: parent) }
    let layout = try image.torrent().layout
    let contents = Samples.contents + [image.indexBytes, image.manifestBytes]
    for file in layout.files {
      let bytes = try #require(contents.first { Hashing.piecesRoot($0.span.bytes) == file.root })
      let url = parent.appendingPathComponent(([layout.name] + file.path).joined(separator: "/"))
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    let answer = try ScratchDisk.run(
      "/usr/bin/python3",
      ["-c", Self.script, parent.appendingPathComponent(layout.name).path, "\(layout.pieceLength)", "\(flags)"])
    #expect(answer.status == 0, "\(answer.output)")
    return answer.output.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// `create_torrent`'s flag v2_only.
  @Test func theInfoHashIsTheOneThatLibtorrentComputes() throws {
    let image = try Samples.image()
    #expect(try hashes(of: image, flags: 1 << 5).first == (try image.torrent()).infoHash.hex)
  }

  private static let loading = """
    import libtorrent as lt, sys
    info = lt.torrent_info(bytes.fromhex(sys.argv[1]))
    files = info.files()
    assert info.num_pieces() == int(sys.argv[2])
    pads = [i for i in range(files.num_files()) if files.file_flags(i) & lt.file_flags_t.flag_pad_file]
    hashes = info.info_hashes()
    print(hashes.v2, hashes.v1, files.num_files() - len(pads), info.hash_for_piece(0).hex())
    """

  /// A hybrid whose two file lists did not agree would not load.
  @Test func libtorrentLoadsAHybridAndSeesTheSameHashesAndFiles() throws {
    let image = try Samples.image()
    let layout = try image.torrent().layout
    let contents = Samples.contents + [image.indexBytes, image.manifestBytes]
    let pieces = try layout.files.enumerated().map { number, file in
      var bytes = try #require(contents.first { Hashing.piecesRoot($0.span.bytes) == file.root })
      if number + 1 < layout.files.count { bytes += [UInt8](repeating: 0, count: 65_536 - bytes.count) }
      return Hashing.sha1(bytes.span.bytes)
    }
    let hybrid = try TorrentFile(
      manifest: image.manifest, manifestBytes: image.manifestBytes, index: image.index, indexBytes: image.indexBytes,
      pieceHashesV1: pieces)
    let answer = try ScratchDisk.run(
      "/usr/bin/python3", ["-c", Self.loading, hybrid.bytes.hex, "\(layout.pieceCount)"])
    #expect(answer.status == 0, "\(answer.output)")
    let words = answer.output.split(whereSeparator: \.isWhitespace).map(String.init)
    let expected = [hybrid.infoHash.hex, try #require(hybrid.infoHashV1).hex, "\(layout.files.count)", pieces[0].hex]
    #expect(words == expected, "\(answer.output)")
  }
}

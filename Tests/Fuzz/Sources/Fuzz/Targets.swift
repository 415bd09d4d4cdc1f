// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore

@testable import ImageFormat
@testable import Server
@testable import UsedMap

/// What is fuzzed. Each takes any bytes: it must neither trap nor overrun nor
/// use memory without bound, what it accepts must say the same again, and what
/// it refuses must have one of the codes that its documentation names.
enum Targets {
  nonisolated(unsafe) static var chosen: @Sendable ([UInt8]) -> Void = { _ in }

  static let all: [String: @Sendable ([UInt8]) -> Void] = [
    "manifest": manifest, "index": index, "bencode": bencode, "torrent": torrent, "gpt": gpt, "mbr": mbr,
    "announce": announce, "http": http, "domainmap": domainMap,
  ]

  /// Runs `body`, which may refuse.
  private static func refusing(_ codes: [DiecastError.Code], _ body: () throws(DiecastError) -> Void) {
    do throws(DiecastError) {
      try body()
    } catch {
      precondition(codes.contains(error.code), "\(error)")
    }
  }

  static func manifest(_ bytes: [UInt8]) {
    refusing([.malformed, .unsupported]) { () throws(DiecastError) in
      let manifest = try Manifest(decoding: bytes)
      let canonical = try manifest.encoded()
      let again = try Manifest(decoding: canonical).encoded()
      precondition(again == canonical)
      for disk in manifest.disks {
        // What a restore does before its first write.
        refusing([.malformed, .unsupported, .refused]) { () throws(DiecastError) in
          let sector = disk.logicalSectorSize
          switch disk.table {
          case .none: break
          case .gpt(let table):
            let needed = try GPTCodec.minimumDiskSize(table, sectorSize: sector)
            for part in try GPTCodec.encode(table, sectorSize: sector, diskSize: needed).parts {
              precondition(part.range.end.rawValue <= needed.rawValue)
            }
          case .mbr(let table):
            let needed = try MBRCodec.minimumDiskSize(table, sectorSize: sector)
            for part in try MBRCodec.encode(table, sectorSize: sector, diskSize: needed).parts {
              precondition(part.range.end.rawValue <= needed.rawValue)
            }
          }
        }
      }
      refusing([.malformed, .corrupt, .unsupported]) { () throws(DiecastError) in
        try manifest.check(index: emptyIndex, bytes: emptyIndex.encoded())
      }
    }
  }

  private static let emptyIndex = ImageIndex(windowSize: .kib(64), volumeLengths: [], chunks: [], windows: [])

  static func index(_ bytes: [UInt8]) {
    refusing([.malformed, .unsupported]) { () throws(DiecastError) in
      let index = try ImageIndex(decoding: bytes)
      precondition(index.encoded() == bytes)
      for (chunk, windows) in index.windowsByChunk().enumerated() {
        precondition(!windows.isEmpty)
        for window in windows {
          precondition(index.windows[window].contentLength == index.chunks[chunk].contentLength)
        }
      }
      for window in index.windows {
        let start = UInt64(window.number) * index.windowSize.rawValue
        let end = min(start + index.windowSize.rawValue, index.volumeLengths[window.volume].rawValue)
        for extent in window.extents { precondition(extent.start.rawValue >= start && extent.end.rawValue <= end) }
      }
    }
  }

  static func bencode(_ bytes: [UInt8]) {
    refusing([.malformed]) { () throws(DiecastError) in
      let again = try Bencode.decode(bytes, maximumItems: 1 << 20).encoded()
      precondition(again == bytes)
    }
  }

  static func torrent(_ bytes: [UInt8]) {
    refusing([.malformed, .unsupported]) { () throws(DiecastError) in
      let layout = try TorrentFile(decoding: bytes).layout
      for file in layout.files.prefix(16) {
        for piece in [file.firstPiece.int, file.firstPiece.int + file.pieceCount - 1] {
          let length = layout.length(of: PieceIndex(piece))
          precondition(length > .zero && length <= layout.pieceLength)
        }
        for part in file.path { precondition(part != ".." && part != "." && !part.isEmpty && !part.contains("/")) }
      }
      _ = layout.file(named: "manifest.json")
    }
  }

  static func announce(_ bytes: [UInt8]) {
    do throws(TrackerFailure) {
      let query = try QueryString(parsing: bytes)
      precondition(query.parameters.count <= QueryString.maximumParameters)
      let request = try AnnounceRequest(query)
      precondition(request.infoHash.count == 20 && request.peerID.count == 20 && request.port > 0)
      precondition((0...AnnounceRequest.maximumPeersWanted).contains(request.wanted))
    } catch {
      precondition(!error.encoded.isEmpty)
    }
  }

  static func http(_ bytes: [UInt8]) {
    let size = Int(bytes.first ?? 0) << Int((bytes.dropFirst().first ?? 0) % 40)
    let text = String(decoding: bytes.dropFirst(2), as: UTF8.self)
    if case .part(let range) = HTTPRange(text, size: size) {
      precondition(range.lowerBound >= 0 && range.upperBound < size)
    }
    if let host = HostHeader.validated(text) {
      precondition(host == text && host.utf8.allSatisfy { $0 > 32 && $0 < 127 })
      precondition(!host.contains(where: { "\"'<>&\\/?#@%".contains($0) }))
    }
  }

  static func domainMap(_ bytes: [UInt8]) {
    let whole = Result { () throws(DomainMap.Failure) in try DomainMap.parse(bytes) }
    // However it is cut, it says the same.
    let cut = Result { () throws(DomainMap.Failure) in
      var parser = DomainMapParser()
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = 1 + Int(rest[rest.startIndex]) % 7
        try parser.feed(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      return try parser.finish()
    }
    switch (whole, cut) {
    case (.success(let first), .success(let second)):
      precondition(first == second)
      precondition(first.used == first.used.coalesced() && first.used.allSatisfy { $0.end.rawValue <= first.end })
    case (.failure, .failure): break
    default: preconditionFailure("a map depends on where it is cut")
    }
  }
}

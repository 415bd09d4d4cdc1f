// SPDX-License-Identifier: GPL-3.0-or-later

internal import NIOCore

/// An image's torrent, cut once where a tracker's URL goes, so that each host
/// name by which the server is reached gets a torrent with that name in it.
/// The info dictionary is not decoded: its bytes are its hash.
struct TorrentFile: Sendable {
  private let original: ByteBuffer
  /// The torrent before and after the place of `announce`, without any
  /// `announce` or `announce-list` of its own; nil when it is not a torrent.
  private let cut: (head: ByteBuffer, tail: ByteBuffer)?

  init(_ bytes: [UInt8]) {
    original = ByteBuffer(bytes: bytes)
    cut = Self.entries(bytes).map { entries in
      let others = entries.filter {
        !$0.key.elementsEqual("announce".utf8) && !$0.key.elementsEqual("announce-list".utf8)
      }
      let before = others.filter { $0.key.lexicographicallyPrecedes("announce".utf8) }
      let after = others.filter { !$0.key.lexicographicallyPrecedes("announce".utf8) }
      func joined(_ entries: [Entry]) -> [UInt8] { entries.flatMap { bytes[$0.range] } }
      return (
        ByteBuffer(bytes: [UInt8(ascii: "d")] + joined(before)),
        ByteBuffer(bytes: joined(after) + [UInt8(ascii: "e")])
      )
    }
  }

  /// The torrent's bytes with this tracker; as they are when there is none.
  func parts(announce: String?) -> [ByteBuffer] {
    guard let announce, let cut else { return [original] }
    let entry = "8:announce\(announce.utf8.count):\(announce)"
    return [cut.head, ByteBuffer(string: entry), cut.tail]
  }

  private struct Entry {
    let key: ArraySlice<UInt8>
    /// The key and the value as encoded.
    let range: Range<Int>
  }

  /// The top level of a bencoded dictionary; nil for anything else.
  private static func entries(_ bytes: [UInt8]) -> [Entry]? {
    guard bytes.first == UInt8(ascii: "d") else { return nil }
    var entries: [Entry] = []
    var position = 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "e") {
      guard let key = string(bytes, at: position), let end = end(bytes, ofValueAt: key.upperBound) else { return nil }
      entries.append(Entry(key: bytes[key], range: position..<end))
      position = end
    }
    return position == bytes.count - 1 ? entries : nil
  }

  /// Where the bytes of the string encoded at `start` lie.
  private static func string(_ bytes: [UInt8], at start: Int) -> Range<Int>? {
    var length = 0
    var position = start
    while position < bytes.count, position - start <= 10, bytes[position] != UInt8(ascii: ":") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
      length = length * 10 + Int(bytes[position] - UInt8(ascii: "0"))
      position += 1
    }
    guard position > start, position < bytes.count, bytes[position] == UInt8(ascii: ":"),
      length <= bytes.count - position - 1
    else { return nil }
    return position + 1..<position + 1 + length
  }

  /// Where the value encoded at `start` ends; counts levels, so that depth costs nothing.
  private static func end(_ bytes: [UInt8], ofValueAt start: Int) -> Int? {
    var depth = 0
    var position = start
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "d"), UInt8(ascii: "l"):
        depth += 1
        position += 1
      case UInt8(ascii: "e"):
        guard depth > 0 else { return nil }
        depth -= 1
        position += 1
      case UInt8(ascii: "i"):
        guard let end = bytes[position...].prefix(24).firstIndex(of: UInt8(ascii: "e")) else { return nil }
        position = end + 1
      default:
        guard let text = string(bytes, at: position) else { return nil }
        position = text.upperBound
      }
      if depth == 0 { return position }
    }
    return nil
  }
}

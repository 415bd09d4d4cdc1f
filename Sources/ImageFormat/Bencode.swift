// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// The encoding of torrents and tracker answers (BEP 3).
public indirect enum Bencode: Sendable, Equatable {
  /// A whole number.
  case integer(Int64)
  /// A byte string.
  case bytes([UInt8])
  /// A list.
  case list([Bencode])
  /// A dictionary; keys are byte strings, sorted when encoded.
  case dictionary([[UInt8]: Bencode])

  /// A byte string of the text's UTF-8.
  public static func string(_ text: String) -> Bencode { .bytes(Array(text.utf8)) }

  /// A dictionary with text keys.
  public static func dictionary(text: [String: Bencode]) -> Bencode {
    .dictionary(Dictionary(uniqueKeysWithValues: text.map { (Array($0.utf8), $1) }))
  }

  /// A dictionary's value under a text key; nil for anything else.
  public subscript(key: String) -> Bencode? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries[Array(key.utf8)]
  }

  /// The whole number, or nil.
  public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
  /// The byte string, or nil.
  public var bytesValue: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }

  /// The encoded bytes.
  public func encoded() -> [UInt8] {
    var output: [UInt8] = []
    encode(into: &output)
    return output
  }

  private func encode(into output: inout [UInt8]) {
    switch self {
    case .integer(let value):
      output += Array("i\(value)e".utf8)
    case .bytes(let bytes):
      Self.encode(bytes: bytes, into: &output)
    case .list(let items):
      output.append(UInt8(ascii: "l"))
      for item in items { item.encode(into: &output) }
      output.append(UInt8(ascii: "e"))
    case .dictionary(let entries):
      output.append(UInt8(ascii: "d"))
      for (key, value) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        Self.encode(bytes: key, into: &output)
        value.encode(into: &output)
      }
      output.append(UInt8(ascii: "e"))
    }
  }

  private static func encode(bytes: [UInt8], into output: inout [UInt8]) {
    output += Array("\(bytes.count):".utf8)
    output += bytes
  }

  /// Decodes exactly one value that fills `bytes`. At most 64 levels deep and `maximumItems` values in all.
  public static func decode(
    _ bytes: [UInt8], what: String = "the torrent", maximumItems: Int = 8 << 20
  ) throws(DiecastError) -> Bencode {
    var decoder = BencodeDecoder(reader: ByteReader(bytes, what: what), itemsLeft: maximumItems)
    let value = try decoder.value(depth: 0)
    guard decoder.reader.remaining == 0 else { throw decoder.reader.malformed("bytes follow its end") }
    return value
  }
}

private struct BencodeDecoder {
  var reader: ByteReader
  var itemsLeft: Int

  mutating func value(depth: Int) throws(DiecastError) -> Bencode {
    guard depth < 64 else { throw reader.malformed("it is nested too deeply") }
    guard itemsLeft > 0 else { throw reader.malformed("it has too many values") }
    itemsLeft -= 1
    switch reader.peek() {
    case UInt8(ascii: "i"):
      _ = try reader.byte()
      return .integer(try number(until: UInt8(ascii: "e")))
    case UInt8(ascii: "l"):
      _ = try reader.byte()
      var items: [Bencode] = []
      while try !takeEnd() { items.append(try value(depth: depth + 1)) }
      return .list(items)
    case UInt8(ascii: "d"):
      _ = try reader.byte()
      var entries: [[UInt8]: Bencode] = [:]
      var previous: [UInt8]?
      while try !takeEnd() {
        let key = try string()
        if let previous, !previous.lexicographicallyPrecedes(key) { throw reader.malformed("its keys are not sorted") }
        previous = key
        entries[key] = try value(depth: depth + 1)
      }
      return .dictionary(entries)
    default:
      return .bytes(try string())
    }
  }

  private mutating func takeEnd() throws(DiecastError) -> Bool {
    guard reader.peek() == UInt8(ascii: "e") else { return false }
    _ = try reader.byte()
    return true
  }

  private mutating func string() throws(DiecastError) -> [UInt8] {
    let length = try number(until: UInt8(ascii: ":"))
    guard length >= 0 else { throw reader.malformed("a string has a negative length") }
    guard length <= Int64(reader.remaining) else { throw reader.malformed("a string passes the end") }
    return Array(try reader.take(Int(length)))
  }

  private mutating func number(until end: UInt8) throws(DiecastError) -> Int64 {
    var text: [UInt8] = []
    while true {
      let byte = try reader.byte()
      if byte == end { break }
      text.append(byte)
      guard text.count <= 20 else { throw reader.malformed("a number is too long") }
    }
    // Only the canonical form: no leading zeros, no plus sign, no minus zero.
    let string = String(decoding: text, as: UTF8.self)
    guard let value = Int64(string), String(value) == string else { throw reader.malformed("not a number") }
    return value
  }
}

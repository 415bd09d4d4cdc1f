// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// One entry's 128 bytes (UEFI specification, 5.3.3).
extension GPTPartition {
  /// Bytes of a name: 36 UTF-16 units.
  static let nameBytes = 72

  /// The entry that is number `number`, or nil when it is unused.
  init?(decoding bytes: [UInt8], number: Int) {
    guard let type = GUID(bytes[0..<16]), let unique = GUID(bytes[16..<32]), !type.isZero else { return nil }
    let raw = Array(bytes[56..<128])
    let name = Self.name(raw)
    self.init(
      number: number, typeGUID: type, guid: unique, firstSector: bytes.uint64(at: 32),
      lastSector: bytes.uint64(at: 40), attributes: Array(bytes[48..<56].reversed()).hex, name: name,
      rawName: Self.nameField(name) == raw ? nil : raw.hex)
  }

  /// The entry's 128 bytes. Only of a validated table.
  var encoded: [UInt8] {
    var bytes = typeGUID.bytes + guid.bytes + [UInt8](repeating: 0, count: 16)
    bytes.put(firstSector, at: 32)
    bytes.put(lastSector, at: 40)
    bytes += ([UInt8](lowercaseHex: attributes) ?? []).reversed()
    bytes += rawName.flatMap { [UInt8](lowercaseHex: $0) } ?? Self.nameField(name) ?? []
    return bytes
  }

  /// The text of a name's 72 bytes: UTF-16, little-endian, up to the first NUL;
  /// what is not UTF-16 becomes U+FFFD.
  static func name(_ raw: [UInt8]) -> String {
    let units = stride(from: 0, to: raw.count - 1, by: 2).map { raw.uint16(at: $0) }
    return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
  }

  /// The 72 bytes that stand for `name`, padded with zeros; nil when it does not fit.
  static func nameField(_ name: String) -> [UInt8]? {
    // Counted on UTF-8 first, so that a name of any length costs nothing.
    guard name.utf8.count <= nameBytes * 2, name.utf16.count <= nameBytes / 2 else { return nil }
    var bytes = [UInt8](repeating: 0, count: nameBytes)
    for (index, unit) in name.utf16.enumerated() { bytes.put(unit, at: index * 2) }
    return bytes
  }

  /// Checks what `encoded` relies on, for a partition from outside.
  func validateFields() throws(DiecastError) {
    func malformed(_ problem: String) -> DiecastError { TableCheck.malformed("partition \(number) \(problem)") }
    guard !typeGUID.isZero else { throw malformed("has no type") }
    guard attributes.utf8.count == 16, [UInt8](lowercaseHex: attributes) != nil else {
      throw malformed("has attributes that are not 16 hexadecimal digits")
    }
    if let rawName {
      guard rawName.utf8.count == Self.nameBytes * 2, let raw = [UInt8](lowercaseHex: rawName) else {
        throw malformed("has a raw name that is not \(Self.nameBytes) bytes in hexadecimal")
      }
      // Compared by units: String's own equality takes different spellings of a letter for the same.
      guard Self.name(raw).utf16.elementsEqual(name.utf16), Self.nameField(name) != raw else {
        throw malformed("has a name and a raw name that do not belong together")
      }
    } else {
      guard let field = Self.nameField(name), Self.name(field).utf16.elementsEqual(name.utf16) else {
        throw malformed("has a name that does not fit 36 UTF-16 units")
      }
    }
  }
}

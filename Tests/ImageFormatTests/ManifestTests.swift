// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import ImageFormat
import Testing

/// The sample manifest as a JSON object that a test may change.
private func edited(_ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
  let bytes = try Samples.manifest(for: Samples.smallIndex()).encoded()
  var object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  change(&object)
  return Array(try JSONSerialization.data(withJSONObject: object))
}

private func edit(_ path: [String], _ value: Any?) throws -> [UInt8] {
  func set(_ object: inout [String: Any], _ path: ArraySlice<String>) {
    guard let key = path.first else { return }
    if path.count == 1 {
      object[key] = value
    } else if var inner = object[key] as? [String: Any] {
      set(&inner, path.dropFirst())
      object[key] = inner
    } else if var list = object[key] as? [[String: Any]], !list.isEmpty {
      set(&list[0], path.dropFirst())
      object[key] = list
    }
  }
  return try edited { set(&$0, path[...]) }
}

private func decode(_ bytes: [UInt8]) throws { _ = try Manifest(decoding: bytes) }

@Suite struct ManifestTests {
  @Test(arguments: 0..<20 as Range<UInt64>) func manifestsRoundTripByteForByte(_ seed: UInt64) throws {
    let manifest = Samples.manifest(for: Samples.index(seed: seed))
    let bytes = try manifest.encoded()
    let decoded = try Manifest(decoding: bytes)
    #expect(decoded == manifest)
    #expect(try decoded.encoded() == bytes)
    #expect(bytes.last == UInt8(ascii: "\n"))
    #expect(!bytes.contains(UInt8(ascii: " ")) || manifest.tool.contains(" "))
  }

  @Test func theIDIsTheDigestOfTheBytes() throws {
    let image = try Samples.image()
    #expect(image.id == Hashing.sha256(image.manifestBytes).hex)
    #expect(image.fullName == "golden@2026-11-21")
  }

  @Test func anUnknownMajorVersionIsUnsupportedAndNamed() throws {
    let error = #expect(throws: DiecastError.self) { try decode(try edit(["format", "major"], 2)) }
    #expect(error?.code == .unsupported)
    #expect(error?.sentence.contains("2.0") == true)
  }

  /// A newer format may look like anything apart from its version.
  @Test func anUnknownMajorVersionIsNamedWhateverElseIsThere() {
    let error = #expect(throws: DiecastError.self) {
      try decode(Array(#"{"format":{"major":7,"minor":3,"features":["x"]},"disks":7}"#.utf8))
    }
    #expect(error?.code == .unsupported && error?.sentence.contains("7.3") == true)
  }

  @Test func anUnknownFeatureIsUnsupportedAndNamed() throws {
    let error = #expect(throws: DiecastError.self) { try decode(try edit(["format", "features"], ["holograms"])) }
    #expect(error?.code == .unsupported)
    #expect(error?.sentence.contains("holograms") == true)
  }

  @Test func aNewerMinorVersionAndUnknownKeysAreFine() throws {
    #expect(throws: Never.self) { try decode(try edit(["format", "minor"], 9)) }
    #expect(throws: Never.self) { try decode(try edit(["future"], ["a": 1])) }
  }

  @Test(arguments: [
    ["format"], ["format", "major"], ["format", "features"], ["tool"], ["name"], ["version"], ["created"], ["codec"],
    ["codec", "level"], ["windowSize"], ["mergeGap"], ["disks"], ["disks", "size"], ["disks", "table"],
    ["disks", "table", "type"], ["volumes"], ["volumes", "start"], ["volumes", "length"], ["volumes", "map"],
    ["index"], ["index", "digest"], ["totals"], ["totals", "chunkBytes"],
  ])
  func aMissingKeyIsMalformedAndNamed(_ path: [String]) throws {
    let error = #expect(throws: DiecastError.self) { try decode(try edit(path, nil)) }
    #expect(error?.code == .malformed)
    #expect(error?.sentence.contains(path.last ?? "?") == true, "\(String(describing: error))")
  }

  /// Numbers that a careless reader would add, multiply or allocate.
  @Test(arguments: [
    ["created"], ["codec", "level"], ["windowSize"], ["mergeGap"], ["disks", "size"], ["disks", "logicalSectorSize"],
    ["volumes", "disk"], ["volumes", "start"], ["volumes", "length"], ["volumes", "usedBytes"], ["index", "length"],
    ["totals", "windows"], ["totals", "contentBytes"], ["format", "major"],
  ])
  func hostileNumbersAreTypedErrors(_ path: [String]) throws {
    let marker = "\"@@\""
    let text = String(decoding: try edit(path, "@@"), as: UTF8.self)
    #expect(text.contains(marker))
    for number in [
      "-1", "1e400", "-1e400", "1.5", "99999999999999999999999", "null", "true", "[]", "{}", "\"7\"", "NaN", "",
    ] {
      let bytes = Array(text.replacingOccurrences(of: marker, with: number).utf8)
      if path == ["codec", "level"], number == "-1" { continue }
      let code = thrownCode { _ = try StoredImage(manifestBytes: bytes, indexBytes: Samples.smallIndex().encoded()) }
      #expect(code == .malformed || path == ["format", "major"] && code == .unsupported, "\(path) \(number)")
    }
    // Whatever fits 64 bits must not trap, here or when the index is looked at.
    for number in ["18446744073709551615", "9223372036854775807", "9223372036854775808", "0"] {
      let bytes = Array(text.replacingOccurrences(of: marker, with: number).utf8)
      let code = thrownCode { _ = try StoredImage(manifestBytes: bytes, indexBytes: Samples.smallIndex().encoded()) }
      #expect([nil, .malformed, .unsupported, .corrupt].contains(code), "\(path) \(number)")
    }
  }

  /// Plans subtract and add these; a manifest that lies about them is refused.
  @Test(arguments: ["contentBytes", "zeroBytes", "windows", "chunks", "chunkBytes", "usedBytes"])
  func sumsThatDoNotBelongToTheIndexAreRefused(_ key: String) throws {
    for number in [0, 1, Int.max] {
      let bytes = try edit(["totals", key], number)
      let code = thrownCode { _ = try StoredImage(manifestBytes: bytes, indexBytes: Samples.smallIndex().encoded()) }
      #expect(code == .malformed, "\(key) \(number)")
    }
  }

  @Test(arguments: ["label", "uuid", "filesystem"]) func textsForTerminalsHaveNoControlCharacters(_ key: String) throws
  {
    let bytes = try edit(["volumes", key], "a\u{1b}[2Jb")
    #expect {
      try decode(bytes)
    } throws: {
      ($0 as? DiecastError)?.code == .malformed
    }
  }

  @Test func volumesMustNotOverlap() throws {
    let index = Samples.smallIndex()
    var manifest = Samples.manifest(for: index)
    manifest.disks[0].size = .mib(1)
    var second = manifest.volumes[0]
    second.start = ByteOffset(manifest.volumes[0].length.rawValue)
    manifest.volumes.append(second)
    #expect(throws: Never.self) { try decode(try manifest.encoded()) }
    manifest.volumes[1].start = ByteOffset(manifest.volumes[0].length.rawValue - 512)
    #expect(thrownCode { try decode(try manifest.encoded()) } == .malformed)
    manifest.volumes.swapAt(0, 1)
    #expect(thrownCode { try decode(try manifest.encoded()) } == .malformed)
  }

  @Test func volumesMustLieOnTheirDiskInWholeSectors() throws {
    let good = Samples.manifest(for: Samples.smallIndex())
    let changes: [(inout Manifest) -> Void] = [
      { $0.volumes[0].start = ByteOffset(512) },
      { $0.volumes[0].length = ByteCount(good.disks[0].size.rawValue + 512) },
      { $0.volumes[0].length = .zero }, { $0.volumes[0].length = ByteCount(1000) },
      { $0.volumes[0].start = ByteOffset(.max) }, { $0.volumes[0].disk = 1 }, { $0.volumes[0].disk = -1 },
      { $0.volumes[0].unread = [UnreadRange(start: .zero, length: ByteCount(UInt64.max))] },
      { $0.volumes[0].unread = [UnreadRange(start: ByteOffset(good.disks[0].size.rawValue), length: ByteCount(1))] },
      { $0.volumes[0].usedBytes = ByteCount(UInt64.max) },
      { $0.disks = [] }, { $0.disks.append(good.disks[0]) }, { $0.disks[0].size = .zero },
      { $0.disks[0].size = ByteCount(1 << 61) }, { $0.disks[0].logicalSectorSize = ByteCount(513) },
      { $0.disks[0].physicalSectorSize = ByteCount(256) }, { $0.windowSize = ByteCount(65_537) },
      { $0.mergeGap = ByteCount(good.windowSize.rawValue + 1) }, { $0.codec.level = 23 }, { $0.codec.level = .min },
      { $0.name = "../etc" }, { $0.name = "" }, { $0.version = "a/b" }, { $0.index.digest = "00" },
      { $0.index.length = ByteCount(Limits.indexBytes + 1) },
      { $0.volumes = Array(repeating: good.volumes[0], count: Limits.volumes + 1) },
    ]
    for (number, change) in changes.enumerated() {
      var manifest = good
      change(&manifest)
      #expect(thrownCode { try decode(try manifest.encoded()) } == .malformed, "change \(number)")
    }
    var other = good
    other.codec.name = "lzma"
    #expect(thrownCode { try decode(try other.encoded()) } == .unsupported)
  }

  @Test func anIndexOfAnotherImageIsRefused() throws {
    let image = try Samples.image()
    var bytes = image.indexBytes
    bytes[bytes.count - 1] ^= 1
    let other = Samples.index(seed: 8).encoded()
    #expect(thrownCode { _ = try StoredImage(manifestBytes: image.manifestBytes, indexBytes: other) } == .corrupt)
    var manifest = image.manifest
    manifest.index = .init(digest: Hashing.sha256(other).hex, length: ByteCount(other.count))
    let claims = try manifest.encoded()
    #expect(thrownCode { _ = try StoredImage(manifestBytes: claims, indexBytes: other) } == .malformed)
  }

  @Test func extentsMustLieOnWholeSectors() throws {
    let index = Samples.smallIndex()
    var manifest = Samples.manifest(for: index)
    manifest.disks[0].logicalSectorSize = .kib(4)
    #expect(throws: Never.self) { _ = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: index.encoded()) }
    manifest.disks[0].logicalSectorSize = .kib(8)
    let code = thrownCode { _ = try StoredImage(manifestBytes: manifest.encoded(), indexBytes: index.encoded()) }
    #expect(code == .malformed)
  }

  @Test(arguments: [100, 511, 5000, 200_000]) func deepNestingIsMalformedNotACrash(_ depth: Int) {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      #expect(thrownCode { try decode(Array(text.utf8)) } == .malformed)
      #expect(thrownCode { try decode(Array(#"{"format":\#(text)}"#.utf8)) } == .malformed)
      #expect(thrownCode { try decode(Array(String(repeating: open, count: depth).utf8)) } == .malformed)
    }
  }

  @Test func bytesThatAreNoJSONAreMalformed() throws {
    for bytes in [[], [0], [0xff, 0xfe], Array("{".utf8), Array("null".utf8), Array("[]".utf8)] as [[UInt8]] {
      #expect(thrownCode { try decode(bytes) } == .malformed)
    }
    #expect(thrownCode { try decode([UInt8](repeating: 0x20, count: Limits.manifestBytes + 1)) } == .malformed)
  }

  @Test func everyTruncationAndManyChangesAreTypedErrors() throws {
    let bytes = try Samples.manifest(for: Samples.smallIndex()).encoded()
    for count in 0..<(bytes.count - 1) {
      #expect(thrownCode { try decode(Array(bytes[..<count])) } == .malformed, "\(count)")
    }
    for position in bytes.indices {
      for change: UInt8 in [0x01, 0x10, 0x80] {
        var changed = bytes
        changed[position] ^= change
        do { try decode(changed) } catch { #expect(error is DiecastError) }
      }
    }
  }
}

@Suite struct ImageNameTests {
  @Test(arguments: ["golden", "a", "A.b_c-9", "golden@2026-11-20", "0@0", String(repeating: "x", count: 64)])
  func goodNamesParseAndPrint(_ text: String) throws {
    #expect(try ImageName(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "@", "a@", "@1", ".hidden", "-x", "_x", "..", "a/b", "a b", "ä", "a@b@c", "a\0", "a\n", "a@..",
    String(repeating: "x", count: 65),
  ])
  func namesThatAreNoPathComponentAreRefused(_ text: String) {
    #expect(thrownCode { _ = try ImageName(parsing: text) } == .usage)
  }
}

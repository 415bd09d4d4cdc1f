// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import Testing

@testable import ImageFormat

private let sector = ByteCount(UInt64(512))

private let sgdisk = "/usr/sbin/sgdisk"
private let hasSgdisk = FileManager.default.isExecutableFile(atPath: sgdisk)

private func guid(_ text: String) -> GUID {
  guard let guid = GUID(text) else { preconditionFailure("\(text) is no GUID") }
  return guid
}

/// Sector 0 with one protective entry.
private func protective(_ sectorSize: ByteCount, entrySize: UInt32 = 1) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: sectorSize.int)
  bytes[450] = 0xee
  bytes.put(UInt32(1), at: 454)
  bytes.put(entrySize, at: 458)
  (bytes[510], bytes[511]) = (0x55, 0xaa)
  return bytes
}

private func sample(_ sectorSize: ByteCount = sector, entries: Int = 128) -> GPTTable {
  let first = 2 + GPTCodec.entrySectors(entries, sectorSize)
  return GPTTable(
    diskGUID: guid("01234567-89AB-CDEF-0123-456789ABCDEF"), entryCount: entries, firstUsableSector: first,
    bootSector: protective(sectorSize).hex,
    partitions: [
      GPTPartition(
        number: 1, typeGUID: guid("C12A7328-F81F-11D2-BA4B-00A0C93EC93B"),
        guid: guid("11111111-2222-3333-4444-555555555555"), firstSector: 64, lastSector: 127,
        attributes: "0000000000000001", name: "EFI"),
      GPTPartition(
        number: 4, typeGUID: guid("0FC63DAF-8483-4772-8E79-3D69D8477DE4"),
        guid: guid("11111111-2222-3333-4444-666666666666"), firstSector: 128, lastSector: 1023,
        attributes: "8000000000000004", name: "Wurzel ö 🌳"),
    ])
}

/// Decodes the copy whose header is at `header`.
private func decode(
  boot: [UInt8], header: [UInt8], at number: UInt64, entries: [UInt8], _ sectorSize: ByteCount, _ size: ByteCount
) throws -> GPTTable {
  let header = try GPTHeader(parsing: header, at: number, sectorSize: sectorSize, diskSize: size)
  return try GPTCodec.decode(
    bootSector: boot, header: header, entries: Array(entries.prefix(header.entriesRange.length.int)),
    sectorSize: sectorSize)
}

@Suite struct GPTCodecTests {
  @Test(.enabled(if: hasSgdisk, "sgdisk is not installed")) func readsAndRewritesWhatSgdiskWrites() throws {
    let size = ByteCount.mib(64)
    let disk = try ScratchDisk(size: size)
    let options = "-n1:2048:10239 -t1:ef00 -c1:EFI -n3:0:+8M -t3:8300 -c3:größe -A3:set:2 -A3:set:63"
    let made = try ScratchDisk.run(sgdisk, options.split(separator: " ").map(String.init) + [disk.path])
    #expect(made.status == 0, "\(made.output)")
    let boot = try disk.read(0, 512)
    let last = size.rawValue / 512 - 1
    let header = try GPTHeader(parsing: disk.read(512, 512), at: 1, sectorSize: sector, diskSize: size)
    let entries = try disk.read(header.entriesRange.start.rawValue, header.entriesRange.length.int)
    let table = try GPTCodec.decode(bootSector: boot, header: header, entries: entries, sectorSize: sector)

    #expect(table.partitions.map(\.number) == [1, 3])
    #expect(table.partitions.map(\.name) == ["EFI", "größe"])
    #expect(table.partitions.map(\.rawName) == [nil, nil])
    for part in table.partitions {
      let info = try ScratchDisk.run(sgdisk, ["-i\(part.number)", disk.path]).output
      #expect(info.contains("GUID code: \(part.typeGUID)"))
      #expect(info.contains("unique GUID: \(part.guid)"))
      #expect(info.contains("First sector: \(part.firstSector) "))
      #expect(info.contains("Last sector: \(part.lastSector) "))
      #expect(info.contains("Attribute flags: \(part.attributes.uppercased())"))
    }
    let image = try GPTCodec.encode(table, sectorSize: sector, diskSize: size)
    for part in image.parts { #expect(try disk.read(part.offset.rawValue, part.bytes.count) == part.bytes) }
    #expect(image.backupHeader.offset.rawValue == last * 512)

    let larger = try ScratchDisk(size: .mib(200))
    for part in try GPTCodec.encode(table, sectorSize: sector, diskSize: .mib(200)).parts { try larger.write(part) }
    let info = try ScratchDisk.run(sgdisk, ["-v", "-p", larger.path]).output
    for words in ["No problems found", "last usable sector is 409566"] { #expect(info.contains(words), "\(info)") }
  }

  @Test(arguments: [512, 4096], [128, 4, 56, 1024])
  func roundTrips(sectorSize: UInt64, entries: Int) throws {
    let unit = ByteCount(sectorSize)
    var table = sample(unit, entries: entries)
    table.partitions = table.partitions.map { part in
      var part = part
      (part.firstSector, part.lastSector) = (part.firstSector + 4096, part.lastSector + 4096)
      return part
    }
    let size = ByteCount.mib(64)
    let image = try GPTCodec.encode(table, sectorSize: unit, diskSize: size)
    let last = size.rawValue / sectorSize - 1
    var expected = table
    expected.bootSector = image.bootSector.bytes.hex
    #expect(image.bootSector.bytes.uint32(at: 458) == UInt32(last))
    let copies = [(image.primaryHeader, image.primaryEntries, 1), (image.backupHeader, image.backupEntries, last)]
    for (header, entries, number) in copies {
      let copy = try decode(
        boot: image.bootSector.bytes, header: header.bytes, at: number, entries: entries.bytes, unit, size)
      #expect(copy == expected)
    }
    #expect(try GPTCodec.encode(expected, sectorSize: unit, diskSize: size) == image)
  }

  @Test func fitsExactlyTheMinimum() throws {
    let needed = try GPTCodec.minimumDiskSize(sample(), sectorSize: sector)
    #expect(needed.rawValue == (1024 + 33) * 512)
    _ = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: needed)
    for smaller in [needed.rawValue - 512, needed.rawValue - 1, 512, 0] {
      #expect(
        thrownCode { _ = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: ByteCount(smaller)) } == .refused)
    }
  }

  @Test func leavesHybridMBRAlone() throws {
    var boot = protective(sector, entrySize: 33)
    boot[466] = 0x83
    boot.put(UInt32(64), at: 470)
    boot.put(UInt32(64), at: 474)
    var table = sample()
    table.bootSector = boot.hex
    #expect(try GPTCodec.encode(table, sectorSize: sector, diskSize: .mib(64)).bootSector.bytes == boot)
  }

  @Test func keepsNamesThatAreNotText() throws {
    var table = sample()
    var raw = [UInt8](repeating: 0, count: 72)
    raw.put(UInt16(0xd800), at: 0)  // Half of a pair.
    raw.put(UInt16(0x41), at: 10)  // Something behind the NUL.
    table.partitions[0].name = "\u{fffd}"
    table.partitions[0].rawName = raw.hex
    let image = try GPTCodec.encode(table, sectorSize: sector, diskSize: .mib(64))
    #expect(Array(image.primaryEntries.bytes[56..<128]) == raw)
    let copy = try decode(
      boot: image.bootSector.bytes, header: image.primaryHeader.bytes, at: 1, entries: image.primaryEntries.bytes,
      sector, .mib(64))
    #expect(copy.partitions == table.partitions)
  }

  @Test func everyFlippedBitIsFoundOrMeansNothing() throws {
    let size = ByteCount.mib(4)
    let image = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: size)
    let good = try GPTHeader(parsing: image.primaryHeader.bytes, at: 1, sectorSize: sector, diskSize: size)
    for bit in 0..<512 * 8 {
      var header = image.primaryHeader.bytes
      header[bit / 8] ^= 1 << (bit % 8)
      do {
        let parsed = try GPTHeader(parsing: header, at: 1, sectorSize: sector, diskSize: size)
        // Behind the 92 bytes that the header claims, nothing means anything.
        #expect(bit >= 92 * 8 && parsed == good)
      } catch {
        #expect(error.code == .malformed)
      }
    }
    for bit in stride(from: 0, to: 512 * 8, by: 7) {
      var entries = image.primaryEntries.bytes
      entries[bit / 8] ^= 1 << (bit % 8)
      #expect(
        thrownCode {
          _ = try decode(
            boot: image.bootSector.bytes, header: image.primaryHeader.bytes, at: 1, entries: entries, sector, size)
        } == .malformed)
    }
  }

  /// A header whose checksum is right although its numbers are not.
  @Test(arguments: [UInt64(0), 1, 2, 33, 1 << 31, 1 << 32, 1 << 62, .max - 1, .max], [24, 32, 40, 48, 72, 80, 84, 12])
  func hostileHeadersNeverTrap(value: UInt64, place: Int) throws {
    let size = ByteCount.mib(4)
    let image = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: size)
    var header = image.primaryHeader.bytes
    if place == 80 || place == 84 || place == 12 {
      header.put(UInt32(truncatingIfNeeded: value), at: place)
    } else {
      header.put(value, at: place)
    }
    header.put(UInt32(0), at: 16)
    header.put(CRC32.checksum(header[..<92]), at: 16)
    let found = thrownCode {
      let parsed = try GPTHeader(parsing: header, at: 1, sectorSize: sector, diskSize: size)
      #expect(parsed.entriesRange.end.rawValue <= size.rawValue)
      #expect(parsed.entriesRange.length.int <= Limits.gptEntries * 128)
    }
    #expect(found == nil || found == .malformed || found == .unsupported)
  }

  @Test func truncatedInputIsMalformed() throws {
    let size = ByteCount.mib(4)
    let image = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: size)
    for count in [0, 1, 91, 92, 511] {
      let short = Array(image.primaryHeader.bytes.prefix(count))
      #expect(
        thrownCode { _ = try GPTHeader(parsing: short, at: 1, sectorSize: sector, diskSize: size) } == .malformed)
    }
    let header = try GPTHeader(parsing: image.primaryHeader.bytes, at: 1, sectorSize: sector, diskSize: size)
    for count in [0, 127, 128, 128 * 128 - 1] {
      let short = Array(image.primaryEntries.bytes.prefix(count))
      #expect(
        thrownCode {
          _ = try GPTCodec.decode(
            bootSector: image.bootSector.bytes, header: header, entries: short, sectorSize: sector)
        } == .malformed)
    }
  }

  @Test func hostileManifestsAreMalformed() throws {
    let changes: [(inout GPTTable) -> Void] = [
      { $0.entryCount = 0 }, { $0.entryCount = -1 }, { $0.entryCount = .max }, { $0.entryCount = 3 },
      { $0.firstUsableSector = 0 }, { $0.firstUsableSector = 65 }, { $0.firstUsableSector = .max },
      { $0.bootSector = "" }, { $0.bootSector = String(repeating: "0", count: 1024) }, { $0.bootSector += "00" },
      { $0.bootSector = String(repeating: "zz", count: 512) },
      { $0.partitions[0].number = 0 }, { $0.partitions[0].number = .min }, { $0.partitions[1].number = 1 },
      { $0.partitions[1].number = 129 }, { $0.partitions[1].number = .max }, { $0.partitions.reverse() },
      { $0.partitions[0].firstSector = 0 }, { $0.partitions[0].lastSector = 63 }, { $0.partitions[0].lastSector = 128 },
      { $0.partitions[1].lastSector = .max }, { $0.partitions[1].firstSector = .max },
      { $0.partitions[1].firstSector = 127 }, { $0.partitions[1].lastSector = 1 << 62 },
      { $0.partitions[0].attributes = "" }, { $0.partitions[0].attributes = "000000000000000G" },
      { $0.partitions[0].attributes = "00000000000000000" }, { $0.partitions[0].attributes = "000000000000000F" },
      { $0.partitions[0].name = String(repeating: "x", count: 37) }, { $0.partitions[0].name = "a\0b" },
      { $0.partitions[0].name = String(repeating: "x", count: 1 << 20) },
      { $0.partitions[0].rawName = "" }, { $0.partitions[0].rawName = String(repeating: "0", count: 144) },
      { $0.partitions[0].typeGUID = guid("00000000-0000-0000-0000-000000000000") },
      { $0.partitions += Array(repeating: $0.partitions[0], count: 200) },
    ]
    for (index, change) in changes.enumerated() {
      var table = sample()
      change(&table)
      #expect(thrownCode { try GPTCodec.validate(table, sectorSize: sector) } == .malformed, "change \(index)")
      #expect(
        thrownCode { _ = try GPTCodec.encode(table, sectorSize: sector, diskSize: .mib(4)) } == .malformed,
        "change \(index)")
    }
    for odd in [UInt64(0), 1, 511, 513, 1 << 20, .max] {
      #expect(thrownCode { try GPTCodec.validate(sample(), sectorSize: ByteCount(odd)) } == .unsupported)
    }
    #expect(
      thrownCode { _ = try GPTCodec.encode(sample(), sectorSize: sector, diskSize: ByteCount(UInt64.max)) }
        == .unsupported)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import Testing

@testable import ImageFormat

private let sector = ByteCount(UInt64(512))
private let size = ByteCount.mib(64)
private let sfdisk = "/usr/sbin/sfdisk"
private let hasSfdisk = FileManager.default.isExecutableFile(atPath: sfdisk)

private typealias Entry = (type: UInt8, start: UInt32, count: UInt32)

private func record(_ entries: Entry?..., active: Int? = nil, unit: Int = 512) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: unit)
  for case (let index, let entry?) in entries.enumerated() {
    bytes[446 + index * 16 + 4] = entry.type
    bytes.put(entry.start, at: 446 + index * 16 + 8)
    bytes.put(entry.count, at: 446 + index * 16 + 12)
  }
  if let active { bytes[446 + active * 16] = 0x80 }
  (bytes[510], bytes[511]) = (0x55, 0xaa)
  return bytes
}

/// A primary, and an extended partition with logical ones at 1100, 1600 and 1700.
private let plain: [UInt64: [UInt8]] = [
  0: record((0x83, 100, 900), (0x0f, 1000, 1000), active: 0),
  1000: record((0x83, 100, 300), (0x05, 500, 200)),
  1500: record((0x82, 100, 20), (0x05, 650, 350)),
  1650: record((0x07, 50, 300), nil),
]

private func decode(
  _ sectors: [UInt64: [UInt8]], diskSize: ByteCount = size, unit: ByteCount = sector
) throws(DiecastError) -> MBRTable {
  try MBRCodec.decode(sectorSize: unit, diskSize: diskSize) { (number) throws(DiecastError) in
    sectors[number] ?? [UInt8](repeating: 0, count: unit.int)
  }
}

private func code(_ body: () throws -> Void) -> DiecastError.Code? {
  do { try body() } catch { return (error as? DiecastError)?.code }
  return nil
}

@Suite struct MBRCodecTests {
  @Test func readsTheChain() throws {
    let table = try decode(plain)
    #expect(table.partitions.map(\.number) == [1, 2, 5, 6, 7])
    #expect(table.partitions.map(\.firstSector) == [100, 1000, 1100, 1600, 1700])
    #expect(table.partitions.map(\.sectorCount) == [900, 1000, 300, 20, 300])
    #expect(table.partitions.map(\.isBootable) == [true, false, false, false, false])
    #expect(table.extendedBootRecords.map(\.sector) == [1000, 1500, 1650])
    #expect(try MBRCodec.minimumDiskSize(table, sectorSize: sector).rawValue == 2000 * 512)
    for part in try MBRCodec.encode(table, sectorSize: sector, diskSize: ByteCount(UInt64(2000 * 512))).parts {
      #expect(plain[part.offset.rawValue / 512] == part.bytes)
    }
    #expect(
      code { _ = try MBRCodec.encode(table, sectorSize: sector, diskSize: ByteCount(UInt64(1999 * 512))) } == .refused)
  }

  @Test(.enabled(if: hasSfdisk, "sfdisk is not installed")) func readsAndRewritesWhatSfdiskWrites() throws {
    let disk = try ScratchDisk(size: size)
    let script = """
      label: dos
      start=2048,size=20000,type=83,bootable
      type=5
      size=8000,type=83
      size=8000,type=82
      size=8000,type=7

      """
    let made = try ScratchDisk.run(sfdisk, [disk.path], input: script)
    #expect(made.status == 0, "\(made.output)")
    let table = try MBRCodec.decode(sectorSize: sector, diskSize: size) { (number) throws(DiecastError) in
      do { return try disk.read(number * 512, 512) } catch { throw DiecastError(.readFailed, "\(error)") }
    }
    let dump = try ScratchDisk.run(sfdisk, ["-d", disk.path]).output.filter { $0 != " " }
    for part in table.partitions {
      let type = String(part.type, radix: 16)
      #expect(
        dump.contains("disk.img\(part.number):start=\(part.firstSector),size=\(part.sectorCount),type=\(type)"),
        "\(part) in \(dump)")
    }
    #expect(table.partitions.map(\.number) == [1, 2, 5, 6, 7])
    let copy = try ScratchDisk(size: size)
    for part in try MBRCodec.encode(table, sectorSize: sector, diskSize: size).parts {
      #expect(try disk.read(part.offset.rawValue, part.bytes.count) == part.bytes)
      try copy.write(part)
    }
    #expect(
      try ScratchDisk.run("/usr/bin/cmp", [disk.path, copy.path]).status == 0,
      "sfdisk wrote a sector that is not in the table")
  }

  @Test func sectorsOf4096Bytes() throws {
    let sectors: [UInt64: [UInt8]] = [
      0: record((0x83, 256, 256), (0x05, 512, 256), unit: 4096), 512: record((0x83, 8, 100), unit: 4096),
    ]
    let table = try decode(sectors, unit: .kib(4))
    #expect(table.partitions.map(\.firstSector) == [256, 512, 520])
    #expect(try MBRCodec.minimumDiskSize(table, sectorSize: .kib(4)).rawValue == 768 * 4096)
    #expect(code { try MBRCodec.validate(table, sectorSize: sector) } == .malformed)
  }

  @Test func emptyExtendedPartitions() throws {
    var sectors = plain
    sectors[1000] = record()
    #expect(try decode(sectors).partitions.map(\.number) == [1, 2])
    sectors[1000] = [UInt8](repeating: 0x42, count: 512)
    let table = try decode(sectors)
    #expect(table.partitions.map(\.number) == [1, 2])
    try MBRCodec.validate(table, sectorSize: sector)
    // A record that only links describes nothing, and takes no number.
    sectors = plain
    sectors[1000] = record(nil, (0x05, 500, 200))
    #expect(try decode(sectors).partitions.map(\.number) == [1, 2, 5, 6])
  }

  @Test func hostileTablesAreMalformed() throws {
    let max = UInt32.max
    let cases: [(String, [UInt64: [UInt8]])] = [
      ("no signature", [0: [UInt8](repeating: 0, count: 512)]),
      ("short", [0: [0x55, 0xaa]]),
      ("empty sector", [0: []]),
      ("protective", [0: record((0xee, 1, 1000))]),
      ("starts at 0", [0: record((0x83, 0, 100))]),
      ("outside", [0: record((0x83, 131_000, 100))]),
      ("far outside", [0: record((0x83, max, max))]),
      ("overlap", [0: record((0x83, 100, 100), (0x83, 199, 100))]),
      ("same", [0: record((0x83, 100, 100), (0x83, 100, 100))]),
      ("cyclic", [1000: record((0x83, 100, 300), (0x05, 0, 1000))]),
      ("itself", [1500: record((0x83, 100, 20), (0x05, 500, 200))]),
      ("backwards", [1650: record((0x07, 50, 300), (0x05, 500, 200))]),
      ("link outside", [1000: record((0x83, 100, 300), (0x05, 1000, 200))]),
      ("link far outside", [1000: record((0x83, 100, 300), (0x05, max, max))]),
      ("logical outside", [1650: record((0x07, 50, 301))]),
      ("logical far outside", [1650: record((0x07, max, max))]),
      ("logical over its record", [1650: record((0x07, 0, 300))]),
      ("logical over a record", [1000: record((0x83, 100, 401), (0x05, 500, 200))]),
      ("logicals overlap", [1000: record((0x83, 100, 620), (0x05, 500, 200))]),
      ("two in a record", [1000: record((0x83, 100, 30), (0x83, 200, 30))]),
      ("two links", [1000: record((0x05, 500, 30), (0x05, 600, 30))]),
      ("chain without signature", [1500: [UInt8](repeating: 0, count: 512)]),
    ]
    for (name, change) in cases {
      #expect(code { _ = try decode(plain.merging(change) { $1 }) } == .malformed, "\(name)")
    }
    #expect(code { _ = try decode([0: record((0x05, 100, 100), (0x0f, 300, 100))]) } == .unsupported)
  }

  @Test func chainsAreBounded() throws {
    var sectors: [UInt64: [UInt8]] = [0: record((0x05, 1000, 100_000))]
    for index in 0..<UInt64(2000) {
      sectors[1000 + index * 10] = record((0x83, 1, 2), (0x05, UInt32(index + 1) * 10, 10))
    }
    var reads = 0
    let found = code {
      _ = try MBRCodec.decode(sectorSize: sector, diskSize: size) { (number) throws(DiecastError) in
        reads += 1
        return sectors[number] ?? record()
      }
    }
    #expect(found == .malformed)
    #expect(reads == Limits.logicalPartitions + 1)
  }

  @Test func flippedBitsNeverTrap() throws {
    for place in plain.keys {
      for bit in 446 * 8..<512 * 8 {
        var sectors = plain
        sectors[place]?[bit / 8] ^= 1 << (bit % 8)
        do {
          let table = try decode(sectors)
          try MBRCodec.validate(table, sectorSize: sector)
        } catch {
          #expect(error.code == .malformed || error.code == .unsupported)
        }
      }
    }
  }

  @Test func hostileManifestsAreMalformed() throws {
    let good = try decode(plain)
    let changes: [(inout MBRTable) -> Void] = [
      { $0.bootSector = "" }, { $0.bootSector += "00" }, { $0.bootSector = String(repeating: "0", count: 1023) + "g" },
      { $0.partitions[0].sectorCount += 1 }, { $0.partitions[0].sectorCount = .max },
      { $0.partitions[0].firstSector = .max }, { $0.partitions[0].number = .min }, { $0.partitions[0].type = 7 },
      { $0.partitions[0].isBootable = false }, { $0.partitions.removeLast() }, { $0.partitions.reverse() },
      { $0.partitions.append($0.partitions[0]) }, { $0.extendedBootRecords.removeLast() },
      { $0.extendedBootRecords.reverse() }, { $0.extendedBootRecords[1].sector = .max },
      { $0.extendedBootRecords[1].sector = 0 }, { $0.extendedBootRecords[1].sector = 1000 },
      { $0.extendedBootRecords[1].data = "55aa" },
      { $0.extendedBootRecords.append(ExtendedBootRecord(sector: 5000, data: record().hex)) },
      { $0.extendedBootRecords += Array(repeating: $0.extendedBootRecords[0], count: 1000) },
    ]
    for (index, change) in changes.enumerated() {
      var table = good
      change(&table)
      #expect(code { try MBRCodec.validate(table, sectorSize: sector) } == .malformed, "change \(index)")
      #expect(
        code { _ = try MBRCodec.encode(table, sectorSize: sector, diskSize: size) } == .malformed, "change \(index)")
    }
  }
}

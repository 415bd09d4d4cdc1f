// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore

@testable import ImageFormat

extension Targets {
  private static let sector = ByteCount(512)

  /// A disk of 1 MiB whose first sectors are the input: boot sector, header,
  /// entries. The checksums are made right first, as no fuzzer guesses them.
  static func gpt(_ bytes: [UInt8]) {
    let size = ByteCount.mib(1)
    var disk = Array(bytes.prefix(140_000))
    disk += [UInt8](repeating: 0, count: max(0, 66 * 512 - disk.count))
    let boot = Array(disk[..<512])
    var header = Array(disk[512..<1024])
    let count = Int(min(header.uint32(at: 80), 1024))
    var entries = Array(disk[1024...].prefix(count * 128))
    entries += [UInt8](repeating: 0, count: count * 128 - entries.count)
    // An odd first byte leaves the checksums as they came.
    if bytes.first.map({ $0 & 1 == 0 }) ?? true {
      let length = Int(header.uint32(at: 12))
      if (92...512).contains(length) {
        header.put(CRC32.checksum(entries), at: 88)
        header.put(UInt32(0), at: 16)
        header.put(CRC32.checksum(header[..<length]), at: 16)
      }
    }
    do throws(DiecastError) {
      let parsed = try GPTHeader(parsing: header, at: 1, sectorSize: sector, diskSize: size)
      precondition(parsed.entriesRange.end.rawValue <= size.rawValue)
      let table = try GPTCodec.decode(
        bootSector: boot, header: parsed, entries: Array(entries.prefix(parsed.entriesRange.length.int)),
        sectorSize: sector)
      for target in [ByteCount.mib(1), .gib(4096)] { try rewrite(table, to: target) }
    } catch {
      precondition([.malformed, .unsupported, .refused].contains(error.code), "\(error)")
    }
  }

  /// What was decoded is encoded for another disk, and decoded from there.
  private static func rewrite(_ table: GPTTable, to size: ByteCount) throws(DiecastError) {
    let image = try GPTCodec.encode(table, sectorSize: sector, diskSize: size)
    let header = try GPTHeader(parsing: image.primaryHeader.bytes, at: 1, sectorSize: sector, diskSize: size)
    let again = try GPTCodec.decode(
      bootSector: image.bootSector.bytes, header: header,
      entries: Array(image.primaryEntries.bytes.prefix(header.entriesRange.length.int)), sectorSize: sector)
    precondition(again.partitions == table.partitions && again.diskGUID == table.diskGUID)
    let last = image.backupHeader.offset.rawValue / sector.rawValue
    precondition(last == size.rawValue / sector.rawValue - 1)
    _ = try GPTHeader(parsing: image.backupHeader.bytes, at: last, sectorSize: sector, diskSize: size)
  }

  /// A disk of 16 MiB, of which the input is every sector that is asked for in turn.
  static func mbr(_ bytes: [UInt8]) {
    let size = ByteCount.mib(16)
    var asked: [UInt64: [UInt8]] = [:]
    do throws(DiecastError) {
      let table = try MBRCodec.decode(sectorSize: sector, diskSize: size) { (number) throws(DiecastError) in
        precondition(number < size.rawValue / 512)
        if let known = asked[number] { return known }
        var data = Array(bytes.dropFirst(asked.count * 512).prefix(512))
        data += [UInt8](repeating: 0, count: 512 - data.count)
        asked[number] = data
        return data
      }
      for part in try MBRCodec.encode(table, sectorSize: sector, diskSize: size).parts {
        precondition(part.bytes == asked[part.offset.rawValue / 512])
      }
      precondition(table.partitions.allSatisfy { $0.firstSector + $0.sectorCount <= size.rawValue / 512 })
      _ = try MBRCodec.minimumDiskSize(table, sectorSize: sector)
    } catch {
      precondition([.malformed, .unsupported].contains(error.code), "\(error)")
    }
  }
}

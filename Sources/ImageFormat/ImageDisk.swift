// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// A captured disk: its geometry and its partition table.
public struct ImageDisk: Codable, Sendable, Equatable {
  /// Its size.
  public var size: ByteCount
  /// Bytes in a logical sector; partition tables count in these.
  public var logicalSectorSize: ByteCount
  /// Bytes in a physical sector.
  public var physicalSectorSize: ByteCount
  /// Its partition table.
  public var table: PartitionTable

  /// All parts of a disk.
  public init(
    size: ByteCount, logicalSectorSize: ByteCount, physicalSectorSize: ByteCount, table: PartitionTable
  ) {
    self.size = size
    self.logicalSectorSize = logicalSectorSize
    self.physicalSectorSize = physicalSectorSize
    self.table = table
  }
}

/// How a disk is divided.
public enum PartitionTable: Codable, Sendable, Equatable {
  /// Not at all: a filesystem on the bare disk, or nothing known.
  case none
  /// A GUID partition table (UEFI specification, chapter 5).
  case gpt(GPTTable)
  /// A master boot record with its chain of extended boot records.
  case mbr(MBRTable)

  private enum CodingKeys: String, CodingKey { case type, gpt, mbr }

  /// Reads `{"type": "gpt", "gpt": {…}}` and the like.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .type) {
    case "none": self = .none
    case "gpt": self = .gpt(try container.decode(GPTTable.self, forKey: .gpt))
    case "mbr": self = .mbr(try container.decode(MBRTable.self, forKey: .mbr))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "unknown partition table type '\(other)'")
    }
  }

  /// Writes `{"type": "gpt", "gpt": {…}}` and the like.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(typeName, forKey: .type)
    switch self {
    case .none: break
    case .gpt(let table): try container.encode(table, forKey: .gpt)
    case .mbr(let table): try container.encode(table, forKey: .mbr)
    }
  }

  /// `none`, `gpt` or `mbr`.
  public var typeName: String {
    switch self {
    case .none: "none"
    case .gpt: "gpt"
    case .mbr: "mbr"
    }
  }
}

/// A GUID partition table, apart from what follows from the disk's own size.
public struct GPTTable: Codable, Sendable, Equatable {
  /// The disk's GUID.
  public var diskGUID: GUID
  /// Entries that the table has room for.
  public var entryCount: Int
  /// The first sector that partitions may use.
  public var firstUsableSector: UInt64
  /// Sector 0 as it was, boot code and protective or hybrid MBR, in hexadecimal.
  public var bootSector: String
  /// The used entries, by number.
  public var partitions: [GPTPartition]

  /// All parts of a table.
  public init(
    diskGUID: GUID, entryCount: Int, firstUsableSector: UInt64, bootSector: String, partitions: [GPTPartition]
  ) {
    self.diskGUID = diskGUID
    self.entryCount = entryCount
    self.firstUsableSector = firstUsableSector
    self.bootSector = bootSector
    self.partitions = partitions
  }
}

/// One entry of a GUID partition table.
public struct GPTPartition: Codable, Sendable, Equatable {
  /// Its place in the table, from 1.
  public var number: Int
  /// What it is for.
  public var typeGUID: GUID
  /// Which partition it is.
  public var guid: GUID
  /// Its first sector.
  public var firstSector: UInt64
  /// Its last sector, which belongs to it.
  public var lastSector: UInt64
  /// Attribute bits, as 16 hexadecimal digits.
  public var attributes: String
  /// Its name, for people.
  public var name: String
  /// Its name's 72 bytes in hexadecimal, only where `name` does not give them back.
  public var rawName: String?

  /// All parts of an entry.
  public init(
    number: Int, typeGUID: GUID, guid: GUID, firstSector: UInt64, lastSector: UInt64, attributes: String,
    name: String, rawName: String? = nil
  ) {
    self.number = number
    self.typeGUID = typeGUID
    self.guid = guid
    self.firstSector = firstSector
    self.lastSector = lastSector
    self.attributes = attributes
    self.name = name
    self.rawName = rawName
  }
}

/// A master boot record and its extended boot records, as they were.
public struct MBRTable: Codable, Sendable, Equatable {
  /// Sector 0 as it was, in hexadecimal.
  public var bootSector: String
  /// The extended boot records, in the order of the chain.
  public var extendedBootRecords: [ExtendedBootRecord]
  /// The partitions, by number; what the sectors above say, for people and plans.
  public var partitions: [MBRPartition]

  /// All parts of a table.
  public init(bootSector: String, extendedBootRecords: [ExtendedBootRecord], partitions: [MBRPartition]) {
    self.bootSector = bootSector
    self.extendedBootRecords = extendedBootRecords
    self.partitions = partitions
  }
}

/// A sector that describes one logical partition.
public struct ExtendedBootRecord: Codable, Sendable, Equatable {
  /// Where it lies.
  public var sector: UInt64
  /// Its bytes, in hexadecimal.
  public var data: String

  /// A sector with its bytes.
  public init(sector: UInt64, data: String) {
    self.sector = sector
    self.data = data
  }
}

/// One partition of a master boot record.
public struct MBRPartition: Codable, Sendable, Equatable {
  /// 1 to 4 are primary or extended, 5 and up logical.
  public var number: Int
  /// The type byte.
  public var type: UInt8
  /// Whether it is marked active.
  public var isBootable: Bool
  /// Its first sector.
  public var firstSector: UInt64
  /// Its length in sectors.
  public var sectorCount: UInt64

  /// All parts of a partition.
  public init(number: Int, type: UInt8, isBootable: Bool, firstSector: UInt64, sectorCount: UInt64) {
    self.number = number
    self.type = type
    self.isBootable = isBootable
    self.firstSector = firstSector
    self.sectorCount = sectorCount
  }

  /// Whether it only holds logical partitions (types 05, 0F, 85).
  public var isExtended: Bool { [0x05, 0x0f, 0x85].contains(type) }
}

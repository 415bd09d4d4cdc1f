// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat

/// A partition table as one of its readers sees it, for comparing: Diecast's
/// own codec against libblkid or libparted.
struct PartitionView {
  /// A partition, in bytes.
  struct Entry: CustomStringConvertible {
    let number: Int
    let start: UInt64
    let length: UInt64
    /// Upper-case GUID, or two hexadecimal digits; nil where the reader does not say.
    let type: String?

    var description: String { "\(number) from \(start), \(length) bytes" + (type.map { ", type \($0)" } ?? "") }

    func agrees(with other: Entry) -> Bool {
      number == other.number && start == other.start && length == other.length
        && (type == nil || other.type == nil || type == other.type)
    }
  }

  /// Who looked, for messages.
  let source: String
  /// `dos` or `gpt`, as libblkid has it.
  let type: String
  var partitions: [Entry] = []

  init(source: String, type: String) {
    self.source = source
    self.type = type
  }

  /// Diecast's own view of a validated table.
  init(_ table: PartitionTable, sectorSize: ByteCount) {
    let unit = sectorSize.rawValue
    switch table {
    case .none: self.init(source: "Diecast", type: "none")
    case .gpt(let table):
      self.init(source: "Diecast", type: "gpt")
      partitions = table.partitions.map {
        Entry(
          number: $0.number, start: $0.firstSector * unit, length: ($0.lastSector - $0.firstSector + 1) * unit,
          type: $0.typeGUID.description)
      }
    case .mbr(let table):
      self.init(source: "Diecast", type: "dos")
      partitions = table.partitions.map {
        Entry(
          number: $0.number, start: $0.firstSector * unit, length: $0.sectorCount * unit, type: Self.mbrType($0.type))
      }
    }
  }

  /// A type byte in two hexadecimal digits.
  static func mbrType(_ type: UInt8) -> String { [type].hex.uppercased() }

  /// Throws `code`, naming both views, unless the two agree.
  func requireAgreement(with other: PartitionView, path: String, code: DiecastError.Code) throws(DiecastError) {
    func refuse(_ mine: String, _ theirs: String) -> DiecastError {
      DiecastError(
        code, "The partition table of \(path) is read differently: \(source) sees \(mine), \(other.source) \(theirs)",
        remedy: "Compare the output of fdisk -l, parted and sgdisk -p, and repair the table")
    }
    guard type == other.type else { throw refuse("the type \(type)", "the type \(other.type)") }
    let mine = partitions.sorted { $0.number < $1.number }
    let theirs = other.partitions.sorted { $0.number < $1.number }
    for (left, right) in zip(mine, theirs) where !left.agrees(with: right) {
      throw refuse("partition \(left)", "partition \(right)")
    }
    guard mine.count == theirs.count else { throw refuse("\(mine.count) partitions", "\(theirs.count)") }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import ImageFormat

/// Words for what partition tables say partitions are for.
enum PartitionTypeName {
  /// The common types of the UEFI specification, Microsoft, and the
  /// Discoverable Partitions Specification.
  private static let guids = [
    "C12A7328-F81F-11D2-BA4B-00A0C93EC93B": "EFI system",
    "21686148-6449-6E6F-744E-656564454649": "BIOS boot",
    "E3C9E316-0B5C-4DB8-817D-F92DF00215AE": "Microsoft reserved",
    "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7": "Microsoft basic data",
    "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC": "Windows recovery",
    "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3": "Windows LDM metadata",
    "AF9B60A0-1431-4F62-BC68-3311714A69AD": "Windows LDM data",
    "0FC63DAF-8483-4772-8E79-3D69D8477DE4": "Linux filesystem",
    "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F": "Linux swap",
    "BC13C2FF-59E6-4262-A352-B275FD6F7172": "Linux extended boot",
    "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709": "Linux root (x86-64)",
    "B921B045-1DF0-41C3-AF44-4C6F280D3FAE": "Linux root (arm64)",
    "933AC7E1-2EB4-4F13-B844-0E14E2AEF915": "Linux home",
    "E6D6D379-F507-44C2-A23C-238F2A3DF928": "Linux LVM",
    "A19D880F-05FC-4D3B-A006-743F0F84911E": "Linux RAID",
    "CA7D7CCB-63ED-4C53-861C-1742536059CC": "Linux LUKS",
    "48465300-0000-11AA-AA11-00306543ECAC": "Apple HFS+",
    "7C3457EF-0000-11AA-AA11-00306543ECAC": "Apple APFS",
  ]

  private static let bytes: [UInt8: String] = [
    0x01: "FAT12", 0x04: "FAT16", 0x06: "FAT16", 0x07: "NTFS or exFAT", 0x0b: "FAT32", 0x0c: "FAT32 (LBA)",
    0x0e: "FAT16 (LBA)", 0x27: "Windows recovery", 0x42: "Windows LDM", 0x82: "Linux swap", 0x83: "Linux",
    0x8e: "Linux LVM", 0xa5: "FreeBSD", 0xef: "EFI system", 0xfd: "Linux RAID",
  ]

  /// Words, or the GUID.
  static func name(_ guid: GUID) -> String { guids[guid.description] ?? guid.description }
  /// Words, or `type` and two hexadecimal digits.
  static func name(_ type: UInt8) -> String { bytes[type] ?? "type \(PartitionView.mbrType(type))" }
}

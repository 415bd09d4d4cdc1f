// SPDX-License-Identifier: GPL-3.0-or-later

/// A block device as sysfs shows it (`Documentation/ABI/stable/sysfs-block`).
struct SysBlock {
  /// `major:minor`.
  let number: String
  private let directory: String

  /// The device that `path` leads to, or nil where it leads to none.
  init?(path: String) {
    guard let status = try? Syscalls.stat(path), status.kind == .blockDevice else { return nil }
    number = status.deviceNumber
    directory = "/sys/dev/block/\(number)"
  }

  var isPartition: Bool { TextFile.read("\(directory)/partition") != nil }

  /// One attribute's text without the spaces around it, or nil when it is absent or empty.
  func attribute(_ name: String) -> String? { TextFile.read("\(directory)/\(name)") }

  /// The device's partitions and itself, as `major:minor`.
  var allNumbers: [String] {
    [number]
      + TextFile.list(directory).compactMap { name in
        TextFile.read("\(directory)/\(name)/partition") == nil ? nil : TextFile.read("\(directory)/\(name)/dev")
      }
  }

  /// Devices stacked on this one or its partitions (LVM, RAID, dm-crypt).
  var holders: [String] {
    var result = TextFile.list("\(directory)/holders")
    for name in TextFile.list(directory) where TextFile.read("\(directory)/\(name)/partition") != nil {
      result += TextFile.list("\(directory)/\(name)/holders")
    }
    return result
  }
}

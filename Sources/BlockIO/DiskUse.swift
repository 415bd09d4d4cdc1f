// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore

/// Finds out what a disk is in use for, in words, from the kernel's own tables.
enum DiskUse {
  /// Where `path`, or a partition on it, is mounted, swapped to or held; nil when it is not.
  /// A regular file is in use through the loop devices that stand on it.
  static func find(path: String) throws(DiecastError) -> String? {
    if let device = SysBlock(path: path) { return use(of: device) }
    guard let real = TextFile.realPath(path) else { return nil }
    for name in TextFile.list("/sys/block") {
      guard TextFile.read("/sys/block/\(name)/loop/backing_file") == real,
        let loop = SysBlock(path: "/dev/\(name)"), let use = use(of: loop)
      else { continue }
      return use
    }
    return nil
  }

  private static func use(of device: SysBlock) -> String? {
    let numbers = Set(device.allNumbers)
    for line in lines("/proc/self/mountinfo") {
      // proc_pid_mountinfo(5): field 3 is major:minor, field 5 the mount point.
      let fields = line.split(separator: " ")
      if fields.count > 4, numbers.contains(String(fields[2])) { return "mounted on \(fields[4])" }
      // btrfs shows an anonymous device number; its source, after the separator, is the real one.
      if let dash = fields.firstIndex(of: "-"), fields.count > dash + 2,
        let source = SysBlock(path: String(fields[dash + 2])), numbers.contains(source.number)
      {
        return "mounted on \(fields[4])"
      }
    }
    for line in lines("/proc/swaps").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if let name = fields.first, let swap = SysBlock(path: String(name)), numbers.contains(swap.number) {
        return "swap is on \(name)"
      }
    }
    if let holder = device.holders.first { return "\(holder) stands on it" }
    return nil
  }

  private static func lines(_ path: String) -> [Substring] {
    (TextFile.read(path, limit: 16 << 20) ?? "").split(separator: "\n")
  }
}

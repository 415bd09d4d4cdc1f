// SPDX-License-Identifier: GPL-3.0-or-later

internal import CLinux
public import DiecastCore

/// What this process uses of the machine.
public enum ProcessMemory {
  /// Makes freed buffers go back to the system at once. Call it first of all.
  public static func bound() { clinux_bound_malloc() }

  /// The most memory it had resident so far (`VmHWM` of proc_pid_status(5)); nil where /proc does not say.
  public static var peakResident: ByteCount? {
    for line in (TextFile.read("/proc/self/status") ?? "").split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) }.map { .kib($0) }
    }
    return nil
  }
}

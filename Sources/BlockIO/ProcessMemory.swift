// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// What this process has used of the machine.
public enum ProcessMemory {
  /// The most memory it had resident so far (`VmHWM` of proc_pid_status(5)); nil where /proc does not say.
  public static var peakResident: ByteCount? {
    for line in (TextFile.read("/proc/self/status") ?? "").split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) }.map { .kib($0) }
    }
    return nil
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import Logging

/// Warnings and errors of libraries, on standard error.
struct StderrLog: LogHandler {
  /// Once a stop was asked for, connections that break are no news.
  let interrupt: Interrupt
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if !interrupt.isRequested { Console.writeError("diecast: \(event.level): \(event.message)") }
  }
}

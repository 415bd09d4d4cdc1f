// SPDX-License-Identifier: GPL-3.0-or-later

internal import Logging

/// Warnings and errors of libraries, on standard error.
struct StderrLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { Console.writeError("diecast: \(event.level): \(event.message)") }
}

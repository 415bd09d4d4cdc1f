// SPDX-License-Identifier: GPL-3.0-or-later

internal import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import Dispatch
internal import FoundationEssentials
internal import Glibc

/// What a verb says, and to whom: text for a person, or one JSON object a line.
/// Progress goes to standard error, so that standard output stays a result.
final class Console: Sendable {
  let isJSON: Bool
  let interrupt = Interrupt()
  let progress: Progress
  private let display: ProgressDisplay

  private init(isJSON: Bool) {
    self.isJSON = isJSON
    progress = Progress()
    display = ProgressDisplay(progress: progress, isJSON: isJSON)
  }

  /// Runs a verb: shows its progress, turns signals into an orderly stop, and
  /// errors into a sentence, a JSON event and an exit code.
  static func run(_ output: OutputOptions, _ body: (Console) async throws -> Void) async throws {
    let console = Console(isJSON: output.json)
    let signals = SignalWatch(console.interrupt)
    console.display.start()
    do {
      try await body(console)
      console.display.stop(failed: false)
    } catch {
      console.display.stop(failed: true)
      throw console.report(error)
    }
    signals.stop()
  }

  private func report(_ error: any Error) -> ExitCode {
    if let code = error as? ExitCode { return code }
    let failure =
      error as? DiecastError
      ?? (error is CancellationError
        ? DiecastError(.interrupted, "Interrupted") : DiecastError(.internal, "An unexpected error: \(error)"))
    if isJSON {
      emit(
        ErrorEvent(
          code: failure.code.rawValue, message: failure.sentence, remedy: failure.remedy,
          cause: failure.cause?.description, exitCode: failure.code.exitCode))
    }
    Self.writeError("diecast: \(failure)")
    return ExitCode(failure.code.exitCode)
  }

  private struct ErrorEvent: Encodable {
    var event = "error"
    var code: String
    var message: String
    var remedy: String?
    var cause: String?
    var exitCode: Int32
  }

  /// Says a line to a person; nothing under `--json`.
  func say(_ line: String) {
    guard !isJSON else { return }
    display.settle()
    Self.write(line)
  }

  /// Remarks on what went less than well: to standard error, and as an event.
  func warn(_ sentence: String) {
    struct Warning: Encodable {
      var event = "warning"
      var message: String
    }
    if isJSON {
      Self.write(Self.line(Warning(message: sentence)))
    } else {
      display.clear()
      Self.writeError("diecast: \(sentence)")
    }
  }

  /// Writes an event under `--json`; nothing otherwise.
  func emit(_ event: some Encodable) {
    guard isJSON else { return }
    display.settle()
    Self.write(Self.line(event))
  }

  /// One event on one line.
  static func line(_ event: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(event) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  /// Writes a line to standard output at once.
  static func write(_ line: String) { put(line + "\n", to: STDOUT_FILENO) }
  /// Writes a line to standard error at once.
  static func writeError(_ line: String) { put(line + "\n", to: STDERR_FILENO) }

  /// Writes all of `text`; a reader that went away is no reason to fail.
  static func put(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Shows `question` and returns the line that was typed; nil where nobody can.
  static func ask(_ question: String) -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return nil }
    put(question, to: STDERR_FILENO)
    return readLine(strippingNewline: true)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import Subprocess

/// Runs another program: no input, C locale, bounded output and time.
enum Tool {
  /// How a program ended.
  struct Outcome {
    /// Its exit code; nil when a signal ended it.
    let exitCode: Int32?
    /// Standard output, at most 1 MiB.
    let output: String
    /// What it last said on standard error, or else how it ended.
    let lastLine: String
  }

  private struct TimedOut: Error {}
  private struct TooLong: Error {}

  private static let outputLimit = 1 << 20
  private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// Runs `name` from the system's directories. A doubt when it is missing
  /// (naming the Debian `package`), takes longer than `timeLimit`, says too
  /// much, or lets the file at `outputFile` grow beyond its limit.
  static func run(
    _ name: String, _ arguments: [String], package: String, timeLimit: Duration,
    outputFile: (path: String, limit: UInt64)? = nil
  ) async throws -> Outcome {
    do {
      return try await withThrowingTaskGroup(of: Outcome?.self) { group in
        group.addTask { try await collect(name, arguments) }
        group.addTask {
          try await watch(timeLimit: timeLimit, outputFile: outputFile)
          return nil
        }
        // Leaving the group cancels the other task; for the program that means SIGKILL.
        defer { group.cancelAll() }
        while let outcome = try await group.next() { if let outcome { return outcome } }
        throw Doubt("\(name) did not end")
      }
    } catch is TimedOut {
      throw Doubt("\(name) was stopped after \(timeLimit.components.seconds) seconds")
    } catch is TooLong {
      throw Doubt("\(name) was stopped because its output was too long")
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      if error.code == .executableNotFound {
        throw Doubt("there is no program \(name); install the package \(package) and capture again")
      }
      throw Doubt("\(name) cannot be run: \(error)")
    }
  }

  private static func collect(_ name: String, _ arguments: [String]) async throws -> Outcome {
    let result = try await Subprocess.run(
      .name(name), arguments: Arguments(arguments),
      environment: .custom(["PATH": path, "LC_ALL": "C", "LANG": "C", "TERM": "dumb", "HOME": "/"]),
      input: .none, output: .string(limit: outputLimit), error: .string(limit: outputLimit))
    let lines = result.standardError.split(whereSeparator: { $0 == "\n" || $0 == "\r" })
    let last = lines.last { $0.contains(where: \.isLetter) }.map { printable($0) }
    let exitCode: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
    return Outcome(
      exitCode: exitCode, output: result.standardOutput,
      lastLine: last ?? "it \(result.terminationStatus)")
  }

  private static func watch(timeLimit: Duration, outputFile: (path: String, limit: UInt64)?) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + timeLimit
    while clock.now < deadline {
      try await Task.sleep(for: .milliseconds(500))
      if let outputFile, let size = FileStore.size(of: outputFile.path), size.rawValue > outputFile.limit {
        throw TooLong()
      }
    }
    throw TimedOut()
  }

  /// For a note: no control characters, at most 200 characters.
  private static func printable(_ text: Substring) -> String {
    let clean = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init)
    let trimmed = String(clean).split(separator: " ").joined(separator: " ")
    return String(trimmed.prefix(200))
  }
}

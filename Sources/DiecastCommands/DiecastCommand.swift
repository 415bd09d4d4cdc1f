// SPDX-License-Identifier: GPL-3.0-or-later

public import ArgumentParser
internal import BlockIO
internal import DiecastCore
internal import Glibc

/// The root of the command line.
public struct DiecastCommand: AsyncParsableCommand {
  /// See ArgumentParser.
  public static let configuration = CommandConfiguration(
    commandName: "diecast",
    abstract: "Cast one golden machine into a whole lab.",
    discussion: """
      EXAMPLES
        diecast capture /dev/sda golden --to /srv/images
        diecast seed golden --from /srv/images --listen 0.0.0.0:7070
        diecast restore golden /dev/sda --from http://server:7070

      A STORE is a directory; it defaults to $DIECAST_STORE, else /var/lib/diecast. Exit codes: 0 done, 1 failed, \
      2 usage, 3 refused before any write, 4 done in part, 5 verification failed, 130 interrupted.
      """,
    version: Version.number,
    subcommands: [
      CaptureCommand.self, RestoreCommand.self, VerifyCommand.self, SeedCommand.self, ImageCommand.self,
    ])

  /// See ArgumentParser.
  public init() {}

  /// Parses the command line, runs the verb, and ends the process with a documented exit code.
  public static func runAndExit() async -> Never {
    ProcessMemory.bound()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(0)
    } catch let code as ExitCode {
      Glibc.exit(code.rawValue)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code.isSuccess {
        print(message)
        Glibc.exit(0)
      }
      Console.writeError(message)
      Glibc.exit(DiecastError.Code.usage.exitCode)
    }
  }
}

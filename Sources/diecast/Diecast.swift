// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCommands

@main
struct Diecast {
  static func main() async { await DiecastCommand.runAndExit() }
}

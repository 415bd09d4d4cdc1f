// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import Dispatch
internal import Glibc

/// Turns SIGINT and SIGTERM into a request to stop in order; a second one ends the process at once.
final class SignalWatch {
  private var sources: [any DispatchSourceSignal] = []
  /// A queue of its own, which gets a thread even while workers keep every core busy.
  private let queue = DispatchQueue(label: "diecast.signals")

  init(_ interrupt: Interrupt) {
    _ = signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if interrupt.isRequested { exit(DiecastError.Code.interrupted.exitCode) }
        interrupt.request()
      }
      source.resume()
      sources.append(source)
    }
  }

  func stop() { for source in sources { source.cancel() } }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import Dispatch
internal import Glibc
import Synchronization

/// Shows a `Progress` while it runs: a bar on a terminal, a line at the end of
/// each phase elsewhere, an event twice a second under `--json`.
///
/// Sendable: all that changes is in `state`; the timer is started and stopped by its owner.
final class ProgressDisplay: @unchecked Sendable {
  private enum Style { case bar, lines, json }

  private struct State {
    var meter = RateMeter()
    var lastPhase: Phase?
    var lastSnapshot: Progress.Snapshot?
    var phaseStart = ContinuousClock().now
    var drewBar = false
    var isStopped = false
  }

  private let progress: Progress
  private let style: Style
  private let timer: any DispatchSourceTimer
  private let queue = DispatchQueue(label: "diecast.progress")
  private let state = Mutex(State())

  init(progress: Progress, isJSON: Bool) {
    self.progress = progress
    style = isJSON ? .json : isatty(STDERR_FILENO) == 1 ? .bar : .lines
    timer = DispatchSource.makeTimerSource(queue: queue)
  }

  func start() {
    let interval = style == .json ? 500 : 200
    timer.schedule(deadline: .now() + .milliseconds(interval), repeating: .milliseconds(interval))
    timer.setEventHandler { [weak self] in self?.tick() }
    timer.resume()
  }

  /// Ends the display; the last phase gets its line, or, on failure, its bar is taken away.
  func stop(failed: Bool) {
    timer.cancel()
    queue.sync {
      state.withLock { state in
        state.isStopped = true
        let snapshot = progress.snapshot
        if style == .json, snapshot.phase != .planning { Console.write(Console.line(ProgressEvent(snapshot, state.meter))) }
        endPhase(&state, with: failed ? nil : snapshot)
      }
    }
  }

  private func tick() {
    state.withLock { state in
      guard !state.isStopped else { return }
      let snapshot = progress.snapshot
      if snapshot.phase != state.lastPhase {
        endPhase(&state, with: state.lastSnapshot)
        state.lastPhase = snapshot.phase
        state.phaseStart = ContinuousClock().now
        state.meter.restart()
      }
      state.lastSnapshot = snapshot
      state.meter.add(snapshot, at: ContinuousClock().now)
      guard snapshot.phase != .planning else { return }
      switch style {
      case .bar:
        Console.put("\r\u{1b}[K" + ProgressLine.text(snapshot, state.meter, width: ProgressLine.terminalWidth), to: STDERR_FILENO)
        state.drewBar = true
      case .json: Console.write(Console.line(ProgressEvent(snapshot, state.meter)))
      case .lines: break
      }
    }
  }

  private func endPhase(_ state: inout State, with snapshot: Progress.Snapshot?) {
    if state.drewBar { Console.put("\r\u{1b}[K", to: STDERR_FILENO) }
    state.drewBar = false
    guard style != .json, let snapshot, let phase = state.lastPhase, phase != .planning else { return }
    let elapsed = ContinuousClock().now - state.phaseStart
    Console.writeError(ProgressLine.summary(phase, snapshot, elapsed: elapsed))
  }
}

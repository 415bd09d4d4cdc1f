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
    var drewBar = false
    /// The phase whose end was told already.
    var settledPhase: Phase?
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

  /// Takes the bar away and tells how the phase ended, before something else is said.
  func settle() {
    queue.sync {
      state.withLock { state in
        guard !state.isStopped else { return }
        noteSnapshot(&state)
        if style == .json, let snapshot = state.lastSnapshot, snapshot.phase != .planning,
          state.settledPhase != snapshot.phase
        {
          Console.write(Console.line(ProgressEvent(snapshot, state.meter)))
        }
        endPhase(&state, with: state.lastSnapshot)
        state.settledPhase = state.lastPhase
      }
    }
  }

  /// Takes the bar away until the next tick, before a remark.
  func clear() {
    queue.sync {
      state.withLock { state in
        if state.drewBar { Console.put("\r\u{1b}[K", to: STDERR_FILENO) }
        state.drewBar = false
      }
    }
  }

  /// Ends the display; a phase that failed gets no line.
  func stop(failed: Bool) {
    timer.cancel()
    if !failed { settle() }
    clear()
    queue.sync { state.withLock { $0.isStopped = true } }
  }

  private func tick() {
    state.withLock { state in
      guard !state.isStopped else { return }
      noteSnapshot(&state)
      guard let snapshot = state.lastSnapshot, snapshot.phase != .planning, snapshot.phase != state.settledPhase else {
        return
      }
      switch style {
      case .bar:
        let line = ProgressLine.text(snapshot, state.meter, width: ProgressLine.terminalWidth)
        Console.put("\r\u{1b}[K" + line, to: STDERR_FILENO)
        state.drewBar = true
      case .json: Console.write(Console.line(ProgressEvent(snapshot, state.meter)))
      case .lines: break
      }
    }
  }

  /// Looks at the counters; a new phase ends the one before.
  private func noteSnapshot(_ state: inout State) {
    let snapshot = progress.snapshot
    if snapshot.phase != state.lastPhase {
      endPhase(&state, with: state.lastSnapshot)
      state.lastPhase = snapshot.phase
      state.settledPhase = nil
      state.meter.restart()
    }
    state.lastSnapshot = snapshot
    state.meter.add(snapshot, at: ContinuousClock().now)
  }

  private func endPhase(_ state: inout State, with snapshot: Progress.Snapshot?) {
    if state.drewBar { Console.put("\r\u{1b}[K", to: STDERR_FILENO) }
    state.drewBar = false
    guard style != .json, let snapshot, let phase = state.lastPhase, phase != .planning, phase != state.settledPhase
    else { return }
    let elapsed = ContinuousClock().now - snapshot.started
    Console.writeError(ProgressLine.summary(phase, snapshot, elapsed: elapsed))
  }
}

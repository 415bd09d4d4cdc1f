// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import Glibc

/// A look at the counters as one line of text.
enum ProgressLine {
  /// Columns of the terminal: `COLUMNS`, else 80.
  static var terminalWidth: Int {
    var size = winsize()
    if unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 { return Int(size.ws_col) }
    return 80
  }

  /// `restoring  [######------]  52%  1.20 GB of 2.31 GB  disk 240 MB/s  net 98.1 MB/s  3 peers  ETA 11.2s`
  static func text(_ snapshot: Progress.Snapshot, _ meter: RateMeter, width: Int) -> String {
    var parts: [String] = []
    if snapshot.total > .zero {
      parts.append("\(snapshot.done.human) of \(snapshot.total.human)")
    }
    if let rate = diskRate(snapshot, meter), rate > 0 { parts.append("disk \(human(rate))") }
    if snapshot.received > .zero || snapshot.phase == .restoring, let rate = meter.rate(\.received),
      snapshot.phase != .seeding
    {
      if rate > 0 { parts.append("net \(human(rate))") }
    }
    if snapshot.phase == .seeding {
      parts.append("sent \(snapshot.sent.human)")
      if let rate = meter.rate(\.sent) { parts.append(human(rate)) }
    }
    if snapshot.peers > 0 { parts.append(snapshot.peers == 1 ? "1 peer" : "\(snapshot.peers) peers") }
    if let remaining = meter.remaining { parts.append("ETA \(remaining.human)") }
    let tail = parts.joined(separator: "  ")
    guard snapshot.total > .zero else { return String("\(snapshot.phase.rawValue)  \(tail)".prefix(width - 1)) }

    let fraction = min(1, Double(snapshot.done.rawValue) / Double(snapshot.total.rawValue))
    let percent = "\(Int(fraction * 100))%"
    let room = width - 1 - snapshot.phase.rawValue.count - tail.count - 11
    let cells = max(5, min(30, room))
    let filled = Int(fraction * Double(cells))
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
    let padding = String(repeating: " ", count: 4 - min(4, percent.count))
    return String("\(snapshot.phase.rawValue)  [\(bar)] \(padding)\(percent)  \(tail)".prefix(width - 1))
  }

  /// `restoring: 2.31 GB in 24.3s (95.1 MB/s)`
  static func summary(_ phase: Phase, _ snapshot: Progress.Snapshot, elapsed: Duration) -> String {
    guard snapshot.total > .zero else {
      return phase == .seeding
        ? "seeding: \(snapshot.sent.human) sent in \(elapsed.human)" : "\(phase.rawValue): done in \(elapsed.human)"
    }
    let rate = Double(snapshot.done.rawValue) / max(elapsed.seconds, 0.001)
    return "\(phase.rawValue): \(snapshot.done.human) in \(elapsed.human) (\(human(rate)))"
  }

  private static func diskRate(_ snapshot: Progress.Snapshot, _ meter: RateMeter) -> Double? {
    snapshot.phase == .restoring || snapshot.phase == .copying ? meter.rate(\.diskWritten) : meter.rate(\.diskRead)
  }

  private static func human(_ rate: Double) -> String { "\(ByteCount(UInt64(max(0, rate))).human)/s" }
}

/// The same as an event.
struct ProgressEvent: Encodable {
  var event = "progress"
  var phase: String
  var doneBytes: UInt64
  var totalBytes: UInt64
  var diskReadBytes: UInt64
  var diskWrittenBytes: UInt64
  var receivedBytes: UInt64
  var sentBytes: UInt64
  var peers: Int
  var diskReadRate: UInt64?
  var diskWriteRate: UInt64?
  var receiveRate: UInt64?
  var sendRate: UInt64?
  var etaSeconds: Double?

  init(_ snapshot: Progress.Snapshot, _ meter: RateMeter) {
    phase = snapshot.phase.rawValue
    doneBytes = snapshot.done.rawValue
    totalBytes = snapshot.total.rawValue
    diskReadBytes = snapshot.diskRead.rawValue
    diskWrittenBytes = snapshot.diskWritten.rawValue
    receivedBytes = snapshot.received.rawValue
    sentBytes = snapshot.sent.rawValue
    peers = snapshot.peers
    diskReadRate = meter.rate(\.diskRead).map { UInt64($0) }
    diskWriteRate = meter.rate(\.diskWritten).map { UInt64($0) }
    receiveRate = meter.rate(\.received).map { UInt64($0) }
    sendRate = meter.rate(\.sent).map { UInt64($0) }
    etaSeconds = meter.remaining?.seconds
  }
}

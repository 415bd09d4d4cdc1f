// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Testing

@Suite struct ErrorTests {
  /// Scripts rely on these: a change here is a change of the interface.
  static let table: [(DiecastError.Code, String, Int32)] = [
    (.usage, "usage", 2), (.notFound, "not-found", 1), (.busy, "busy", 3), (.refused, "refused", 3),
    (.notConfirmed, "not-confirmed", 3), (.unavailable, "unavailable", 1), (.readFailed, "read-failed", 1),
    (.writeFailed, "write-failed", 1), (.storeFailed, "store-failed", 1), (.malformed, "malformed", 1),
    (.unsupported, "unsupported", 3), (.corrupt, "corrupt", 1), (.missingChunk, "missing-chunk", 1),
    (.network, "network", 1), (.verificationFailed, "verification-failed", 5), (.partial, "partial", 4),
    (.interrupted, "interrupted", 130), (.internal, "internal", 1),
  ]

  @Test(arguments: table) func codesKeepTheirIdAndExitCode(_ code: DiecastError.Code, _ id: String, _ exit: Int32) {
    #expect(code.rawValue == id)
    #expect(code.exitCode == exit)
  }

  @Test func noCodeIsMissingFromTheTable() {
    #expect(Set(Self.table.map(\.0)) == Set(DiecastError.Code.allCases))
  }

  @Test func noFailureExitsWithZero() {
    #expect(DiecastError.Code.allCases.allSatisfy { $0.exitCode != 0 })
  }

  @Test func descriptionsHaveSentenceCauseAndRemedy() {
    let cause = SystemCallFailure(call: "pread", errno: 5, words: "Input/output error")
    let whole = DiecastError(.readFailed, "Cannot read x", remedy: "Look at it", cause: cause)
    #expect("\(whole)" == "Cannot read x (pread: errno 5, Input/output error). Look at it.")
    #expect("\(DiecastError(.internal, "Odd"))" == "Odd.")
    #expect("\(DiecastError(.internal, "Odd", cause: cause))" == "Odd (pread: errno 5, Input/output error).")
  }

  @Test func progressCountsPerPhaseAndInAll() {
    let progress = Progress()
    #expect(progress.snapshot.phase == .planning)
    progress.begin(.restoring, total: ByteCount(100))
    progress.advance(ByteCount(30))
    progress.extendTotal(by: ByteCount(20))
    progress.addRead(ByteCount(5))
    progress.addWritten(ByteCount(6))
    progress.setNetwork(received: ByteCount(7), sent: ByteCount(8), peers: 9)
    progress.begin(.verifying, total: ByteCount(10))
    let now = progress.snapshot
    #expect(now.phase == .verifying && now.done == .zero && now.total == ByteCount(10))
    #expect(now.diskRead == ByteCount(5) && now.diskWritten == ByteCount(6))
    #expect(now.received == ByteCount(7) && now.sent == ByteCount(8) && now.peers == 9)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Synchronization
import Testing

private struct Boom: Error, Equatable { let index: Int }

@Suite struct ParallelTests {
  @Test(arguments: [(0, 4), (1, 4), (1000, 1), (1000, 4), (3, 100)])
  func everyIndexIsHandledOnce(_ count: Int, _ workers: Int) throws {
    let seen = Mutex([Int]())
    try Parallel.forEach(count: count, workers: workers, interrupt: Interrupt(), makeState: {}) { _, index in
      seen.withLock { $0.append(index) }
    }
    #expect(seen.withLock { $0.sorted() } == Array(0..<count))
  }

  @Test func oneWorkerGoesInAscendingOrder() throws {
    let seen = Mutex([Int]())
    try Parallel.forEach(count: 100, workers: 1, interrupt: Interrupt(), makeState: {}) { _, index in
      seen.withLock { $0.append(index) }
    }
    #expect(seen.withLock { $0 } == Array(0..<100))
  }

  @Test func stateIsMadeOncePerWorkerAndNeverShared() throws {
    let made = Atomic<Int>(0)
    let total = Atomic<Int>(0)
    try Parallel.forEach(
      count: 500, workers: 3, interrupt: Interrupt(),
      makeState: {
        made.add(1, ordering: .relaxed)
        return 0
      },
      body: { state, _ in
        state += 1
        total.add(1, ordering: .relaxed)
      })
    #expect((1...3).contains(made.load(ordering: .relaxed)))
    #expect(total.load(ordering: .relaxed) == 500)
  }

  @Test func neverMoreBodiesRunThanWorkers() throws {
    let running = Mutex((now: 0, most: 0))
    try Parallel.forEach(count: 60, workers: 2, interrupt: Interrupt(), makeState: {}) { _, _ in
      running.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      Pause.milliseconds(1)
      running.withLock { $0.now -= 1 }
    }
    #expect(running.withLock { $0.now } == 0)
    #expect((1...2).contains(running.withLock { $0.most }))
  }

  @Test func theFirstErrorStopsTheRestAndIsThrown() {
    let seen = Atomic<Int>(0)
    #expect(throws: Boom(index: 5)) {
      try Parallel.forEach(count: 100_000, workers: 2, interrupt: Interrupt(), makeState: {}) { _, index in
        seen.add(1, ordering: .relaxed)
        if index == 5 { throw Boom(index: index) }
      }
    }
    #expect(seen.load(ordering: .relaxed) < 100_000)
  }

  @Test func anErrorWhileMakingStateIsThrown() {
    #expect(throws: Boom(index: -1)) {
      try Parallel.forEach(count: 10, workers: 2, interrupt: Interrupt(), makeState: { throw Boom(index: -1) }) {
        (_: inout Void, _) in
      }
    }
  }

  @Test func anInterruptStopsBetweenItems() throws {
    let interrupt = Interrupt()
    let seen = Atomic<Int>(0)
    let error = #expect(throws: DiecastError.self) {
      try Parallel.forEach(count: 100_000, workers: 2, interrupt: interrupt, makeState: {}) { _, index in
        seen.add(1, ordering: .relaxed)
        if index == 10 { interrupt.request() }
      }
    }
    #expect(error?.code == .interrupted)
    #expect(seen.load(ordering: .relaxed) < 100_000)
  }

  @Test func interruptsStayRequested() {
    let interrupt = Interrupt()
    #expect(!interrupt.isRequested)
    #expect(throws: Never.self) { try interrupt.check() }
    interrupt.request()
    interrupt.request()
    #expect(interrupt.isRequested)
    #expect(throws: DiecastError.self) { try interrupt.check() }
  }

  @Test func blockingWorkReturnsItsValueOrItsError() async throws {
    #expect(try await onBlockingThread { 7 } == 7)
    await #expect(throws: Boom(index: 1)) { try await onBlockingThread { throw Boom(index: 1) } }
  }
}

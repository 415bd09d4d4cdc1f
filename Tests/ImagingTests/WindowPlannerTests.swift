// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import ImageFormat
import Testing

@testable import Imaging

private func range(_ start: UInt64, _ end: UInt64) -> ByteRange {
  ByteRange(from: ByteOffset(start), to: ByteOffset(end))
}

private func windows(_ used: [ByteRange], size: UInt64 = 1000, gap: UInt64 = 100) -> [PlannedWindow] {
  WindowPlanner.windows(volume: 7, used: used, windowSize: ByteCount(size), mergeGap: ByteCount(gap))
}

@Suite struct WindowPlannerTests {
  @Test func rangesAreCutAtWindowEdges() {
    let planned = windows([range(500, 2500)])
    #expect(planned.map(\.number) == [0, 1, 2])
    #expect(planned.map(\.extents) == [[range(500, 1000)], [range(1000, 2000)], [range(2000, 2500)]])
    #expect(planned.allSatisfy { $0.volume == 7 && $0.holes.isEmpty })
  }

  @Test func rangesThatEndOnAnEdgeDoNotBeginTheNextWindow() {
    #expect(windows([range(0, 1000)]).map(\.number) == [0])
    #expect(windows([range(999, 1000), range(1000, 1001)]).map(\.number) == [0, 1])
  }

  @Test func smallGapsBecomeHolesAndLargeOnesStay() {
    let planned = windows([range(0, 100), range(199, 300), range(400, 500), range(501, 502)])
    #expect(planned.count == 1)
    #expect(planned[0].extents == [range(0, 300), range(400, 502)])
    #expect(planned[0].holes == [range(100, 199), range(500, 501)])
    #expect(planned[0].contentLength == ByteCount(402))
  }

  @Test func gapsAreNotMergedAcrossWindows() {
    let planned = windows([range(990, 995), range(1005, 1010)])
    #expect(planned.map(\.extents) == [[range(990, 995)], [range(1005, 1010)]])
    #expect(planned.allSatisfy { $0.holes.isEmpty })
  }

  @Test func withoutAMergeGapNothingIsMerged() {
    #expect(windows([range(0, 1), range(2, 3)], gap: 0)[0].extents == [range(0, 1), range(2, 3)])
  }

  @Test func aMergeGapOfAWindowMakesOneExtentOfEach() {
    let planned = windows([range(0, 1), range(998, 999), range(1000, 1001)], gap: 1000)
    #expect(planned.map(\.extents) == [[range(0, 999)], [range(1000, 1001)]])
    #expect(planned[0].holes == [range(1, 998)])
  }

  @Test func unusedWindowsAreLeftOut() {
    #expect(windows([range(0, 10), range(5_000_000, 5_000_010)]).map(\.number) == [0, 5000])
    #expect(windows([]).isEmpty)
  }

  /// Extents less holes are the used bytes, for any map.
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func nothingUsedIsLostAndNothingElseIsTaken(_ seed: UInt64) {
    var state = seed
    func random(_ limit: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33 % limit
    }
    var used: [ByteRange] = []
    var position: UInt64 = 0
    for _ in 0..<60 {
      let start = position + 1 + (state >> 40) % 250
      let end = start + 1 + (state >> 33) % 700
      _ = random(2)
      used.append(range(start, end))
      position = end
    }
    let planned = windows(used)
    func bytes(_ ranges: [ByteRange]) -> Set<UInt64> { Set(ranges.flatMap { $0.start.rawValue..<$0.end.rawValue }) }
    let extents = bytes(planned.flatMap(\.extents))
    let holes = bytes(planned.flatMap(\.holes))
    #expect(holes.isSubset(of: extents))
    #expect(extents.subtracting(holes) == bytes(used))
    for window in planned {
      #expect(window.extents == window.extents.coalesced())
      #expect(
        window.extents.allSatisfy {
          $0.start.rawValue / 1000 == UInt64(window.number) && ($0.end.rawValue - 1) / 1000 == UInt64(window.number)
        })
      #expect(window.holes.allSatisfy { $0.length < ByteCount(100) })
    }
    #expect(
      planned.map(\.number) == planned.map(\.number).sorted() && Set(planned.map(\.number)).count == planned.count)
  }
}

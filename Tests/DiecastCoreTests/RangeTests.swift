// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Testing

private func range(_ start: UInt64, _ end: UInt64) -> ByteRange {
  ByteRange(from: ByteOffset(start), to: ByteOffset(end))
}

/// The same numbers again and again (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

private func isZero(_ bytes: [UInt8]) -> Bool { bytes.span.bytes.isAllZero }

@Suite struct RangeTests {
  @Test func rangesEndWithinSixtyThreeBits() {
    let largest = UInt64(Int64.max)
    #expect(ByteRange(checkedStart: .zero, length: ByteCount(largest)) != nil)
    #expect(ByteRange(checkedStart: ByteOffset(1), length: ByteCount(largest)) == nil)
    #expect(ByteRange(checkedStart: ByteOffset(largest), length: .zero) != nil)
    #expect(ByteRange(checkedStart: ByteOffset(largest + 1), length: .zero) == nil)
    #expect(ByteRange(checkedStart: ByteOffset(.max), length: ByteCount(UInt64.max)) == nil)
    #expect(ByteOffset(.max).adding(ByteCount(UInt64(1))) == nil)
    #expect(ByteOffset(largest - 1).adding(ByteCount(UInt64(1))) == ByteOffset(largest))
  }

  @Test func sectorsBecomeBytesUnlessTheyOverflow() {
    let size = ByteCount(UInt64(512))
    #expect(SectorCount(8).bytes(sectorSize: size) == ByteCount.kib(4))
    #expect(SectorCount(1 << 54).bytes(sectorSize: size) == nil)
    #expect(SectorCount(1 << 54 - 1).bytes(sectorSize: size) != nil)
    #expect(SectorCount(.max).bytes(sectorSize: size) == nil)
  }

  @Test func intersectionIsWhatBothContain() {
    #expect(range(0, 10).intersection(range(5, 15)) == range(5, 10))
    #expect(range(5, 15).intersection(range(0, 10)) == range(5, 10))
    #expect(range(0, 10).intersection(range(10, 20)) == nil)
    #expect(range(0, 10).intersection(range(2, 3)) == range(2, 3))
    #expect(range(3, 3).intersection(range(0, 10)) == nil)
  }

  @Test func touchingRangesDoNotOverlap() {
    #expect(!range(0, 10).overlaps(range(10, 20)))
    #expect(!range(10, 20).overlaps(range(0, 10)))
    #expect(range(0, 11).overlaps(range(10, 20)))
    #expect(range(0, 100).contains(range(0, 100)))
    #expect(!range(1, 100).contains(range(0, 100)))
    #expect(!range(0, 99).contains(range(0, 100)))
  }

  @Test func coalescingJoinsWhatTouchesOrOverlaps() {
    #expect(
      [range(10, 20), range(0, 10), range(15, 30), range(40, 40), range(31, 32)].coalesced() == [
        range(0, 30), range(31, 32),
      ])
    #expect([range(0, 100), range(10, 20), range(100, 101)].coalesced() == [range(0, 101)])
    #expect([ByteRange]().coalesced() == [])
    #expect([range(5, 5)].coalesced() == [])
    #expect([range(0, 4), range(8, 10)].totalLength == ByteCount(6))
  }

  @Test(arguments: 0..<50 as Range<UInt64>) func coalescingKeepsExactlyTheSameBytes(_ seed: UInt64) {
    var generator = Seeded(state: seed)
    let ranges = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
      let start = UInt64.random(in: 0..<200, using: &generator)
      return range(start, start + UInt64.random(in: 0..<30, using: &generator))
    }
    let result = ranges.coalesced()
    func covered(_ ranges: [ByteRange]) -> Set<UInt64> { Set(ranges.flatMap { $0.start.rawValue..<$0.end.rawValue }) }
    #expect(covered(result) == covered(ranges))
    for (left, right) in zip(result, result.dropFirst()) { #expect(left.end < right.start) }
    #expect(result.coalesced() == result)
  }

  @Test func shiftingKeepsTheLength() {
    #expect(range(1, 5).shifted(by: ByteCount(100)) == range(101, 105))
  }

  @Test(arguments: [
    (UInt64(0), "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9994, "9.99 kB"), (9996, "10.0 kB"), (99_949, "99.9 kB"),
    (99_951, "100 kB"), (999_499, "999 kB"), (999_501, "1.00 MB"), (4_000_787_030_016, "4.00 TB"), (.max, "18.4 EB"),
  ])
  func sizesHaveThreeDigits(_ bytes: UInt64, _ text: String) {
    #expect(ByteCount(bytes).human == text)
  }

  @Test func decimalsAreRoundedAndPadded() {
    #expect(1.005e3.fixed(0) == "1005")
    #expect(0.05.fixed(1) == "0.1")
    #expect((-0.04).fixed(1) == "0.0")
    #expect((-1.5).fixed(2) == "-1.50")
    #expect(Double.infinity.fixed(2) == "inf")
    #expect(Double.nan.fixed(2) == "nan")
    #expect(1e300.fixed(2) == "1e+300")
  }

  @Test func durationsReadAsAPersonSaysThem() {
    #expect(Duration.milliseconds(12_340).human == "12.3s")
    #expect(Duration.milliseconds(59_960).human == "1m00s")
    #expect(Duration.seconds(245).human == "4m05s")
    #expect(Duration.seconds(3599.6).human == "1h00m")
    #expect(Duration.seconds(7620).human == "2h07m")
  }

  @Test func zerosAreToldApartAtEveryLengthAndPlace() {
    for count in [0, 1, 7, 63, 64, 65, 200] {
      var bytes = [UInt8](repeating: 0, count: count)
      #expect(isZero(bytes))
      for place in 0..<count {
        bytes[place] = 1
        #expect(!isZero(bytes), "\(place) of \(count)")
        bytes[place] = 0
      }
    }
  }

  @Test func buffersAreAlignedZeroedAndCopyBothWays() {
    let buffer = AlignedBuffer(capacity: 10_000)
    #expect(buffer.capacity == 10_000)
    let isFresh = buffer.withBytes(0..<10_000) { $0.isAllZero }
    let address = buffer.withBytes(0..<1) { span in span.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
    #expect(isFresh && address % UInt(AlignedBuffer.alignment) == 0)
    let bytes: [UInt8] = [1, 2, 3]
    buffer.copy(bytes.span.bytes, to: 9997)
    #expect(buffer.withBytes(9997..<10_000) { span in (0..<3).map { span.byte($0) } } == bytes)
    buffer.zero(9998..<9999)
    #expect(buffer.withBytes(9997..<10_000) { span in (0..<3).map { span.byte($0) } } == [1, 0, 3])
  }
}

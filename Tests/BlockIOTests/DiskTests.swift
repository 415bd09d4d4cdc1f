// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Testing

@Suite struct DiskTests {
  @Test func aFileIsADiskOfWholeSectors() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(5000)), access: .source)
    #expect(!disk.isBlockDevice)
    #expect(disk.size == ByteCount(9 * 512))
    #expect(disk.logicalSectorSize == ByteCount(512))
    #expect(try disk.bytes(0, 4608) == Array(pattern(5000)[..<4608]))
    #expect(try disk.bytes(4095, 2) == Array(pattern(5000)[4095..<4097]))
  }

  @Test func readingPastTheEndFailsWithOffsetAndErrno() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(4096)), access: .source)
    for (offset, count) in [(4095, 2), (4096, 1), (1 << 40, 1)] as [(UInt64, Int)] {
      let error = thrown { _ = try disk.bytes(offset, count) }
      #expect(error?.code == .readFailed)
      #expect(error?.sentence.contains("offset \(offset), \(count) bytes") == true)
      #expect(error?.cause?.errno == EIO)
    }
  }

  @Test(arguments: [65_536, 66_048]) func uncachedReadsOfAnyRangeGiveTheSameBytes(_ size: Int) throws {
    let scratch = try Scratch()
    let bytes = pattern(size)
    let disk = try Disk(path: scratch.file("d", bytes), access: .target)
    try disk.flush()
    let buffer = AlignedBuffer(capacity: size + 2 * AlignedBuffer.alignment)
    for start in [0, 1, 511, 512, 4095, 4096, 5000, size - 512, size - 1] {
      for length in [1, 511, 512, 513, 4096, 8192, 30_000, size] where start + length <= size {
        let range = ByteRange(start: ByteOffset(UInt64(start)), length: ByteCount(length))
        let place = try disk.readUncached(range, into: buffer)
        let read = buffer.withBytes(place) { span in (0..<length).map { span.byte($0) } }
        #expect(read == Array(bytes[start..<start + length]), "\(range)")
      }
    }
  }

  @Test func writesAreReadBackAndNeverPassTheEnd() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", [UInt8](repeating: 0xa5, count: 8192)), access: .target)
    let part = pattern(1000)
    try disk.write(part.span.bytes, at: ByteOffset(100))
    #expect(thrown { try disk.write(part.span.bytes, at: ByteOffset(8192 - 999)) }?.code == .internal)
    try disk.flush()
    try disk.close()
    let after = try scratch.bytes("d")
    #expect(Array(after[100..<1100]) == part)
    #expect((after[..<100] + after[1100...]).allSatisfy { $0 == 0xa5 } && after.count == 8192)
  }

  @Test func zeroingZeroesTheRangeAndNothingElse() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", [UInt8](repeating: 0xa5, count: 3 << 20)), access: .target)
    try disk.zero(ByteRange(start: ByteOffset(512), length: .mib(2)))
    #expect(thrown { try disk.zero(ByteRange(start: ByteOffset(3 << 20), length: ByteCount(512))) }?.code == .internal)
    try disk.close()
    let after = try scratch.bytes("d")
    #expect(after.count == 3 << 20)
    #expect(after[512..<512 + 2 << 20].allSatisfy { $0 == 0 })
    #expect((after[..<512] + after[(512 + 2 << 20)...]).allSatisfy { $0 == 0xa5 })
  }

  @Test func whatIsNoDiskIsRefused() throws {
    let scratch = try Scratch()
    for access in [Disk.Access.source, .target, .inspection] {
      #expect(thrown { _ = try Disk(path: scratch.path, access: access) }?.code == .refused)
      #expect(thrown { _ = try Disk(path: "/dev/null", access: access) }?.code == .refused)
      #expect(thrown { _ = try Disk(path: "\(scratch.path)/none", access: access) }?.code == .notFound)
      #expect(thrown { _ = try Disk(path: scratch.file("empty", []), access: access) }?.code == .refused)
      #expect(thrown { _ = try Disk(path: scratch.file("tiny", [1]), access: access) }?.code == .refused)
    }
  }

  @Test func aTargetIsExclusive() throws {
    let scratch = try Scratch()
    let path = try scratch.file("d", pattern(4096))
    let target = try Disk(path: path, access: .target)
    #expect(thrown { _ = try Disk(path: path, access: .target) }?.code == .busy)
    #expect(thrown { _ = try Disk(path: path, access: .source) }?.code == .busy)
    #expect(thrown { _ = try Disk(path: path, access: .inspection) } == nil)
    try target.close()
    #expect(thrown { _ = try Disk(path: path, access: .target) } == nil)
  }

  @Test func sourcesShareButKeepTargetsOut() throws {
    let scratch = try Scratch()
    let path = try scratch.file("d", pattern(4096))
    let first = try Disk(path: path, access: .source)
    let second = try Disk(path: path, access: .source)
    #expect(thrown { _ = try Disk(path: path, access: .target) }?.code == .busy)
    try first.close()
    try second.close()
  }

  @Test func aSourceCannotBeWritten() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(4096)), access: .source)
    let error = thrown { try disk.write([UInt8(1)].span.bytes, at: .zero) }
    #expect(error?.code == .writeFailed && error?.cause?.errno == EBADF)
    #expect(try scratch.bytes("d") == pattern(4096))
  }

  @Test func filesHaveNoIdentity() throws {
    let scratch = try Scratch()
    let identity = DiskIdentity(path: try scratch.file("d", [1]))
    #expect(identity == DiskIdentity(path: "\(scratch.path)/none") && identity.serial == nil && !identity.isRemovable)
  }

  @Test func thePeakOfMemoryIsPlausible() throws {
    let peak = try #require(ProcessMemory.peakResident)
    #expect(peak > .mib(1) && peak < .gib(1024))
  }
}

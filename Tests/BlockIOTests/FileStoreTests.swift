// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import Foundation
import Testing

@Suite struct FileStoreTests {
  @Test func directoriesAreMadeWithAllAboveThem() throws {
    let scratch = try Scratch()
    try FileStore.makeDirectories("\(scratch.path)/a/b/c")
    try FileStore.makeDirectories("\(scratch.path)/a/b/c")
    #expect(FileStore.isDirectory("\(scratch.path)/a/b/c"))
    _ = try scratch.file("f", [1])
    #expect(thrown { try FileStore.makeDirectories("\(scratch.path)/f/x") }?.code == .storeFailed)
  }

  @Test func filesAppearWholeAndAreReplaced() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/f"
    for bytes in [pattern(100_000), [], pattern(3)] as [[UInt8]] {
      try FileStore.writeAtomically(bytes.span.bytes, to: path)
      #expect(try FileStore.read(path, limit: 100_000) == bytes)
      #expect(FileStore.size(of: path) == ByteCount(bytes.count))
      #expect(try scratch.names() == ["f"])
    }
    try FileStore.syncDirectory(scratch.path)
  }

  @Test func readsAreBounded() throws {
    let scratch = try Scratch()
    let path = try scratch.file("f", pattern(10))
    #expect(thrown { _ = try FileStore.read(path, limit: 9) }?.code == .storeFailed)
    #expect(thrown { _ = try FileStore.read(path, into: AlignedBuffer(capacity: 9)) }?.code == .storeFailed)
    #expect(try FileStore.read(path, into: AlignedBuffer(capacity: 10)) == 10)
    #expect(try FileStore.read("\(scratch.path)/none", limit: 9) == nil)
    #expect(try FileStore.read("\(scratch.path)/none", into: AlignedBuffer(capacity: 9)) == nil)
    #expect(thrown { _ = try FileStore.read(scratch.path, limit: 1 << 20) }?.code == .storeFailed)
    #expect(FileStore.size(of: scratch.path) == nil && FileStore.size(of: "\(scratch.path)/none") == nil)
  }

  @Test func removingIsIdempotentAndSparesFullDirectories() throws {
    let scratch = try Scratch()
    let path = try scratch.file("f", [1])
    try FileStore.removeDirectoryIfEmpty(scratch.path)
    try FileStore.remove(path)
    try FileStore.remove(path)
    #expect(try scratch.names() == [])
    try FileStore.removeDirectoryIfEmpty(scratch.path)
    try FileStore.removeDirectoryIfEmpty(scratch.path)
    #expect(!FileStore.isDirectory(scratch.path))
    #expect(FileStore.list(scratch.path) == [])
  }

  @Test func renamingNeverReplacesAFullDirectory() throws {
    let scratch = try Scratch()
    for name in ["a", "b"] {
      try FileStore.makeDirectories("\(scratch.path)/\(name)")
      _ = try scratch.file("\(name)/f", [1])
    }
    #expect(thrown { try FileStore.rename("\(scratch.path)/a", to: "\(scratch.path)/b") }?.code == .storeFailed)
    try FileStore.rename("\(scratch.path)/a", to: "\(scratch.path)/c")
    #expect(try scratch.names() == ["b", "c"])
  }

  @Test func locksShareAndExclude() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/.lock"
    var readers = [try FileLock(path, exclusive: false), try FileLock(path, exclusive: false)]
    let waiting = Task.detached { try await onBlockingThread { try FileLock(path, exclusive: true) } }
    Pause.milliseconds(30)
    #expect(readers.count == 2)
    readers = []
    _ = try await waiting.value
    #expect(thrown { _ = try FileLock("\(scratch.path)/none/.lock", exclusive: true) }?.code == .storeFailed)
  }
}

/// System calls that fail. A plan belongs to the thread that made it, so no function here may suspend.
@Suite struct FaultTests {
  @Test(arguments: [
    ("pwrite", EIO), ("pwrite", ENOSPC), ("fsync", EIO), ("close", EIO), ("rename", EACCES), ("open", EMFILE),
  ])
  func aFailedWriteLeavesNeitherATemporaryFileNorAChange(_ call: String, _ number: Int32) throws {
    let scratch = try Scratch()
    let path = try scratch.file("f", [1, 2, 3])
    FaultInjection.fail(call, after: 1, errno: number)
    let error = thrown { try FileStore.writeAtomically(pattern(1000).span.bytes, to: path) }
    #expect(FaultInjection.reset())
    #expect(error?.code == .storeFailed)
    #expect(error?.cause?.call == call && error?.cause?.errno == number)
    #expect(error?.sentence.contains(path) == true)
    #expect((error?.remedy == "Free space on that file system") == (number == ENOSPC))
    #expect(try scratch.names() == ["f"])
    #expect(try scratch.bytes("f") == [1, 2, 3])
  }

  @Test func onlyTheNamedCallFailsAndOnlyOnce() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(4096)), access: .target)
    FaultInjection.fail("pread", after: 2, errno: EIO)
    #expect(try disk.bytes(0, 512) == Array(pattern(512)))
    #expect(thrown { _ = try disk.bytes(512, 512) }?.code == .readFailed)
    #expect(try disk.bytes(512, 512) == Array(pattern(4096)[512..<1024]))
    #expect(FaultInjection.reset())
    #expect(!FaultInjection.reset())
  }

  @Test(arguments: [EIO, ENXIO, ETIMEDOUT]) func failedReadsNameOffsetAndErrno(_ number: Int32) throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(8192)), access: .source)
    FaultInjection.fail("pread", after: 1, errno: number)
    let error = thrown { _ = try disk.bytes(1024, 512) }
    #expect(FaultInjection.reset())
    #expect(error?.code == .readFailed && error?.cause?.errno == number && error?.cause?.call == "pread")
    #expect(error?.sentence.contains("offset 1024, 512 bytes") == true)
    FaultInjection.fail("pread", after: 1, errno: number)
    let range = ByteRange(start: ByteOffset(4096), length: ByteCount(512))
    let uncached = thrown { _ = try disk.readUncached(range, into: AlignedBuffer(capacity: 16_384)) }
    #expect(FaultInjection.reset())
    #expect(uncached?.code == .readFailed && uncached?.cause?.errno == number)
    #expect(uncached?.sentence.contains("offset 4096, 512 bytes") == true)
  }

  @Test(arguments: [EIO, ENOSPC]) func failedWritesNameOffsetAndErrno(_ number: Int32) throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(8192)), access: .target)
    FaultInjection.fail("pwrite", after: 1, errno: number)
    let error = thrown { try disk.write(pattern(512).span.bytes, at: ByteOffset(2048)) }
    #expect(FaultInjection.reset())
    #expect(error?.code == .writeFailed && error?.cause?.errno == number)
    #expect(error?.sentence.contains("offset 2048, 512 bytes") == true)
    #expect(try scratch.bytes("d") == pattern(8192))
  }

  @Test func failedFlushesAndClosesAreErrors() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(8192)), access: .target)
    FaultInjection.fail("fsync", after: 1, errno: EIO)
    #expect(thrown { try disk.flush() }?.code == .writeFailed)
    FaultInjection.fail("close", after: 1, errno: EIO)
    #expect(thrown { try disk.close() }?.code == .writeFailed)
    #expect(FaultInjection.reset())
    #expect(thrown { try disk.close() } == nil)
  }

  /// A file system that cannot punch holes gets zeros written instead.
  @Test(arguments: [EOPNOTSUPP, EINVAL, ENOSYS]) func zerosAreWrittenWhereHolesCannotBePunched(_ number: Int32) throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", [UInt8](repeating: 7, count: 3 << 20)), access: .target)
    FaultInjection.fail("fallocate", after: 1, errno: number)
    try disk.zero(ByteRange(start: ByteOffset(512), length: .mib(2)))
    #expect(FaultInjection.reset())
    let after = try scratch.bytes("d")
    #expect(after[512..<512 + 2 << 20].allSatisfy { $0 == 0 })
    #expect((after[..<512] + after[(512 + 2 << 20)...]).allSatisfy { $0 == 7 })
    FaultInjection.fail("fallocate", after: 1, errno: EIO)
    #expect(thrown { try disk.zero(ByteRange(start: .zero, length: .mib(1))) }?.code == .writeFailed)
    #expect(FaultInjection.reset())
  }

  @Test func aPlanBelongsToItsThread() throws {
    let scratch = try Scratch()
    let disk = try Disk(path: scratch.file("d", pattern(8192)), access: .source)
    FaultInjection.fail("pread", after: 1, errno: EIO)
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      #expect(throws: Never.self) { _ = try disk.bytes(0, 16) }
      done.signal()
    }
    done.wait()
    #expect(thrown { _ = try disk.bytes(0, 16) }?.code == .readFailed)
    #expect(FaultInjection.reset())
  }
}

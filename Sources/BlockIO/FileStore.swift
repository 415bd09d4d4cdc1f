// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
internal import Glibc

/// Files in directories, written durably and read with a bound.
public enum FileStore {
  /// Makes `path` and every directory above it.
  public static func makeDirectories(_ path: String) throws(DiecastError) {
    var built = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      built += built.isEmpty || built == "/" ? String(part) : "/\(part)"
      do throws(SystemCallFailure) {
        try Syscalls.mkdir(built)
      } catch {
        // A parent on a read-only or foreign file system may refuse although it is there.
        if (try? Syscalls.stat(built))?.kind == .directory { continue }
        throw failed("Cannot make the directory \(built)", error)
      }
    }
  }

  /// Writes `bytes` under `path` so that a reader, or a power cut, sees all of
  /// them or none: a temporary file in the same directory, checked write,
  /// fsync, checked close, rename. The name itself is durable once
  /// `syncDirectory(_:)` has run. Writing the same path twice is harmless.
  public static func writeAtomically(_ bytes: RawSpan, to path: String) throws(DiecastError) {
    let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
    do throws(SystemCallFailure) {
      let file = try OpenFile(temporary, OpenFlags.createNew)
      do throws(SystemCallFailure) {
        try Syscalls.pwriteAll(file.fd, bytes, at: 0)
        try Syscalls.fsync(file.fd)
        try file.close()
        try Syscalls.rename(temporary, path)
      } catch {
        try? Syscalls.unlink(temporary)
        throw error
      }
    } catch {
      throw failed("Cannot write \(path), \(bytes.byteCount) bytes", error)
    }
  }

  /// Makes the names in a directory durable.
  public static func syncDirectory(_ path: String) throws(DiecastError) {
    do throws(SystemCallFailure) {
      let directory = try OpenFile(path, OpenFlags.directory)
      try Syscalls.fsync(directory.fd)
    } catch {
      throw failed("Cannot flush the directory \(path)", error)
    }
  }

  /// The bytes of a file of at most `limit` bytes; nil when there is none.
  public static func read(_ path: String, limit: Int) throws(DiecastError) -> [UInt8]? {
    do throws(SystemCallFailure) {
      let file = try OpenFile(path, OpenFlags.read)
      let status = try Syscalls.fstat(file.fd)
      guard status.kind == .regular, status.size <= UInt64(limit) else { throw Syscalls.failure("read", EFBIG) }
      var bytes = [UInt8](repeating: 0, count: Int(status.size))
      var span = bytes.mutableSpan
      var raw = unsafe span.mutableBytes
      let count = try Syscalls.pread(file.fd, into: &raw, at: 0)
      return Array(bytes[..<count])
    } catch {
      if error.errno == ENOENT { return nil }
      throw failed("Cannot read \(path)", error)
    }
  }

  /// Fills the front of `bytes` with a file that must fit; returns how many bytes, or nil when there is no such file.
  public static func read(_ path: String, into bytes: inout MutableRawSpan) throws(DiecastError) -> Int? {
    do throws(SystemCallFailure) {
      let file = try OpenFile(path, OpenFlags.read)
      let status = try Syscalls.fstat(file.fd)
      guard status.kind == .regular, status.size <= UInt64(bytes.byteCount) else {
        throw Syscalls.failure("read", EFBIG)
      }
      return try Syscalls.pread(file.fd, into: &bytes, at: 0)
    } catch {
      if error.errno == ENOENT { return nil }
      throw failed("Cannot read \(path)", error)
    }
  }

  /// The same into a buffer.
  public static func read(_ path: String, into buffer: AlignedBuffer) throws(DiecastError) -> Int? {
    try buffer.withMutableBytes(0..<buffer.capacity) { (span) throws(DiecastError) in try read(path, into: &span) }
  }

  /// The size of a regular file, or nil when there is none.
  public static func size(of path: String) -> ByteCount? {
    guard let status = try? Syscalls.stat(path), status.kind == .regular else { return nil }
    return ByteCount(status.size)
  }

  /// Whether `path` is a directory.
  public static func isDirectory(_ path: String) -> Bool { (try? Syscalls.stat(path))?.kind == .directory }

  /// The names in a directory, sorted; empty when there is none.
  public static func list(_ path: String) -> [String] { TextFile.list(path) }

  /// Removes a file; one that is gone already is fine.
  public static func remove(_ path: String) throws(DiecastError) {
    do throws(SystemCallFailure) {
      try Syscalls.unlink(path)
    } catch {
      if error.errno != ENOENT { throw failed("Cannot remove \(path)", error) }
    }
  }

  /// Gives a file or a directory another name on the same file system.
  public static func rename(_ from: String, to: String) throws(DiecastError) {
    do throws(SystemCallFailure) {
      try Syscalls.rename(from, to)
    } catch {
      throw failed("Cannot rename \(from) to \(to)", error)
    }
  }

  /// Removes a directory when it is empty; otherwise leaves it.
  public static func removeDirectoryIfEmpty(_ path: String) throws(DiecastError) {
    do throws(SystemCallFailure) {
      try Syscalls.rmdir(path)
    } catch {
      if error.errno != ENOENT, error.errno != ENOTEMPTY { throw failed("Cannot remove the directory \(path)", error) }
    }
  }

  private static func failed(_ sentence: String, _ cause: SystemCallFailure) -> DiecastError {
    let remedy: String? =
      switch cause.errno {
      case ENOSPC, EDQUOT: "Free space on that file system"
      case EACCES, EPERM: "Run as root, or as the owner of the store"
      case EROFS: "Name a store that can be written"
      default: nil
      }
    return DiecastError(.storeFailed, sentence, remedy: remedy, cause: cause)
  }
}

/// An advisory lock on a file, held while this object lives.
public final class FileLock: Sendable {
  private let file: OpenFile

  /// Takes the lock on `path`, making the file where there is none; waits for others.
  public init(_ path: String, exclusive: Bool) throws(DiecastError) {
    do throws(SystemCallFailure) {
      file = try OpenFile(path, OpenFlags.createOrOpen)
      try Syscalls.flock(file.fd, exclusive: exclusive, wait: true)
    } catch {
      throw DiecastError(
        .storeFailed, "Cannot lock \(path)", remedy: "Check that the store can be written", cause: error)
    }
  }
}

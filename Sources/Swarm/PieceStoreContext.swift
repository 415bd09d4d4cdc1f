// SPDX-License-Identifier: GPL-3.0-or-later

internal import CSwarm
internal import DiecastCore
internal import Glibc
import Synchronization

/// What the C side holds one reference to: it calls the piece store and keeps
/// the first typed error that a write threw, since C carries only a sentence.
final class PieceStoreContext: Sendable {
  let store: any PieceStore
  private let writeFailure = Mutex<DiecastError?>(nil)

  init(_ store: any PieceStore) { self.store = store }

  var firstWriteFailure: DiecastError? { writeFailure.withLock { $0 } }

  /// The callbacks, with one retain of this object for `release` to give back.
  func retainedCallbacks() -> csw_piece_store {
    unsafe csw_piece_store(
      context: Unmanaged.passRetained(self).toOpaque(), read: readPiece, write: writePiece, release: releaseContext)
  }

  fileprivate func read(_ piece: PieceIndex, into bytes: inout MutableRawSpan) throws(DiecastError) {
    try store.read(piece, into: &bytes)
  }

  fileprivate func write(_ piece: PieceIndex, _ bytes: RawSpan) throws(DiecastError) {
    do {
      try store.write(piece, bytes)
    } catch {
      writeFailure.withLock { if $0 == nil { $0 = error } }
      throw error
    }
  }
}

private func context(_ pointer: UnsafeMutableRawPointer?) -> PieceStoreContext? {
  unsafe pointer.map { unsafe Unmanaged<PieceStoreContext>.fromOpaque($0).takeUnretainedValue() }
}

private func report(_ error: DiecastError, _ message: UnsafeMutablePointer<csw_message>?) -> Int32 {
  unsafe message?.pointee.set("\(error)")
  return -(error.cause?.errno ?? EIO)
}

// These run on the session's worker threads. They only bridge.
private func readPiece(
  _ pointer: UnsafeMutableRawPointer?, _ piece: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int,
  _ message: UnsafeMutablePointer<csw_message>?
) -> Int32 {
  guard let context = unsafe context(pointer) else { return -EINVAL }
  do throws(DiecastError) {
    var span = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: length).mutableBytes
    try context.read(PieceIndex(piece), into: &span)
    return 0
  } catch {
    return unsafe report(error, message)
  }
}

private func writePiece(
  _ pointer: UnsafeMutableRawPointer?, _ piece: Int32, _ bytes: UnsafePointer<UInt8>?, _ length: Int,
  _ message: UnsafeMutablePointer<csw_message>?
) -> Int32 {
  guard let context = unsafe context(pointer) else { return -EINVAL }
  do throws(DiecastError) {
    try context.write(PieceIndex(piece), unsafe UnsafeRawBufferPointer(start: bytes, count: length).bytes)
    return 0
  } catch {
    return unsafe report(error, message)
  }
}

private func releaseContext(_ pointer: UnsafeMutableRawPointer?) {
  unsafe pointer.map { unsafe Unmanaged<PieceStoreContext>.fromOpaque($0).release() }
}

// SPDX-License-Identifier: GPL-3.0-or-later

internal import CZstd
public import DiecastCore
public import ImageFormat

/// Compresses and decompresses chunks: one zstd frame each, with the content's
/// size in it and no checksum, as SHA-256 guards it. The same version at the
/// same level gives the same bytes for the same content, whoever compresses
/// (RFC 8878; the library's authors promise it per version).
///
/// Not Sendable: the contexts belong to one worker, which uses them again for
/// every chunk.
@safe public final class ZstdCodec {
  private let compressor: OpaquePointer
  private let decompressor: OpaquePointer

  /// Which library, at which level.
  public let codec: Manifest.Codec

  /// The version of libzstd that is linked, such as `1.5.4`.
  public static var version: String { unsafe String(cString: ZSTD_versionString()) }

  /// Levels that libzstd knows; 0 is none of them here, as it means "default".
  public static var levels: ClosedRange<Int> { Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel()) }

  /// The codec that this machine compresses with at `level`.
  public static func current(level: Int) -> Manifest.Codec {
    Manifest.Codec(name: "zstd", version: version, level: level)
  }

  /// Contexts for one worker.
  public init(level: Int) throws(DiecastError) {
    guard let compressor = unsafe ZSTD_createCCtx(), let decompressor = unsafe ZSTD_createDCtx() else {
      throw DiecastError(.internal, "libzstd has no memory for a context")
    }
    unsafe self.compressor = compressor
    unsafe self.decompressor = decompressor
    codec = Self.current(level: level)
    try Self.check(unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, Int32(level)), "set the level")
    try Self.check(unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_contentSizeFlag, 1), "set a flag")
    try Self.check(unsafe ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 0), "set a flag")
  }

  deinit {
    unsafe ZSTD_freeCCtx(compressor)
    unsafe ZSTD_freeDCtx(decompressor)
  }

  @discardableResult
  private static func check(_ result: Int, _ action: String) throws(DiecastError) -> Int {
    guard ZSTD_isError(result) == 0 else {
      let words = unsafe String(cString: ZSTD_getErrorName(result))
      throw DiecastError(.corrupt, "libzstd cannot \(action): \(words)")
    }
    return result
  }

  /// Room that `compress` needs for `count` bytes.
  public static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Compresses `content` into the front of `output`, which needs `bound(_:)`
  /// bytes. Returns how many bytes, or nil where that is no fewer than the
  /// content has: then the content itself is the chunk.
  public func compress(_ content: RawSpan, into output: AlignedBuffer) throws(DiecastError) -> Int? {
    let count = try output.withMutableBytes(0..<output.capacity) { (span) throws(DiecastError) -> Int in
      let target = unsafe span.withUnsafeMutableBytes { unsafe $0 }
      let source = unsafe content.withUnsafeBytes { unsafe $0 }
      return try Self.check(
        unsafe ZSTD_compress2(compressor, target.baseAddress, target.count, source.baseAddress, source.count),
        "compress \(content.byteCount) bytes")
    }
    return count < content.byteCount ? count : nil
  }

  /// Decompresses one frame into the front of `output`; its content must have exactly `count` bytes.
  public func decompress(_ chunk: RawSpan, count: Int, into output: AlignedBuffer) throws(DiecastError) {
    let written = try output.withMutableBytes(0..<count) { (span) throws(DiecastError) -> Int in
      let target = unsafe span.withUnsafeMutableBytes { unsafe $0 }
      let source = unsafe chunk.withUnsafeBytes { unsafe $0 }
      return try Self.check(
        unsafe ZSTD_decompressDCtx(decompressor, target.baseAddress, target.count, source.baseAddress, source.count),
        "decompress a chunk of \(chunk.byteCount) bytes")
    }
    guard written == count else {
      throw DiecastError(.corrupt, "A chunk decompressed to \(written) bytes, not \(count)")
    }
  }
}

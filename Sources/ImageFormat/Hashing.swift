// SPDX-License-Identifier: GPL-3.0-or-later

internal import Crypto
public import DiecastCore

/// SHA-256 and the Merkle trees of BEP 52.
public enum Hashing {
  /// The block that leaves of a Merkle tree stand for (BEP 52): 16 KiB.
  public static let blockSize = 16 << 10

  /// SHA-256 of `bytes` (FIPS 180-4).
  public static func sha256(_ bytes: RawSpan) -> Hash256 {
    var hasher = SHA256()
    unsafe bytes.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) in unsafe hasher.update(bufferPointer: buffer) }
    return Hash256(Array(hasher.finalize())) ?? .zero
  }

  /// SHA-256 of `bytes` (FIPS 180-4).
  public static func sha256(_ bytes: [UInt8]) -> Hash256 { unsafe sha256(bytes.span.bytes) }

  /// SHA-1 of `bytes` (FIPS 180-4); only for what BEP 3 asks of it.
  public static func sha1(_ bytes: RawSpan) -> [UInt8] {
    var hasher = Insecure.SHA1()
    unsafe bytes.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) in unsafe hasher.update(bufferPointer: buffer) }
    return Array(hasher.finalize())
  }

  /// The BEP 52 `pieces root` of `bytes`: leaves are SHA-256 over 16 KiB
  /// blocks, padded with zero hashes to a power of two of their own number.
  public static func piecesRoot(_ bytes: RawSpan) -> Hash256 { root(leaves(bytes)) }

  /// The root of a piece inside a file of several pieces: padded to a whole
  /// piece's number of blocks, which is a power of two.
  public static func pieceLayerHash(_ bytes: RawSpan, blocksPerPiece: Int) -> Hash256 {
    root(leaves(bytes), width: blocksPerPiece)
  }

  /// The root over `layer`, whose missing nodes up to a power of two are `pad`.
  public static func root(_ layer: [Hash256], width: Int? = nil, pad: Hash256 = .zero) -> Hash256 {
    var size = 1
    while size < max(width ?? 0, layer.count) { size *= 2 }
    var nodes = layer + Array(repeating: pad, count: size - layer.count)
    while nodes.count > 1 {
      nodes = stride(from: 0, to: nodes.count, by: 2).map { sha256(nodes[$0].bytes + nodes[$0 + 1].bytes) }
    }
    return nodes[0]
  }

  private static func leaves(_ bytes: RawSpan) -> [Hash256] {
    var leaves: [Hash256] = []
    var position = 0
    while position < bytes.byteCount {
      let end = min(position + blockSize, bytes.byteCount)
      leaves.append(sha256(bytes.extracting(position..<end)))
      position = end
    }
    return leaves
  }
}

/// SHA-256 of content that comes in parts.
public struct ContentHasher {
  private var hasher = SHA256()

  /// Nothing hashed yet.
  public init() {}

  /// Adds the next part.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) in unsafe hasher.update(bufferPointer: buffer) }
  }

  /// The digest of all parts.
  public func finish() -> ContentDigest { ContentDigest(Hash256(Array(hasher.finalize())) ?? .zero) }
}

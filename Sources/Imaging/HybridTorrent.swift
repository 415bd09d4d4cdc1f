// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
public import ImageFormat
public import ImageStore
import Synchronization

/// Torrents that BEP 3 clients know as well. Their SHA-1 hashes need every chunk to be read once.
public enum HybridTorrent {
  /// The hybrid torrent of an image in `store`.
  public static func make(
    of image: StoredImage, in store: ImageStore, workers: Int, progress: Progress, interrupt: Interrupt
  ) throws -> TorrentFile {
    let pieces = ChunkPieceStore(image: image, store: store)
    let layout = try image.torrent().layout
    let lastPiece = layout.pieceCount - 1
    progress.begin(.indexing, total: layout.files.reduce(.zero) { $0 + $1.length })
    let hashes = Mutex([[UInt8]](repeating: [], count: layout.pieceCount))
    try Parallel.forEach(
      count: layout.pieceCount, workers: workers, interrupt: interrupt,
      makeState: { AlignedBuffer(capacity: layout.pieceLength.int) },
      body: { buffer, position in
        let length = layout.length(of: PieceIndex(position)).int
        try buffer.withMutableBytes(0..<length) { (span) throws(DiecastError) in
          try pieces.read(PieceIndex(position), into: &span)
        }
        // All but the last piece are followed by a pad file of zeros (BEP 47).
        let hashed = position == lastPiece ? length : layout.pieceLength.int
        if hashed > length { buffer.zero(length..<hashed) }
        let hash = buffer.withBytes(0..<hashed) { Hashing.sha1($0) }
        hashes.withLock { $0[position] = hash }
        progress.advance(ByteCount(length))
      })
    return try TorrentFile(
      manifest: image.manifest, manifestBytes: image.manifestBytes, index: image.index, indexBytes: image.indexBytes,
      pieceHashesV1: hashes.withLock { $0 })
  }
}

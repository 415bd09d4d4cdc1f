// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
internal import Swarm

/// A golden disk that seeds itself: indexed once, its chunks made on demand, nothing stored.
public enum GoldenSource {
  /// The piece store of what `capture`, run without a store, learned of `disk`.
  public static func pieceStore(of result: Capture.Result, on disk: Disk, progress: Progress) -> DiskPieceStore {
    // The image's windows are the plan's, in the same order.
    let content = ImageOnDisk(image: result.image, disk: disk, holes: result.windows.map(\.holes), progress: progress)
    return DiskPieceStore(content, progress: progress)
  }
}

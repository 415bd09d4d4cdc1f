// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat

/// Swap: its identity is kept and its content dropped, unless a hibernated system lies in it.
enum SwapProvider: UsedMapProvider {
  static let types: Set<String> = ["swap", "swsuspend", "s1suspend"]

  static func map(_ volume: VolumeReader, identity: FilesystemIdentity) throws -> UsedMap {
    if identity.type != "swap" {
      throw Doubt("it holds a hibernated system; resume that and shut it down before capturing")
    }
    // The signature ends the first page of the machine that made it (mkswap(8)).
    for page: UInt64 in [4096, 8192, 16384, 32768, 65536] where page <= volume.length.rawValue {
      let signature = try volume.read(page - 10, 10, "the swap signature")
      if signature.has("SWAPSPACE2", at: 0) || signature.has("SWAP-SPACE", at: 0) {
        // The page that carries UUID, label and signature is all that a swap area is while nothing uses it.
        return UsedMap(
          ranges: [ByteRange(start: .zero, length: ByteCount(page))], source: .recorded,
          notes: ["swap: only the page with its UUID and label is kept"])
      }
    }
    throw Doubt("no swap signature where there should be one; it may hold a hibernated system")
  }
}

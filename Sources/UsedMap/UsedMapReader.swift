// SPDX-License-Identifier: GPL-3.0-or-later

public import BlockIO
public import DiecastCore
public import ImageFormat

/// Finds out which bytes of a volume are used.
public enum UsedMapReader {
  /// The used map of `range`, the volume on `disk`, by the best authority for
  /// what libblkid found there. Never writes. A map that cannot be had, or
  /// that disagrees with what the filesystem states, is no error: the whole
  /// volume counts as used, and a note says why. Throws only when the task is cancelled.
  public static func read(disk: Disk, range: ByteRange, identity: FilesystemIdentity?) async throws -> UsedMap {
    guard let identity else { return .raw(range.length) }
    if let reason = reasonForRaw(identity) { return .raw(range.length, notes: ["copied raw: \(reason)"]) }
    guard let provider = usedMapProviders.first(where: { $0.types.contains(identity.type) }) else {
      return .raw(range.length, notes: ["copied raw: no used map is known for \(identity.type)"])
    }
    do {
      return try await provider.map(VolumeReader(disk: disk, range: range), identity: identity)
    } catch let doubt as Doubt {
      return .raw(range.length, notes: ["copied raw: \(identity.type): \(doubt)"])
    }
  }

  /// What forbids to ask for a map at all.
  private static func reasonForRaw(_ identity: FilesystemIdentity) -> String? {
    let type = identity.type
    // libblkid files swap under "other", and the suspended one apart from it.
    if identity.usage != .ambiguous, SwapProvider.types.contains(type) { return nil }
    return switch identity.usage {
    case .filesystem: nil
    case .ambiguous:
      "libblkid finds the signatures of more than one filesystem; remove the stale one with wipefs and capture again"
    case .member:
      "it is a \(type), a member of a volume group or RAID; what is used inside cannot be told from here"
    case .encrypted: "it is encrypted (\(type)); every byte may matter"
    case .other where type == "jbd" || type == "xfs_external_log":
      "it is the external journal of a filesystem elsewhere (\(type)); the image is of use only together with that"
    case .other: "it holds \(type), which has no used map"
    }
  }
}

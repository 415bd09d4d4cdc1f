// SPDX-License-Identifier: GPL-3.0-or-later

/// What libblkid says a range of a disk holds.
public struct FilesystemIdentity: Sendable, Equatable {
  /// What kind of thing it is.
  public enum Usage: Sendable, Equatable {
    /// A filesystem, or swap.
    case filesystem
    /// A member of a RAID, LVM or other volume group.
    case member
    /// An encrypted container.
    case encrypted
    /// Something else that has a name.
    case other
    /// More than one signature; libblkid will not choose.
    case ambiguous
  }

  /// libblkid's TYPE: `ext4`, `vfat`, `LVM2_member`; empty when ambiguous.
  public let type: String
  /// libblkid's VERSION, such as `FAT32`.
  public let version: String?
  /// What kind of thing it is.
  public let usage: Usage
  /// The UUID or serial.
  public let uuid: String?
  /// The label.
  public let label: String?

  /// All parts.
  public init(type: String, version: String? = nil, usage: Usage, uuid: String? = nil, label: String? = nil) {
    self.type = type
    self.version = version
    self.usage = usage
    self.uuid = uuid.map(ShownText.cleaned)
    self.label = label.map(ShownText.cleaned)
  }
}

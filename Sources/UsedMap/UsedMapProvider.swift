// SPDX-License-Identifier: GPL-3.0-or-later

internal import ImageFormat

/// One authority for some filesystems' used maps.
protocol UsedMapProvider: SendableMetatype {
  /// libblkid's names of the filesystems that it maps.
  static var types: Set<String> { get }

  /// The map of `volume`, where libblkid found `identity`, checked against what
  /// the filesystem itself states. Throws `Doubt` where the two disagree or
  /// anything is unexpected.
  static func map(_ volume: VolumeReader, identity: FilesystemIdentity) async throws -> UsedMap
}

/// Every provider, in no order: no two know the same type.
let usedMapProviders: [any UsedMapProvider.Type] = [
  SwapProvider.self, ExtProvider.self, PartcloneProvider.self, NativeProvider.self,
]

// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore

/// What an image is, apart from its content: `manifest.json`, specified in
/// `docs/image-format.md`. No device names anywhere.
public struct Manifest: Codable, Sendable, Equatable {
  /// The format's version and what a reader must know.
  public var format: Format
  /// What wrote it, such as `diecast 0.1.0`.
  public var tool: String
  /// The image's name.
  public var name: String
  /// Which version of it.
  public var version: String
  /// When it was captured: seconds since 1970 UTC.
  public var created: UInt64
  /// The id of the image that it was captured after, in hexadecimal.
  public var parent: String?
  /// What compressed the chunks; the same version at the same level makes the same bytes again.
  public var codec: Codec
  /// Bytes in a window; a power of two.
  public var windowSize: ByteCount
  /// Gaps shorter than this between used ranges are restored as zeros.
  public var mergeGap: ByteCount
  /// The disks captured. One, for now.
  public var disks: [ImageDisk]
  /// What is restored, in the index's order.
  public var volumes: [Volume]
  /// Which index belongs to it.
  public var index: IndexReference
  /// Sums, for people and for plans.
  public var totals: Totals

  /// The version of the format.
  public struct Format: Codable, Sendable, Equatable {
    /// Unknown: refuse.
    public var major: Int
    /// Unknown: fine.
    public var minor: Int
    /// Names of what a reader must know; an unknown one: refuse, and name it.
    public var features: [String]

    /// What this Diecast writes.
    public static let current = Format(major: 1, minor: 0, features: [])

    /// A version of the format.
    public init(major: Int, minor: Int, features: [String]) {
      self.major = major
      self.minor = minor
      self.features = features
    }
  }

  /// A compressor.
  public struct Codec: Codable, Sendable, Equatable {
    /// Always `zstd`.
    public var name: String
    /// The exact version of the library.
    public var version: String
    /// The compression level.
    public var level: Int

    /// A compressor at a level.
    public init(name: String, version: String, level: Int) {
      self.name = name
      self.version = version
      self.level = level
    }
  }

  /// The index of an image.
  public struct IndexReference: Codable, Sendable, Equatable {
    /// SHA-256 of its bytes, in hexadecimal.
    public var digest: String
    /// Its length in bytes.
    public var length: ByteCount

    /// An index with this digest and length.
    public init(digest: String, length: ByteCount) {
      self.digest = digest
      self.length = length
    }
  }

  /// Sums over an image.
  public struct Totals: Codable, Sendable, Equatable {
    /// What the used maps call used.
    public var usedBytes: ByteCount
    /// What a restore writes, zeros included.
    public var contentBytes: ByteCount
    /// What of that is in windows that are all zero.
    public var zeroBytes: ByteCount
    /// Windows that are restored.
    public var windows: Int
    /// Different chunks.
    public var chunks: Int
    /// Their bytes: what goes over the wire.
    public var chunkBytes: ByteCount

    /// Sums.
    public init(
      usedBytes: ByteCount, contentBytes: ByteCount, zeroBytes: ByteCount, windows: Int, chunks: Int,
      chunkBytes: ByteCount
    ) {
      self.usedBytes = usedBytes
      self.contentBytes = contentBytes
      self.zeroBytes = zeroBytes
      self.windows = windows
      self.chunks = chunks
      self.chunkBytes = chunkBytes
    }
  }

  /// All parts of a manifest.
  public init(
    format: Format = .current, tool: String, name: String, version: String, created: UInt64, parent: String?,
    codec: Codec, windowSize: ByteCount, mergeGap: ByteCount, disks: [ImageDisk], volumes: [Volume],
    index: IndexReference, totals: Totals
  ) {
    self.format = format
    self.tool = tool
    self.name = name
    self.version = version
    self.created = created
    self.parent = parent
    self.codec = codec
    self.windowSize = windowSize
    self.mergeGap = mergeGap
    self.disks = disks
    self.volumes = volumes
    self.index = index
    self.totals = totals
  }
}

/// A contiguous range that is restored as a unit.
public struct Volume: Codable, Sendable, Equatable {
  /// What kind of range.
  public enum Kind: String, Codable, Sendable {
    /// A partition of the table.
    case partition
    /// A gap that boot loaders use.
    case gap
    /// A whole disk without a partition table.
    case disk
  }

  /// How its used ranges were found.
  public enum UsedMapSource: String, Codable, Sendable {
    /// libext2fs.
    case libext2fs
    /// partclone's domain map.
    case partclone
    /// Diecast's own reader of the filesystem's structures.
    case native
    /// Everything is copied.
    case raw
    /// Only identity is kept (swap): the page that carries it.
    case recorded
    /// A way that a newer Diecast has; it tells people something and decides nothing.
    case unknown

    /// Reads a word; one that is not known is no error.
    public init(from decoder: any Decoder) throws {
      self = Self(rawValue: try String(from: decoder)) ?? .unknown
    }
  }

  /// Which of the manifest's disks.
  public var disk: Int
  /// What kind of range.
  public var kind: Kind
  /// The partition's number in its table; nil for other kinds.
  public var partition: Int?
  /// Where it begins on the disk.
  public var start: ByteOffset
  /// How long it is.
  public var length: ByteCount
  /// libblkid's name for its content (`ext4`, `ntfs`, `swap`, `crypto_LUKS`); nil when unknown.
  public var filesystem: String?
  /// The filesystem's UUID or serial.
  public var uuid: String?
  /// The filesystem's label.
  public var label: String?
  /// What the used map calls used.
  public var usedBytes: ByteCount
  /// How the used map was obtained.
  public var map: UsedMapSource
  /// Remarks for people: why it is copied raw, that it was dirty.
  public var notes: [String]
  /// Ranges that could not be read at capture and are restored as zeros.
  public var unread: [UnreadRange]?

  /// All parts of a volume; texts are made safe to show.
  public init(
    disk: Int, kind: Kind, partition: Int?, start: ByteOffset, length: ByteCount, filesystem: String? = nil,
    uuid: String? = nil, label: String? = nil, usedBytes: ByteCount, map: UsedMapSource, notes: [String] = [],
    unread: [UnreadRange]? = nil
  ) {
    self.disk = disk
    self.kind = kind
    self.partition = partition
    self.start = start
    self.length = length
    self.filesystem = filesystem.map(ShownText.cleaned)
    self.uuid = uuid.map(ShownText.cleaned)
    self.label = label.map(ShownText.cleaned)
    self.usedBytes = usedBytes
    self.map = map
    self.notes = notes.map(ShownText.cleaned)
    self.unread = unread
  }

  /// Where it lies on the disk. Only of a validated volume.
  public var range: ByteRange { ByteRange(start: start, length: length) }
}

/// A range of the source that could not be read, in bytes from the disk's start.
public struct UnreadRange: Codable, Sendable, Equatable {
  /// Its first byte.
  public var start: ByteOffset
  /// Its length.
  public var length: ByteCount

  /// A range.
  public init(start: ByteOffset, length: ByteCount) {
    self.start = start
    self.length = length
  }
}

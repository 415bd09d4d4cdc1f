// SPDX-License-Identifier: GPL-3.0-or-later

/// A key of a btrfs item.
struct BtrfsKey {
  let object: UInt64
  let type: UInt64
  let offset: UInt64

  static let root: UInt64 = 132
  static let extent: UInt64 = 168
  static let metadata: UInt64 = 169
  static let chunk: UInt64 = 228

  init(_ fields: Fields, _ offset: Int) throws(Doubt) {
    object = try fields.little(offset, 8)
    type = try fields.little(offset + 8, 1)
    self.offset = try fields.little(offset + 9, 8)
  }
}

/// Reads btrfs trees: checksums verified, every node once, in a bounded number.
struct BtrfsTree {
  /// Where in its node an item's data begin.
  struct Item {
    let node: Fields
    let offset: Int
  }

  let volume: VolumeReader
  let superblock: BtrfsSuperblock
  private(set) var chunks: BtrfsChunks

  init(volume: VolumeReader, superblock: BtrfsSuperblock) {
    self.volume = volume
    self.superblock = superblock
    chunks = BtrfsChunks(deviceID: superblock.deviceID, deviceBytes: superblock.deviceBytes)
  }

  /// Learns the chunks: first those that the chunk tree lies in, then that tree's.
  mutating func readChunks() throws {
    let system = Fields(bytes: Array(superblock.systemChunks))
    var position = 0
    while position < system.bytes.count {
      let key = try BtrfsKey(system, position)
      guard key.type == BtrfsKey.chunk else { throw Doubt("its list of system chunks is malformed") }
      position += 17
      position += try chunks.add(key.offset, system, position)
    }
    var found = chunks
    try walk(superblock.chunkTree.address, level: superblock.chunkTree.level) { (key, item) in
      if key.type == BtrfsKey.chunk { _ = try found.add(key.offset, item.node, item.offset) }
    }
    chunks = found
  }

  /// Where the extent tree's root lies, and its level.
  func extentRoot() throws -> (address: UInt64, level: UInt64) {
    var root: (UInt64, UInt64)?
    try walk(superblock.rootTree.address, level: superblock.rootTree.level) { (key, item) in
      guard key.object == 2, key.type == BtrfsKey.root else { return }
      root = (try item.node.little(item.offset + 176, 8), try item.node.little(item.offset + 238, 1))
    }
    guard let root else { throw Doubt("it has no extent tree") }
    return root
  }

  /// Calls `body` with every item below the node at `address`, in the order of keys.
  func walk(_ address: UInt64, level: UInt64, _ body: (BtrfsKey, Item) throws -> Void) throws {
    var budget = superblock.deviceBytes / superblock.nodeSize
    try walk(address, level: level, &budget, body)
  }

  private func walk(
    _ address: UInt64, level: UInt64, _ budget: inout UInt64, _ body: (BtrfsKey, Item) throws -> Void
  ) throws {
    guard budget > 0 else { throw Doubt("a tree has more nodes than the device can hold") }
    budget -= 1
    let node = try read(address)
    guard try node.little(100, 1) == level, level < 8 else {
      throw Doubt("the tree node at \(address) is not of level \(level)")
    }
    let count = Int(try node.little(96, 4))
    guard count <= node.bytes.count / 25 else { throw Doubt("the tree node at \(address) has \(count) items") }
    for index in 0..<count {
      if level > 0 {
        try Task.checkCancellation()
        try walk(try node.little(101 + 33 * index + 17, 8), level: level - 1, &budget, body)
      } else {
        let place = 101 + 25 * index
        let start = 101 + Int(try node.little(place + 17, 4))
        _ = try node.slice(start, Int(try node.little(place + 21, 4)))
        try body(try BtrfsKey(node, place), Item(node: node, offset: start))
      }
    }
  }

  /// A node, from the first of its copies that is whole.
  private func read(_ address: UInt64) throws(Doubt) -> Fields {
    for place in try chunks.places(of: address, length: superblock.nodeSize) {
      let node = try volume.read(place, Int(superblock.nodeSize), "a tree node")
      let sum = ~CRC32.castagnoli.update(.max, node.bytes[32...])
      if try node.little(48, 8) == address, try UInt64(sum) == node.little(0, 4) { return node }
    }
    throw Doubt("no copy of the tree node at \(address) is whole; run btrfs check")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// Where btrfs's logical addresses lie on its one device.
struct BtrfsChunks {
  private struct Chunk {
    let logical, length: UInt64
    let stripes: [UInt64]
  }

  let deviceID, deviceBytes: UInt64
  /// By logical address, ascending and disjoint.
  private var chunks: [Chunk] = []

  init(deviceID: UInt64, deviceBytes: UInt64) {
    self.deviceID = deviceID
    self.deviceBytes = deviceBytes
  }

  /// Adds the chunk at `logical` whose item begins at `offset`; returns the
  /// item's length. One that is known already is left as it is.
  mutating func add(_ logical: UInt64, _ fields: Fields, _ offset: Int) throws(Doubt) -> Int {
    let length = try fields.little(offset, 8)
    let type = try fields.little(offset + 24, 8)
    let count = try fields.little(offset + 44, 2)
    // Data, system, metadata, and two copies of any on the same device.
    guard type & ~0x27 == 0, count == (type & 0x20 != 0 ? 2 : 1), length > 0 else {
      throw Doubt("it has a chunk of type \(type.hexadecimal) in \(count) stripes, which Diecast does not know")
    }
    var stripes: [UInt64] = []
    for stripe in 0..<Int(count) {
      let item = offset + 48 + 32 * stripe
      let (device, place) = (try fields.little(item, 8), try fields.little(item + 8, 8))
      guard device == deviceID, try place.plus(length, "a chunk's end") <= deviceBytes else {
        throw Doubt("a chunk at byte \(place) of device \(device) lies outside")
      }
      stripes.append(place)
    }
    let end = try logical.plus(length, "a chunk's end")
    let index = chunks.partitioningIndex { $0.logical >= logical }
    if index < chunks.count, chunks[index].logical == logical { return 48 + 32 * stripes.count }
    guard index == 0 || chunks[index - 1].logical + chunks[index - 1].length <= logical,
      index == chunks.count || end <= chunks[index].logical
    else { throw Doubt("its chunks overlap at \(logical)") }
    chunks.insert(Chunk(logical: logical, length: length, stripes: stripes), at: index)
    return 48 + 32 * stripes.count
  }

  /// Every place of `length` bytes at `logical`, in bytes from the volume's start.
  func places(of logical: UInt64, length: UInt64) throws(Doubt) -> [UInt64] {
    let index = chunks.partitioningIndex { $0.logical > logical }
    guard index > 0 else { throw Doubt("\(logical) lies in no chunk") }
    let chunk = chunks[index - 1]
    let distance = logical - chunk.logical
    guard distance < chunk.length, length <= chunk.length - distance else {
      throw Doubt("\(length) bytes at \(logical) lie in no chunk")
    }
    return chunk.stripes.map { $0 + distance }
  }
}

extension Array {
  /// The index of the first element for which `isSecond` holds, where it holds for all after it.
  fileprivate func partitioningIndex(_ isSecond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

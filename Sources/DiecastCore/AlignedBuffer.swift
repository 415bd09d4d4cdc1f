// SPDX-License-Identifier: GPL-3.0-or-later

/// Memory aligned for direct I/O, allocated once and used again and again.
///
/// Not Sendable: one worker owns it at a time.
@safe public final class AlignedBuffer {
  private let memory: UnsafeMutableRawBufferPointer

  /// What `O_DIRECT` asks of addresses: the largest logical sector size in use.
  public static let alignment = 4096

  /// `capacity` bytes, zeroed, at an address that is a multiple of 4096.
  public init(capacity: Int) {
    unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: Self.alignment)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { unsafe memory.deallocate() }

  /// Bytes that fit.
  public var capacity: Int { unsafe memory.count }

  /// Lends `range` of the bytes for reading.
  public func withBytes<R, E: Error>(_ range: Range<Int>, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
    let part = unsafe UnsafeRawBufferPointer(rebasing: memory[range])
    return try body(unsafe part.bytes)
  }

  /// Lends `range` of the bytes for writing.
  public func withMutableBytes<R, E: Error>(
    _ range: Range<Int>, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[range])
    var span = unsafe part.mutableBytes
    return try body(&span)
  }

  /// Copies all of `bytes` to `position`.
  public func copy(_ bytes: RawSpan, to position: Int) {
    unsafe bytes.withUnsafeBytes { source in
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[position..<position + source.count]).copyMemory(
        from: source)
    }
  }

  /// Zeroes `range`.
  public func zero(_ range: Range<Int>) {
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[range]).initializeMemory(as: UInt8.self, repeating: 0)
  }
}

extension MutableRawSpan {
  /// Copies all of `bytes`, which are as many, over these.
  public mutating func copy(_ bytes: RawSpan) {
    unsafe withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }
}

extension RawSpan {
  /// Whether every byte is zero, told a word at a time.
  public var isAllZero: Bool {
    unsafe withUnsafeBytes { raw in
      var index = 0
      while index + 64 <= raw.count {
        var bits: UInt64 = 0
        for word in 0..<8 { unsafe bits |= raw.loadUnaligned(fromByteOffset: index + word * 8, as: UInt64.self) }
        if bits != 0 { return false }
        index += 64
      }
      while index < raw.count {
        if unsafe raw[index] != 0 { return false }
        index += 1
      }
      return true
    }
  }
}

extension RawSpan {
  /// The byte at `index`, bounds-checked.
  public func byte(_ index: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: checked(index), as: UInt8.self) }

  private func checked(_ index: Int) -> Int {
    precondition(index >= 0 && index < byteCount)
    return index
  }
}

extension MutableRawSpan {
  /// Sets the byte at `index`, bounds-checked.
  public mutating func setByte(_ index: Int, to value: UInt8) {
    storeBytes(of: value, toByteOffset: index, as: UInt8.self)
  }
}

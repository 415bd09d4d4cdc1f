// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import Glibc

/// A private directory for the files of one run of a program.
struct ScratchDirectory {
  private let path: String

  /// Makes one where temporary files go.
  init() throws(Doubt) {
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/diecast-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
    }
    guard let made else { throw Doubt("no temporary directory can be made in \(parent)") }
    path = made
  }

  /// The path of a file in it.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Removes it with its files; what cannot be removed stays, and harms nothing.
  func remove() {
    for name in FileStore.list(path) { try? FileStore.remove(file(name)) }
    try? FileStore.removeDirectoryIfEmpty(path)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import BlockIO
import DiecastCore
import DiskLayout
import Foundation
import ImageFormat
import Testing

let sector = ByteCount(UInt64(512))

/// A file in a directory of its own, removed with this object.
final class ScratchFile {
  let path: String
  private let directory: String
  init(_ size: UInt64) throws {
    directory = NSTemporaryDirectory() + "diecast-layout-\(UUID().uuidString)"
    path = directory + "/disk.img"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: size)
    try handle.close()
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func overwrite(_ offset: UInt64, _ bytes: [UInt8]) throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    try handle.write(contentsOf: Data(bytes))
  }

  func data() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}

private let toolPath = "/usr/sbin:/usr/bin:/sbin:/bin"

/// Whether every one of `tools` is installed.
func has(_ tools: String...) -> Bool {
  tools.allSatisfy { tool in
    toolPath.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
  }
}

/// Runs a tool, which must succeed; returns its output.
@discardableResult
func run(_ tool: String, _ arguments: [String], input: String = "") throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["PATH=\(toolPath)", tool] + arguments
  let (stdin, stdout) = (Pipe(), Pipe())
  process.standardInput = stdin
  process.standardOutput = stdout
  process.standardError = stdout
  try process.run()
  stdin.fileHandleForWriting.write(Data(input.utf8))
  try stdin.fileHandleForWriting.close()
  let output = stdout.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0, "\(String(decoding: output, as: UTF8.self))")
  return String(decoding: output, as: UTF8.self)
}

/// The code of the error that `body` throws; nil when it throws none or another kind.
func code(_ body: () throws -> Void) -> DiecastError.Code? {
  do { try body() } catch {
    return (error as? DiecastError)?.code
  }
  return nil
}

func layout(_ file: ScratchFile) throws -> DiskLayout {
  try DiskLayoutReader.read(Disk(path: file.path, access: .source))
}

/// A GPT with an empty EFI partition, an ext4 and swap.
func gptDisk() throws -> ScratchFile {
  let file = try ScratchFile(64 << 20)
  try run("sgdisk", ["-n1:2048:+8M", "-t1:ef00", "-c1:EFI", "-n2:0:+20M", "-n3:0:+4M", "-t3:8200", file.path])
  try run("mkfs.ext4", ["-q", "-F", "-L", "root", "-E", "offset=\(18432 * 512)", file.path, "20M"])
  let swap = try ScratchFile(4 << 20)
  try run("mkswap", ["-L", "swp", swap.path])
  try file.overwrite((18432 + 40960) * 512, Array(try swap.data()))
  return file
}

/// An MBR with a primary and three logical partitions, all empty.
func mbrDisk(_ size: UInt64 = 64 << 20) throws -> ScratchFile {
  let file = try ScratchFile(size)
  try run(
    "sfdisk", [file.path],
    input:
      "label: dos\nstart=2048,size=20000,type=83,bootable\ntype=5\nsize=8000,type=83\nsize=8000,type=82\nsize=8000,type=7\n"
  )
  return file
}

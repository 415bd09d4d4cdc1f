// SPDX-License-Identifier: GPL-3.0-or-later

import DiecastCore
import Foundation
import Testing

/// The program beside the tests, where it was built with them.
private let program = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent(".build/debug/diecast").path

private struct Outcome {
  let status: Int32
  let output: String
  let errors: String

  /// The objects on standard output, one a line.
  func events() throws -> [[String: Any]] {
    try output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }
}

private func diecast(_ arguments: String...) throws -> Outcome {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return Outcome(status: process.terminationStatus, output: text, errors: words)
}

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "diecast is not built"))
struct CommandLineTests {
  private let directory = NSTemporaryDirectory() + "diecast-command-\(UUID().uuidString)"

  private func scratch(_ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  @Test(arguments: [[], ["capture"], ["restore"], ["verify"], ["seed"], ["image"], ["image", "prune"]])
  func helpIsNoFailure(_ verb: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = verb + ["--help"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text.contains("USAGE: diecast"))
  }

  @Test func theVersionIsThatOfTheCore() throws {
    let outcome = try diecast("--version")
    #expect(outcome.status == 0 && outcome.output.contains(Version.number))
  }

  @Test func aCommandLineThatMeansNothingExitsWithTwo() throws {
    for outcome in [
      try diecast("--nonsense"), try diecast("capture", "--nonsense"), try diecast("cast"),
      try diecast("capture", "disk"),
      try diecast("capture", "disk", "../name"), try diecast("capture", "disk", "name", "--level", "0"),
      try diecast("capture", "disk", "name", "--window", "5M"),
      try diecast("restore", "name", "disk", "--seed-for", "soon"),
    ] {
      #expect(outcome.status == 2, "\(outcome.errors)")
      #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
    }
  }

  @Test func whatIsNotThereExitsWithOne() throws {
    try scratch { path in
      let capture = try diecast("capture", "\(path)/none", "golden", "--to", "\(path)/store")
      let restore = try diecast("restore", "golden", "\(path)/none", "--from", "\(path)/none", "--yes")
      #expect(capture.status == 1 && restore.status == 1)
    }
  }

  @Test func refusalsExitWithThreeAndWriteNothing() throws {
    try scratch { path in
      let golden = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 100) })
      try golden.write(to: URL(fileURLWithPath: "\(path)/golden"))
      let first = try diecast("capture", "\(path)/golden", "golden@1", "--to", "\(path)/store")
      #expect(first.status == 0, "\(first.errors)")
      #expect(try diecast("capture", "\(path)/golden", "golden@1", "--to", "\(path)/store").status == 3)
      #expect(try diecast("capture", path, "golden@2", "--to", "\(path)/store").status == 3)

      let small = Data(repeating: 0xa5, count: 100_000)
      try small.write(to: URL(fileURLWithPath: "\(path)/small"))
      let refused = try diecast("restore", "golden", "\(path)/small", "--from", "\(path)/store", "--yes")
      #expect(refused.status == 3 && refused.errors.contains("too small"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/small")) == small)

      let target = Data(repeating: 0xa5, count: 400_000)
      try target.write(to: URL(fileURLWithPath: "\(path)/target"))
      let unconfirmed = try diecast("restore", "golden", "\(path)/target", "--from", "\(path)/store")
      #expect(unconfirmed.status == 3)
      let dry = try diecast("restore", "golden", "\(path)/target", "--from", "\(path)/store", "--dry-run")
      #expect(dry.status == 0)
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/target")) == target)

      #expect(try diecast("restore", "golden", "\(path)/target", "--from", "\(path)/store", "--yes").status == 0)
      let whole = golden.count / 512 * 512
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(path)/target"))[..<whole] == golden[..<whole])
      #expect(try diecast("verify", "golden", "\(path)/target", "--from", "\(path)/store").status == 0)
      let handle = try #require(FileHandle(forWritingAtPath: "\(path)/target"))
      try handle.seek(toOffset: 150_000)
      try handle.write(contentsOf: Data([0xff, 0xfe]))
      try handle.close()
      #expect(try diecast("verify", "golden", "\(path)/target", "--from", "\(path)/store").status == 5)
    }
  }

  @Test func errorsAreEventsForScripts() throws {
    try scratch { path in
      let outcome = try diecast("capture", "\(path)/none", "golden", "--to", "\(path)/store", "--json")
      #expect(outcome.status == 1)
      let event = try #require(try outcome.events().last)
      #expect(event["event"] as? String == "error")
      #expect(event["code"] as? String == "not-found")
      #expect(event["exitCode"] as? Int == 1)
      #expect((event["message"] as? String)?.contains("\(path)/none") == true)
      #expect((event["remedy"] as? String)?.isEmpty == false)
      #expect((event["cause"] as? String)?.contains("errno 2") == true)
    }
  }

  @Test func everyLineUnderJSONIsAnEvent() throws {
    try scratch { path in
      try Data(count: 200_000).write(to: URL(fileURLWithPath: "\(path)/golden"))
      let outcome = try diecast("capture", "\(path)/golden", "golden", "--to", "\(path)/store", "--json")
      #expect(outcome.status == 0)
      let names = try outcome.events().compactMap { $0["event"] as? String }
      #expect(names.count == (try outcome.events()).count && names.contains("plan") && names.contains("result"))
    }
  }
}

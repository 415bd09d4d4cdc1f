// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging
internal import Swarm

/// What a restore did, for people and for scripts.
struct RestoreReport {
  let plan: RestorePlan
  let result: Restore.Result
  let peers: [SwarmTorrent.Peer]
  let serverHost: String?
  let elapsed: Duration

  private struct ResultEvent: Encodable {
    var event = "result"
    var image: String
    var imageID: String
    var disk: String
    var matchedBytes: UInt64
    var writtenBytes: UInt64
    var fetchedChunks: Int
    var fetchedBytes: UInt64
    var verifiedBytes: UInt64?
    var readBack: String?
    var wroteTable: Bool
    var fromSeederBytes: UInt64
    var fromPeersBytes: UInt64
    var peers: [PeerRow]
    var seconds: Double
    var peakMemoryBytes: UInt64?
  }

  private func received(fromServer: Bool) -> ByteCount {
    peers.filter { ($0.address == serverHost) == fromServer }.reduce(.zero) { $0 + $1.downloaded }
  }

  func show(on console: Console) {
    let memory = ProcessMemory.peakResident
    console.emit(
      ResultEvent(
        image: plan.image.fullName, imageID: plan.image.id, disk: plan.diskPath,
        matchedBytes: result.matchedBytes.rawValue, writtenBytes: result.writtenBytes.rawValue,
        fetchedChunks: result.fetchedChunks, fetchedBytes: result.fetchedBytes.rawValue,
        verifiedBytes: result.verifiedBytes?.rawValue,
        readBack: result.verifiedBytes == nil ? nil : result.verifiedDirectly ? "direct" : "cache dropped",
        wroteTable: result.wroteTable, fromSeederBytes: received(fromServer: true).rawValue,
        fromPeersBytes: received(fromServer: false).rawValue, peers: peers.map { PeerRow($0) },
        seconds: elapsed.seconds, peakMemoryBytes: memory?.rawValue))
    if result.matchedBytes > .zero {
      let total = plan.contentBytes
      let percent = 100 * Double(result.matchedBytes.rawValue) / Double(max(1, total.rawValue))
      console.say("\(result.matchedBytes.human) of \(total.human) (\(percent.fixed(1))%) were right already.")
    }
    console.say(
      "Restored \(plan.image.fullName) to \(plan.diskPath) in \(elapsed.human): wrote \(result.writtenBytes.human), fetched \(result.fetchedBytes.human) in \(result.fetchedChunks) chunks."
    )
    if !peers.isEmpty {
      console.say(
        "Received \(received(fromServer: true).human) from the seeder, \(received(fromServer: false).human) from peers."
      )
    }
    if let verified = result.verifiedBytes {
      console.say("Read back \(verified.human): equal.")
    } else {
      console.warn("Not verified: --no-verify was given")
    }
    for note in result.notes { console.say("NOTE: \(note)") }
    if let memory { console.say("Peak memory: \(memory.human).") }
  }

  private struct SeedingEvent: Encodable {
    var event = "seeded"
    var sentBytes: UInt64
    var remadeChunks: Int
    var peers: [PeerRow]
    var peakMemoryBytes: UInt64?
  }

  /// What a node gave to others.
  static func showSeeding(_ session: SwarmNode, on console: Console) {
    let peers = session.peers
    let sent = peers.reduce(ByteCount.zero) { $0 + $1.uploaded }
    console.emit(
      SeedingEvent(
        sentBytes: sent.rawValue, remadeChunks: session.remadeChunks, peers: peers.map { PeerRow($0) },
        peakMemoryBytes: ProcessMemory.peakResident?.rawValue))
    console.say("Sent \(sent.human) to peers, \(session.remadeChunks) chunks made again from the disk.")
  }
}

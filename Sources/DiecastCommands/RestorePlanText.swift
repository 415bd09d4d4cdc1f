// SPDX-License-Identifier: GPL-3.0-or-later

internal import BlockIO
internal import DiecastCore
internal import ImageFormat
internal import ImageStore
internal import Imaging

/// A restore plan for people and for scripts.
struct RestorePlanText {
  private let plan: RestorePlan

  init(_ plan: RestorePlan) { self.plan = plan }

  private struct PlanEvent: Encodable {
    var event = "plan"
    var image: String
    var imageID: String
    var disk: String
    var diskBytes: UInt64
    var model: String?
    var serial: String?
    var currentContents: [String]
    var requiredBytes: UInt64
    var volumes: [Volume]
    var contentBytes: UInt64
    var zeroBytes: UInt64
    var chunkBytes: UInt64
    var canSeedFromDisk: Bool
  }

  func show(on console: Console) {
    let manifest = plan.image.manifest
    console.emit(
      PlanEvent(
        image: plan.image.fullName, imageID: plan.image.id, disk: plan.diskPath, diskBytes: plan.diskSize.rawValue,
        model: plan.identity.model, serial: plan.identity.serial, currentContents: plan.currentContents,
        requiredBytes: plan.requiredSize.rawValue, volumes: manifest.volumes,
        contentBytes: plan.contentBytes.rawValue, zeroBytes: manifest.totals.zeroBytes.rawValue,
        chunkBytes: plan.chunkBytes.rawValue, canSeedFromDisk: plan.canSeedFromDisk))
    var target = "\(plan.diskPath), \(plan.diskSize.human)"
    if let model = plan.identity.model { target += ", \(model)" }
    if let serial = plan.identity.serial { target += ", serial \(serial)" }
    console.say("Target: \(target)")
    for line in plan.currentContents { console.say("  now there: \(line)") }
    console.say(
      "Image:  \(plan.image.fullName), \(manifest.disks[0].table.typeName), \(plan.contentBytes.human) to write, at most \(plan.chunkBytes.human) to fetch"
    )
    for line in CapturePlanText.table(of: manifest.volumes) { console.say(line) }
    for volume in manifest.volumes {
      for unread in volume.unread ?? [] {
        console.say(
          "NOTE: \(unread.length) bytes at offset \(unread.start) could not be read at capture and become zeros")
      }
    }
    if !plan.canSeedFromDisk {
      console.say(
        "NOTE: the image was made with zstd \(manifest.codec.version), another than here: this node serves only its cache"
      )
    }
  }
}

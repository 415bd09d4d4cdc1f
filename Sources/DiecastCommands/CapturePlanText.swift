// SPDX-License-Identifier: GPL-3.0-or-later

internal import DiecastCore
internal import ImageFormat
internal import Imaging

/// A capture plan for people and for scripts.
struct CapturePlanText {
  private let plan: CapturePlan

  init(_ plan: CapturePlan) { self.plan = plan }

  private struct PlanEvent: Encodable {
    var event = "plan"
    var disk: String
    var geometry: ImageDisk
    var volumes: [Volume]
    var notes: [String]
    var windowSize: UInt64
    var windows: Int
    var usedBytes: UInt64
    var contentBytes: UInt64
  }

  func show(on console: Console) {
    console.emit(
      PlanEvent(
        disk: plan.diskPath, geometry: plan.disk, volumes: plan.volumes, notes: plan.notes,
        windowSize: plan.windowSize.rawValue, windows: plan.windowCount, usedBytes: plan.usedBytes.rawValue,
        contentBytes: plan.contentBytes.rawValue))
    console.say(
      "\(plan.diskPath): \(plan.disk.size.human), sectors of \(plan.disk.logicalSectorSize) bytes, partition table: \(plan.disk.table.typeName)"
    )
    for line in Self.table(of: plan.volumes) { console.say(line) }
    for note in plan.notes { console.say("NOTE: \(note)") }
    for volume in plan.volumes {
      for note in volume.notes { console.say("NOTE: \(Self.name(of: volume)): \(note)") }
    }
    console.say(
      "To capture: \(plan.contentBytes.human) in \(plan.windowCount) windows of up to \(plan.windowSize.human)")
  }

  /// `partition 3`, `gap`, `disk`.
  static func name(of volume: Volume) -> String {
    volume.partition.map { "partition \($0)" } ?? volume.kind.rawValue
  }

  /// The volumes as aligned columns.
  static func table(of volumes: [Volume]) -> [String] {
    let rows =
      [["", "START", "SIZE", "USED", "CONTENT", "LABEL", "USED MAP"]]
      + volumes.map { volume in
        [
          name(of: volume), "\(volume.start)", volume.length.human, volume.usedBytes.human, volume.filesystem ?? "-",
          volume.label ?? "-", volume.map.rawValue,
        ]
      }
    return TextTable.lines(rows)
  }
}

/// Rows of text in aligned columns.
enum TextTable {
  static func lines(_ rows: [[String]]) -> [String] {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = " "
      for (cell, width) in zip(row, widths) {
        line += " " + cell + String(repeating: " ", count: width - cell.count + 1)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}

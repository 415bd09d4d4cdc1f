// SPDX-License-Identifier: GPL-3.0-or-later

/// What tells a person which disk this is.
public struct DiskIdentity: Sendable, Equatable {
  /// The maker's name for it; nil for a file.
  public let model: String?
  /// The serial number.
  public let serial: String?
  /// `usb`, `nvme`, `ata`, `virtio`, `loop` and the like.
  public let transport: String?
  /// Whether it can be pulled out.
  public let isRemovable: Bool

  /// Looks `path` up in sysfs and in udev's database.
  public init(path: String) {
    guard let device = SysBlock(path: path) else {
      (model, serial, transport, isRemovable) = (nil, nil, nil, false)
      return
    }
    var udev: [Substring: String] = [:]
    for line in (TextFile.read("/run/udev/data/b\(device.number)") ?? "").split(separator: "\n") {
      guard line.hasPrefix("E:"), let equals = line.firstIndex(of: "=") else { continue }
      udev[line.dropFirst(2).prefix(upTo: equals)] = String(line[line.index(after: equals)...])
    }
    let backing = device.attribute("loop/backing_file")
    model = device.attribute("device/model") ?? udev["ID_MODEL"] ?? backing.map { "loop on \($0)" }
    serial = device.attribute("device/serial") ?? device.attribute("serial") ?? udev["ID_SERIAL_SHORT"]
    transport = udev["ID_BUS"] ?? (backing == nil ? nil : "loop")
    isRemovable = device.attribute("removable") == "1"
  }
}

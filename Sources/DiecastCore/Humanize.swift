// SPDX-License-Identifier: GPL-3.0-or-later

extension ByteCount {
  /// For people: three significant digits and a decimal unit, as disks are sold.
  public var human: String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    var value = Double(rawValue)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(rawValue) B" : "\(value.threeDigits) \(units[unit])"
  }
}

extension Double {
  /// With two, one or no decimals, so that three digits remain.
  public var threeDigits: String { fixed(self < 9.995 ? 2 : self < 99.95 ? 1 : 0) }

  /// With exactly `decimals` decimals.
  public func fixed(_ decimals: Int) -> String {
    guard isFinite, magnitude < 1e15 else { return "\(self)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = Int64((magnitude * scale).rounded())
    let sign = self < 0 && rounded > 0 ? "-" : ""
    let whole = rounded / Int64(scale)
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let fraction = String(rounded % Int64(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}

extension Duration {
  /// Seconds with their fraction.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

  /// `12.3s`, `4m05s` or `2h07m`.
  public var human: String {
    if seconds < 59.95 { return "\(seconds.fixed(1))s" }
    let whole = Int(seconds.rounded())
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if whole < 3600 { return "\(whole / 60)m\(padded(whole % 60))s" }
    return "\(whole / 3600)h\(padded(whole % 3600 / 60))m"
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

public import ArgumentParser
internal import DiecastCore
internal import Glibc
public import ImageFormat
internal import ImageStore

/// How a verb talks.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object a line to standard output instead of text.")
  var json = false
}

/// Where a store is, when none is named.
enum DefaultStore {
  static var path: String {
    guard let value = unsafe getenv("DIECAST_STORE") else { return "/var/lib/diecast" }
    let path = unsafe String(cString: value)
    return path.isEmpty ? "/var/lib/diecast" : path
  }
}

/// How many threads work: as many as cores that this process may use.
enum Workers {
  static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// `90`, `90s`, `10m`, `2h`, `1h30m`, `forever`.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    if argument == "forever" {
      duration = .seconds(Int64.max / 4)
      return
    }
    var total: Int64 = 0
    var number: Int64?
    for character in argument {
      if let digit = character.wholeNumberValue, character.isASCII {
        let (next, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
        guard !overflow, next < 1 << 40 else { return nil }
        number = next + Int64(digit)
      } else {
        guard let value = number, let unit = ["s": Int64(1), "m": 60, "h": 3600, "d": 86400][character] else {
          return nil
        }
        total += value * unit
        number = nil
      }
    }
    guard !argument.isEmpty else { return nil }
    duration = .seconds(total + (number ?? 0))
  }
}

/// `ADDRESS:PORT` or `[V6]:PORT`.
struct ListenArgument: ExpressibleByArgument {
  let address: String
  let port: UInt16

  init(address: String, port: UInt16) {
    self.address = address
    self.port = port
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"), let port = UInt16(argument[argument.index(after: colon)...]) else {
      return nil
    }
    var address = String(argument[..<colon])
    if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
    guard !address.isEmpty, address.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ",") }) else {
      return nil
    }
    self.address = address
    self.port = port
  }

  var defaultValueDescription: String { description }

  /// As libtorrent and URLs write it.
  var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// Bytes, with an optional unit of 1024s: `4M`, `256K`.
struct SizeArgument: ExpressibleByArgument {
  let count: ByteCount

  init?(argument: String) {
    let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = argument.last.flatMap { units[Character($0.uppercased())] }
    guard let number = UInt64(unit == nil ? argument[...] : argument.dropLast()), number < 1 << 32 else { return nil }
    count = ByteCount(number * (unit ?? 1))
  }
}

/// `NAME` or `NAME@VERSION`.
extension ImageName: ExpressibleByArgument {
  /// Parses it; nil for a name that is none.
  public init?(argument: String) { try? self.init(parsing: argument) }
}

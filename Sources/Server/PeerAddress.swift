// SPDX-License-Identifier: GPL-3.0-or-later

public import NIOCore

/// An IP address as trackers put it on the wire: 4 or 16 bytes in network order
/// (BEP 23, BEP 7).
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
  /// The 4 bytes of an IPv4 address, or the 16 of an IPv6 address.
  public let bytes: [UInt8]

  /// From 4 or 16 bytes; nil for any other number. An IPv4 address mapped into
  /// IPv6 (RFC 4291, 2.5.5.2), which is how a socket for both shows IPv4
  /// peers, becomes the IPv4 address that it is.
  public init?(_ bytes: [UInt8]) {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    switch bytes.count {
    case 4: self.bytes = bytes
    case 16: self.bytes = bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    default: return nil
    }
  }

  /// From an address as text, such as `192.0.2.1` or `2001:db8::1`; nil for a name.
  public init?(text: String) {
    self.init(try? SocketAddress(ipAddress: text, port: 0))
  }

  /// The address of one end of a connection; nil for a Unix socket.
  public init?(_ address: SocketAddress?) {
    switch address {
    case .v4(let address):
      self.init(Self.bytes(of: address.address, at: 4, count: 4))
    case .v6(let address):
      self.init(Self.bytes(of: address.address, at: 8, count: 16))
    case .unixDomainSocket, nil:
      return nil
    }
  }

  /// Part of a `sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)): behind the
  /// family and the port come `sin_addr`, or the flow and `sin6_addr`.
  private static func bytes<Address>(of address: Address, at offset: Int, count: Int) -> [UInt8] {
    unsafe withUnsafeBytes(of: address) { unsafe Array($0[offset..<offset + count]) }
  }

  /// Whether this is an IPv6 address.
  public var isV6: Bool { bytes.count == 16 }

  /// Dotted decimal, or the eight groups of an IPv6 address without the `::`
  /// abbreviation, which every parser takes.
  public var description: String {
    guard isV6 else { return bytes.map { String($0) }.joined(separator: ".") }
    return stride(from: 0, to: 16, by: 2)
      .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
      .joined(separator: ":")
  }
}

/// Where a peer takes connections. A client that restarts keeps its place, and
/// so does not appear twice.
struct PeerEndpoint: Hashable, Sendable {
  let address: PeerAddress
  /// A TCP port, never 0.
  let port: UInt16

  /// The address and the port in network order: 6 or 18 bytes (BEP 23, BEP 7).
  var compact: [UInt8] { address.bytes + [UInt8(port >> 8), UInt8(port & 0xff)] }
}

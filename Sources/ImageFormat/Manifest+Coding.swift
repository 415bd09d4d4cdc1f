// SPDX-License-Identifier: GPL-3.0-or-later

public import DiecastCore
internal import FoundationEssentials

extension Manifest {
  /// The canonical bytes of `manifest.json`: keys sorted, no spaces, a newline at the end.
  public func encoded() throws(DiecastError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw DiecastError(.internal, "The manifest cannot be written: \(error)")
    }
  }

  /// Decodes and checks `manifest.json`. The version is looked at first, so that
  /// a newer format is named rather than called malformed.
  public init(decoding bytes: [UInt8]) throws(DiecastError) {
    guard bytes.count <= Limits.manifestBytes else {
      throw DiecastError(
        .malformed, "The manifest has \(bytes.count) bytes, at most \(Limits.manifestBytes) are allowed")
    }
    struct Head: Decodable { var format: Format }
    let decoder = JSONDecoder()
    let data = Data(bytes)
    do {
      let head = try decoder.decode(Head.self, from: data)
      guard head.format.major == Format.current.major else {
        throw DiecastError(
          .unsupported,
          "The image has format \(head.format.major).\(head.format.minor), this Diecast knows \(Format.current.major)",
          remedy: "Use a newer Diecast")
      }
      if let unknown = head.format.features.first(where: { !Format.current.features.contains($0) }) {
        throw DiecastError(
          .unsupported, "The image needs the feature '\(unknown.prefix(64))', which this Diecast lacks",
          remedy: "Use a newer Diecast")
      }
      self = try decoder.decode(Manifest.self, from: data)
    } catch let error as DiecastError {
      throw error
    } catch {
      throw DiecastError(
        .malformed, "The manifest is malformed: \(Self.reason(error))",
        remedy: "Fetch it again, or capture the image anew")
    }
    try validate()
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not JSON" }
    func at(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return "\(String(context.debugDescription.prefix(200))) at '\(String(path.prefix(200)))'"
    }
    return switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): at(context)
    case .keyNotFound(let key, let context): "'\(key.stringValue)' is missing at '\(at(context))'"
    @unknown default: "not a manifest"
    }
  }

  /// The image's id: SHA-256 of the manifest's bytes, in hexadecimal.
  public static func imageID(of bytes: [UInt8]) -> String { Hashing.sha256(bytes).hex }
}

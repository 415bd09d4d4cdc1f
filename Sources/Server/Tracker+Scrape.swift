// SPDX-License-Identifier: GPL-3.0-or-later

internal import ImageFormat

extension Tracker {
  /// Info hashes that one scrape may name.
  static let maximumScraped = 64
  /// Torrents in the answer to a scrape that names none.
  static let maximumListed = 1024

  /// Answers a scrape in bencode (BEP 48): for each torrent named, or for all,
  /// the seeders, the leechers and how often it was completed. Torrents not
  /// known are left out. Never fails: what is wrong with the request is in the
  /// answer, as `failure reason`.
  ///
  /// - Parameters:
  ///   - query: what follows the `?` in the URL, as it came, at most 4 KiB.
  ///   - now: the time.
  public func scrape(query: some Collection<UInt8>, now: ContinuousClock.Instant = .now) -> [UInt8] {
    do throws(TrackerFailure) {
      let named = try QueryString(parsing: query).all("info_hash")
      guard named.count <= Self.maximumScraped else {
        throw TrackerFailure("more than \(Self.maximumScraped) info_hash are given")
      }
      guard named.allSatisfy({ $0.count == AnnounceRequest.hashLength }) else {
        throw TrackerFailure("info_hash is not 20 bytes")
      }
      var files: [[UInt8]: Bencode] = [:]
      for infoHash in named.isEmpty ? Array(infoHashes.prefix(Self.maximumListed)) : named {
        guard let statistics = statistics(infoHash: infoHash, now: now) else { continue }
        files[infoHash] = .dictionary(text: [
          "complete": .integer(Int64(statistics.seeders)),
          "downloaded": .integer(Int64(statistics.completed)),
          "incomplete": .integer(Int64(statistics.leechers)),
        ])
      }
      return Bencode.dictionary(text: ["files": .dictionary(files)]).encoded()
    } catch {
      return error.encoded
    }
  }
}

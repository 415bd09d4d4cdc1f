// SPDX-License-Identifier: GPL-3.0-or-later

internal import CSwarm
public import DiecastCore
import Synchronization

/// A BitTorrent session: one listening port, worker threads, any number of
/// torrents. `close()` stops it and waits for piece stores to be left alone;
/// it may be called more than once.
///
/// Sendable: the C side locks for itself, and `closing` keeps calls from
/// running beside its destruction.
@safe public final class SwarmSession: @unchecked Sendable {
  private let pointer: OpaquePointer
  /// How many calls are inside the C side, and whether it is gone or going.
  private let state = Mutex<(calls: Int, isClosed: Bool)>((0, false))

  /// Which libtorrent is linked.
  public static var libraryVersion: String { unsafe String(cString: csw_libtorrent_version()) }

  /// Starts a session.
  public init(settings: SwarmSettings, userAgent: String) throws(DiecastError) {
    var message = csw_message()
    var session: OpaquePointer?
    let status: Int32 = unsafe settings.listen.withCString { listen in
      unsafe userAgent.withCString { agent in
        var config = unsafe csw_session_config()
        unsafe config.listen = listen
        unsafe config.user_agent = agent
        unsafe config.worker_threads = Int32(settings.workerThreads)
        unsafe config.arena_bytes = settings.arenaBytes.rawValue
        unsafe config.cache_bytes = settings.cacheBytes.rawValue
        unsafe config.connections_limit = Int32(settings.connections)
        unsafe config.unchoke_slots = Int32(settings.unchokeSlots)
        unsafe config.upload_rate_limit = Int32(settings.uploadRateLimit)
        unsafe config.download_rate_limit = Int32(settings.downloadRateLimit)
        unsafe config.local_discovery = settings.localDiscovery
        return unsafe csw_session_create(&config, &session, &message)
      }
    }
    guard status == 0, let session = unsafe session else {
      throw DiecastError(
        .network, "The swarm session cannot start on \(settings.listen): \(message.string)",
        remedy: "Check the address and that its port is free")
    }
    unsafe pointer = session
  }

  deinit { close() }

  /// Stops everything and waits until no piece store is called any more.
  public func close() {
    let mustDestroy = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard mustDestroy else { return }
    // Calls from other threads are short, but destruction must not run beside them.
    while state.withLock({ $0.calls > 0 }) { Pause.milliseconds(1) }
    unsafe csw_session_destroy(pointer)
  }

  /// Runs `body` with the session unless it is closed.
  func withSession<R>(_ body: (OpaquePointer) -> R) -> R? {
    let isOpen = state.withLock { state in
      if !state.isClosed { state.calls += 1 }
      return !state.isClosed
    }
    guard isOpen else { return nil }
    defer { state.withLock { $0.calls -= 1 } }
    return unsafe body(pointer)
  }

  /// The TCP port that peers can reach, or nil while there is none.
  public var listenPort: UInt16? {
    let port = unsafe withSession { unsafe csw_session_listen_port($0) } ?? 0
    return port == 0 ? nil : port
  }

  /// Waits at most `milliseconds` for the next event.
  public func nextEvent(milliseconds: Int) -> SwarmEvent? {
    var event = csw_event()
    let found = unsafe withSession { unsafe csw_session_next_event($0, Int32(milliseconds), &event) } ?? 0
    return found == 1 ? SwarmEvent(event) : nil
  }

  /// What a torrent is to do.
  public enum Role: Sendable {
    /// The store has every piece.
    case seed
    /// The store has these; fetch what `priorities` (one byte a piece, 0 to 7; empty: all alike) asks for.
    case leech(have: PieceSet, priorities: [UInt8])
  }

  /// Adds a torrent, whose pieces live in `store`, and starts it.
  public func add(
    torrent: [UInt8], store: any PieceStore, role: Role, trackers: [String] = []
  ) throws(DiecastError) -> SwarmTorrent {
    let context = PieceStoreContext(store)
    var message = csw_message()
    var id: csw_torrent_id = -1
    var have: [UInt8] = []
    var priorities: [UInt8] = []
    var isSeed = true
    if case .leech(let set, let wanted) = role {
      isSeed = false
      have = set.bits
      priorities = wanted
    }
    let status: Int32? = unsafe withCStrings(trackers) { urls in
      unsafe torrent.withUnsafeBufferPointer { torrent in
        unsafe have.withUnsafeBufferPointer { have in
          unsafe priorities.withUnsafeBufferPointer { priorities in
            var options = unsafe csw_add_options()
            unsafe options.torrent = torrent.baseAddress
            unsafe options.torrent_length = torrent.count
            unsafe options.have = have.baseAddress
            unsafe options.have_length = have.count
            unsafe options.priorities = priorities.isEmpty ? nil : priorities.baseAddress
            unsafe options.priorities_length = priorities.count
            unsafe options.seed = isSeed
            unsafe options.trackers = urls.baseAddress
            unsafe options.tracker_count = urls.count
            return unsafe withSession {
              unsafe csw_session_add($0, &options, context.retainedCallbacks(), &id, &message)
            }
          }
        }
      }
    }
    guard status == 0 else {
      throw DiecastError(
        .malformed, "The torrent cannot be added: \(status == nil ? "the session is closed" : message.string)",
        remedy: "Fetch the torrent again from the seeder")
    }
    return SwarmTorrent(session: self, id: id, context: context)
  }

  private func withCStrings<R>(_ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> R) -> R {
    let arrays = strings.map { Array($0.utf8CString) }
    func descend(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> R {
      if index == arrays.count { return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) } }
      return unsafe arrays[index].withUnsafeBufferPointer { unsafe descend(index + 1, pointers + [$0.baseAddress]) }
    }
    return unsafe descend(0, [])
  }
}

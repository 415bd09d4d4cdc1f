// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "event_queue.hpp"
#include "storage.hpp"

namespace cswarm {

class PieceDiskIO;

/// What the C API, libtorrent's plugins and the disk side have in common.
struct Shared {
    EventQueue events;
    std::uint64_t arena_limit = 0;
    std::uint64_t cache_limit = 0;
    int worker_threads = 1;

    /// Guards Storage's mutable fields, the arena, the cache and the loads.
    /// Never held while a store callback or a hash runs.
    std::mutex mutex;
    /// Storages between csw_session_add and libtorrent's new_torrent.
    std::map<csw_torrent_id, std::shared_ptr<Storage>> pending;

    std::atomic<std::uint64_t> arena_bytes{0};
    std::atomic<std::uint64_t> cache_bytes{0};
    std::atomic<std::uint64_t> store_reads{0};
    std::atomic<std::uint64_t> cache_hits{0};
    std::atomic<std::uint64_t> hash_failures{0};

    /// Set while the session lives; libtorrent owns it.
    std::atomic<PieceDiskIO*> disk{nullptr};
};

}  // namespace cswarm

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libtorrent/torrent_handle.hpp>

#include "CSwarm.h"
#include "peer_counters.hpp"
#include "piece_table.hpp"

namespace cswarm {

/// Owns the caller's one reference to a store's context.
class StoreOwner {
public:
    explicit StoreOwner(csw_piece_store store) : store_(store) {}
    ~StoreOwner() {
        if (store_.release != nullptr) store_.release(store_.context);
    }
    StoreOwner(StoreOwner const&) = delete;
    StoreOwner& operator=(StoreOwner const&) = delete;

    int read(std::int32_t piece, std::uint8_t* buffer, std::size_t length, csw_message* message) const {
        return store_.read(store_.context, piece, buffer, length, message);
    }
    int write(std::int32_t piece, std::uint8_t const* bytes, std::size_t length, csw_message* message) const {
        return store_.write(store_.context, piece, bytes, length, message);
    }

private:
    csw_piece_store store_;
};

/// One torrent as the disk side sees it. Whoever holds it may call the store,
/// so the store's context is released when the last holder lets go: libtorrent's
/// slot, the session's entry, or a running job. The network thread never is the last.
struct Storage {
    Storage(csw_torrent_id torrent, std::string title, PieceTable pieces, csw_piece_store callbacks)
        : id(torrent),
          name(std::move(title)),
          table(std::move(pieces)),
          store(callbacks),
          counters(std::make_shared<PeerCounters>()) {}

    csw_torrent_id const id;
    std::string const name;
    PieceTable const table;
    StoreOwner const store;
    std::shared_ptr<PeerCounters> const counters;

    /// A store error or libtorrent stopped the torrent; no write follows.
    std::atomic<bool> failed{false};
    std::atomic<bool> removed{false};

    // The rest is guarded by Shared::mutex.

    /// What the caller wants, and what libtorrent was told (see back_pressure.cpp).
    std::vector<std::uint8_t> wanted;
    std::vector<std::uint8_t> applied;
    std::vector<bool> have;
    std::int32_t have_count = 0;
    /// Pieces that are wanted and not there: 0 is "finished".
    std::int32_t missing = 0;
    libtorrent::torrent_handle handle;

    void count_missing() {
        missing = 0;
        for (std::size_t i = 0; i < have.size(); ++i) missing += wanted[i] != 0 && !have[i];
    }
};

}  // namespace cswarm

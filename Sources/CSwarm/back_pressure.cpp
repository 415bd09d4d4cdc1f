// SPDX-License-Identifier: GPL-3.0-or-later
//
// How the arena stays bounded.
//
// First bound, arena_limit: the session is frozen. Pieces of which no block has
// arrived get priority 0, so that libtorrent begins none; begun ones keep theirs.
// Below three quarters it thaws. Requests that were on their way when it froze
// still arrive and may begin pieces: those are counted and get their priority
// back. They are at most what a peer allows to be asked of it at once (8 MiB for
// one of ours, see settings.cpp), and as much again when whole pieces are asked for.
//
// Second bound, one and a half times that: async_write returns true, and libtorrent
// stops reading from that peer until its observer is called.
//
// Why this cannot deadlock:
// - A peer is stopped only while some piece is busy (queued for a worker or with
//   one). Every busy piece ends in finish_verify, and workers wait for nothing
//   but the store. When the last one ends all stopped peers go on, whatever the
//   arena holds. So with only incomplete pieces in the arena, blocks come in.
// - While frozen, begun pieces may be requested, and each that completes lowers
//   the arena's size. An empty arena is below three quarters of any limit.
// - Begun pieces may lose their sources (peer gone, priority set to 0, another
//   torrent's). If then no block arrives for `stall`, with no piece busy, what
//   the arena holds is taken out of the reckoning until it shrinks, and the
//   session thaws: pieces that can be had are had. The price is memory: another
//   arena_limit each time that a whole arena full of pieces loses its sources.
#include <algorithm>

#include "piece_disk_io.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {
constexpr std::chrono::seconds stall{3};
}

void PieceDiskIO::arena_changed() {
    std::uint64_t const bytes = arena_.bytes();
    shared_->arena_bytes = bytes;
    stall_allowance_ = bytes < shared_->arena_limit * 3 / 4 ? 0 : std::min(stall_allowance_, bytes);
    bool freeze = frozen_;
    if (bytes >= shared_->arena_limit + stall_allowance_) freeze = bytes > 0;
    else if (bytes < shared_->arena_limit * 3 / 4 + stall_allowance_ || bytes == 0) freeze = false;
    if (freeze == frozen_) return;
    frozen_ = freeze;
    request_refresh(true);
}

void PieceDiskIO::begun(Storage& storage, std::int32_t piece) {
    if (!frozen_) return;
    begun_while_frozen_.emplace_back(storage.id, piece);
    request_refresh(false);
}

void PieceDiskIO::tick() {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    if (!frozen_ || busy_pieces_ > 0 || std::chrono::steady_clock::now() - last_block_ < stall) return;
    stall_allowance_ = arena_.bytes();
    frozen_ = false;
    request_refresh(true);
}

void PieceDiskIO::wake_peers() {
    if (busy_pieces_ > 0 && !aborting_ && arena_.bytes() > shared_->arena_limit) return;
    if (waiting_peers_.empty()) return;
    complete([peers = std::exchange(waiting_peers_, {})] {
        for (auto const& peer : peers) peer->on_disk();
    });
}

std::uint8_t PieceDiskIO::desired_priority(Storage const& storage, std::int32_t piece) const {
    auto const at = static_cast<std::size_t>(piece);
    bool const closed = frozen_ && !storage.have[at] && !arena_.contains(piece_key(storage.id, piece));
    return closed ? 0 : storage.wanted[at];
}

void PieceDiskIO::request_refresh(bool all) {
    refresh_all_ |= all;
    if (std::exchange(refresh_requested_, true)) return;
    // Posted: the caller holds the mutex, and may be a worker.
    complete([this] { apply_priorities(); });
}

void PieceDiskIO::refresh_priorities() {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    request_refresh(true);
}

void PieceDiskIO::set_priorities(StoragePtr const& storage, std::vector<std::uint8_t> wanted) {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    storage->wanted = std::move(wanted);
    storage->count_missing();
    if (storage->missing == 0 && !storage->failed)
        shared_->events.push(make_event(csw_event_finished, storage->id, 0, -1,
                                        "every wanted piece of " + storage->name + " is there"));
    request_refresh(true);
}

void PieceDiskIO::apply_priorities() {
    using Changes = std::vector<std::pair<lt::piece_index_t, lt::download_priority_t>>;
    std::vector<std::pair<lt::torrent_handle, Changes>> all;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        refresh_requested_ = false;
        auto const note = [&](Storage& storage, std::int32_t piece, Changes& changes) {
            std::uint8_t const desired = desired_priority(storage, piece);
            std::uint8_t& applied = storage.applied[static_cast<std::size_t>(piece)];
            if (desired == applied) return;
            applied = desired;
            changes.emplace_back(piece, lt::download_priority_t(desired));
        };
        if (std::exchange(refresh_all_, false)) {
            for (auto& [id, storage] : storages_) {
                Changes changes;
                for (std::int32_t p = 0; p < storage->table.count(); ++p) note(*storage, p, changes);
                if (!changes.empty()) all.emplace_back(storage->handle, std::move(changes));
            }
        } else {
            for (auto const& [id, piece] : begun_while_frozen_) {
                auto const found = storages_.find(id);
                if (found == storages_.end()) continue;
                Changes changes;
                note(*found->second, piece, changes);
                if (!changes.empty()) all.emplace_back(found->second->handle, std::move(changes));
            }
        }
        begun_while_frozen_.clear();
    }
    for (auto& [handle, changes] : all) {
        try {
            // Runs at once: this is the network thread.
            handle.prioritize_pieces(changes);
        } catch (std::exception const&) {
            // The torrent is being removed.
        }
    }
}

}  // namespace cswarm

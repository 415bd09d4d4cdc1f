// SPDX-License-Identifier: GPL-3.0-or-later
//
// The network thread's half. Nothing here hashes, calls a store or waits for a worker.
#include "piece_disk_io.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <boost/asio/post.hpp>

#include "storage_errors.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {

char const path_prefix[] = "/cswarm/";

std::int32_t number(lt::piece_index_t piece) { return static_cast<int>(piece); }
csw_torrent_id number(lt::storage_index_t index) {
    return static_cast<csw_torrent_id>(static_cast<std::uint32_t>(index));
}

/// Spare buffers: enough for a few pieces in turn, little beside the arena.
std::size_t spare_bytes(Shared const& shared) {
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(shared.arena_limit / 4, 0, 64U << 20));
}

}  // namespace

PieceDiskIO::PieceDiskIO(lt::io_context& context, std::shared_ptr<Shared> shared)
    : context_(context),
      shared_(std::move(shared)),
      pool_(std::make_shared<BufferPool>(spare_bytes(*shared_))),
      cache_(shared_->cache_limit),
      last_block_(std::chrono::steady_clock::now()),
      work_(context.get_executor()),
      workers_(shared_->worker_threads, [this] { work_.reset(); }) {
    shared_->disk = this;
}

PieceDiskIO::~PieceDiskIO() {
    shared_->disk = nullptr;
    aborting_ = true;
    workers_.stop();
    workers_.join();
}

std::string PieceDiskIO::save_path(csw_torrent_id torrent) { return path_prefix + std::to_string(torrent); }

PieceDiskIO::StoragePtr PieceDiskIO::storage(lt::storage_index_t index) const {
    auto const found = storages_.find(number(index));
    return found == storages_.end() ? nullptr : found->second;
}

void PieceDiskIO::complete(Task task) {
    bool first = false;
    {
        std::lock_guard<std::mutex> lock(completed_mutex_);
        first = completed_.empty();
        completed_.push_back(std::move(task));
    }
    // One wake-up of the network thread for all that is done until it comes.
    if (first) boost::asio::post(context_, [this] { run_completed(); });
}

void PieceDiskIO::answer_writes(PartialPiece& partial, lt::storage_error const& error) {
    if (partial.writes.empty()) return;
    complete([writes = std::exchange(partial.writes, {}), error] {
        for (auto const& write : writes) write(error);
    });
}

void PieceDiskIO::drop_torrent(Storage const& storage) {
    arena_.for_each([&](PieceKey key, PartialPiece& partial) {
        if (torrent_of(key) == storage.id) answer_writes(partial, aborted(lt::operation_t::file_write));
    });
    arena_.erase_torrent(storage.id);
}

void PieceDiskIO::run_completed() {
    std::vector<Task> tasks;
    {
        std::lock_guard<std::mutex> lock(completed_mutex_);
        tasks.swap(completed_);
    }
    for (Task& task : tasks) {
        try {
            task();
        } catch (...) {
            // One handler's failure must not lose the answers behind it.
        }
    }
}

lt::storage_holder PieceDiskIO::new_torrent(lt::storage_params const& params, std::shared_ptr<void> const&) {
    csw_torrent_id id = 0;
    if (params.path.compare(0, sizeof path_prefix - 1, path_prefix) == 0)
        id = static_cast<csw_torrent_id>(std::strtol(params.path.c_str() + sizeof path_prefix - 1, nullptr, 10));
    std::lock_guard<std::mutex> lock(shared_->mutex);
    auto const found = shared_->pending.find(id);
    if (found != shared_->pending.end()) {
        storages_[id] = std::move(found->second);
        shared_->pending.erase(found);
    }
    return lt::storage_holder(lt::storage_index_t(static_cast<std::uint32_t>(id)), *this);
}

void PieceDiskIO::remove_torrent(lt::storage_index_t index) {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    auto const found = storages_.find(number(index));
    if (found == storages_.end()) return;
    StoragePtr gone = std::move(found->second);
    storages_.erase(found);
    gone->removed = true;
    drop_torrent(*gone);
    cache_.erase_torrent(gone->id);
    shared_->cache_bytes = cache_.bytes();
    arena_changed();
    // Moved, so that a worker lets go last and the context is not released here.
    Task bury([last = std::move(gone)]() mutable { last.reset(); });
    if (!workers_.verify(bury)) buried_.push_back(std::move(bury));
}

void PieceDiskIO::serve(std::shared_ptr<Piece const> const& piece, std::size_t padded, lt::peer_request const& request,
                        std::function<void(lt::disk_buffer_holder, lt::storage_error const&)> const& handler) {
    auto const start = static_cast<std::size_t>(request.start);
    auto const length = static_cast<std::size_t>(request.length);
    if (request.start < 0 || request.length <= 0 || start + length > padded) {
        complete([handler] {
            handler(lt::disk_buffer_holder(), lt::storage_error(lt::error_code(EINVAL, boost::system::generic_category()),
                                                                lt::operation_t::file_read));
        });
        return;
    }
    lt::disk_buffer_holder holder;
    std::size_t const filled = round_to_blocks(piece->size);
    if (start + length <= filled) {
        holder = lender_.lend(piece, piece->buffer->bytes.get() + start, request.length);
    } else {
        // A hybrid torrent's pad file, asked for by a client that does not know them.
        auto const copy = std::make_shared<std::vector<std::uint8_t>>(length);
        if (start < filled) std::memcpy(copy->data(), piece->buffer->bytes.get() + start, filled - start);
        holder = lender_.lend(copy, copy->data(), request.length);
    }
    complete([handler, lent = std::move(holder)]() mutable { handler(std::move(lent), lt::storage_error()); });
}

void PieceDiskIO::async_read(lt::storage_index_t index, lt::peer_request const& request,
                             std::function<void(lt::disk_buffer_holder, lt::storage_error const&)> handler,
                             lt::disk_job_flags_t) {
    StoragePtr const from = storage(index);
    std::int32_t const piece = number(request.piece);
    if (!from || !from->table.has(piece)) {
        complete([handler] { handler(lt::disk_buffer_holder(), aborted(lt::operation_t::file_read)); });
        return;
    }
    std::size_t const padded = from->table.padded_size(piece);
    std::shared_ptr<Piece const> cached;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        cached = cache_.find(piece_key(from->id, piece));
    }
    if (cached) {
        ++shared_->cache_hits;
        serve(cached, padded, request, handler);
        return;
    }
    // Blocks of an unverified piece in the arena are never read: nobody may be sent them.
    start_load(from, piece, [=](std::shared_ptr<Piece const> const& loaded, lt::storage_error const& error) {
        if (loaded && loaded->verified) {
            serve(loaded, padded, request, handler);
            return;
        }
        lt::storage_error const answer = error ? error : make_error(EIO, lt::operation_t::file_read);
        complete([handler, answer] { handler(lt::disk_buffer_holder(), answer); });
    });
}

bool PieceDiskIO::async_write(lt::storage_index_t index, lt::peer_request const& request, char const* bytes,
                              std::shared_ptr<lt::disk_observer> observer,
                              std::function<void(lt::storage_error const&)> handler, lt::disk_job_flags_t) {
    StoragePtr const to = storage(index);
    std::int32_t const piece = number(request.piece);
    auto const start = static_cast<std::size_t>(request.start);
    if (!to || !to->table.has(piece) || to->failed || aborting_ || request.start < 0 || request.length <= 0 ||
        start % block_bytes != 0 || start + static_cast<std::size_t>(request.length) > to->table.padded_size(piece)) {
        complete([handler] { handler(aborted(lt::operation_t::file_write)); });
        return false;
    }
    PieceKey const key = piece_key(to->id, piece);
    std::size_t const size = to->table.size(piece);
    std::shared_ptr<PartialPiece> partial;
    bool wanted = true;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        partial = arena_.find(key);
        // A late duplicate; the bytes are being hashed, or are in the store.
        if (to->have[static_cast<std::size_t>(piece)] || (partial && partial->busy)) wanted = false;
    }
    bool const fresh = wanted && !partial;
    if (fresh) {
        try {
            partial = std::make_shared<PartialPiece>();
            partial->buffer = pool_->take(size);
            partial->received.resize((size + block_bytes - 1) / block_bytes);
        } catch (std::bad_alloc const&) {
            // The one place where libtorrent handles ENOMEM: it drops this peer and asks again.
            complete([handler] {
                handler(lt::storage_error(lt::error_code(ENOMEM, boost::system::generic_category()),
                                          lt::operation_t::file_write));
            });
            return false;
        }
        std::size_t const zero_from = to->table.blocks_may_be_missing() ? 0 : size;
        std::memset(partial->buffer->bytes.get() + zero_from, 0, round_to_blocks(size) - zero_from);
    }
    // Padding is zeros whatever the peer sent, and no block of its own.
    if (wanted && std::find(partial->sources.begin(), partial->sources.end(), source_) == partial->sources.end())
        partial->sources.push_back(source_);
    if (wanted && start < size) {
        // Only this thread makes a piece busy, so no worker reads it now.
        std::memcpy(partial->buffer->bytes.get() + start, bytes,
                    std::min(size - start, static_cast<std::size_t>(request.length)));
        partial->received[start / block_bytes] = true;
    }

    bool refresh = false;
    bool full = false;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        last_block_ = std::chrono::steady_clock::now();
        if (fresh && !to->failed) {
            arena_.insert(key, partial);
            begun(*to, piece);
            arena_changed();
        }
        // Answered with the whole piece.
        if (wanted && !to->failed) partial->writes.push_back(std::move(handler));
        else complete([answer = std::move(handler)] { answer(lt::storage_error()); });
        full = arena_.bytes() > shared_->arena_limit + shared_->arena_limit / 2 && busy_pieces_ > 0 && observer;
        if (full) waiting_peers_.push_back(std::move(observer));
        refresh = refresh_requested_;
    }
    // At once: libtorrent handles megabytes of a fast peer's blocks, and asks for
    // as many new ones, before it runs what was posted. It picks no piece now and
    // keeps nothing of the picker over this call.
    if (refresh) apply_priorities();
    return full;
}

void PieceDiskIO::async_clear_piece(lt::storage_index_t index, lt::piece_index_t piece,
                                    std::function<void(lt::piece_index_t)> handler) {
    if (StoragePtr const from = storage(index)) {
        PieceKey const key = piece_key(from->id, number(piece));
        std::lock_guard<std::mutex> lock(shared_->mutex);
        if (std::shared_ptr<PartialPiece> const partial = arena_.find(key)) {
            if (partial->busy) {
                partial->clears.push_back(std::move(handler));
                return;
            }
            // libtorrent also clears a piece of which it will ask for single
            // blocks again (known bad from a peer's block hashes). The others
            // count as received for it, so they must stay.
            if (partial->rejected) {
                arena_.erase(key);
                arena_changed();
            }
        }
    }
    complete([handler, piece] { handler(piece); });
}

void PieceDiskIO::async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) {
    {
        // The handlers keep the torrent; a stopped one must be able to go.
        std::lock_guard<std::mutex> lock(shared_->mutex);
        arena_.for_each([&](PieceKey key, PartialPiece& partial) {
            if (torrent_of(key) == number(index)) answer_writes(partial, lt::storage_error());
        });
    }
    if (handler) complete(std::move(handler));
}

void PieceDiskIO::abort(bool wait) {
    aborting_ = true;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        arena_.for_each([&](PieceKey, PartialPiece& partial) {
            answer_writes(partial, aborted(lt::operation_t::file_write));
        });
        wake_peers();
    }
    workers_.stop();
    if (wait) workers_.join();
}

}  // namespace cswarm

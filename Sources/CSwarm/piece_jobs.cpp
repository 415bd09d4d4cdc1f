// SPDX-License-Identifier: GPL-3.0-or-later
//
// The workers' half of PieceDiskIO: everything that hashes or calls a store.
#include <algorithm>
#include <cstring>
#include <exception>

#include "piece_disk_io.hpp"
#include "storage_errors.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {

std::string name_piece(Storage const& storage, std::int32_t piece) {
    return "piece " + std::to_string(piece) + " of " + storage.name;
}

/// A store that fails without a word still gets a sentence.
std::string sentence(csw_message& message, std::string const& otherwise) {
    message.text[sizeof message.text - 1] = '\0';
    return message.text[0] != '\0' ? message.text : otherwise;
}

}  // namespace

void PieceDiskIO::start_verify(StoragePtr const& storage, std::shared_ptr<PartialPiece> const& partial,
                               std::int32_t piece, lt::span<lt::sha256_hash> v2, HashHandler handler) {
    Task job([this, storage, partial, piece, v2, handler = std::move(handler)]() mutable {
        verify(storage, *partial, piece, v2, std::move(handler));
    });
    // Refused only while closing, and then the job does no more than answer.
    if (!workers_.verify(job)) job();
}

void PieceDiskIO::verify(StoragePtr const& storage, PartialPiece& partial, std::int32_t piece,
                         lt::span<lt::sha256_hash> v2, HashHandler handler) {
    auto const result = std::make_shared<Piece>();
    lt::storage_error error;
    try {
        error = hash_and_write(*storage, partial, piece, *result);
    } catch (std::exception const& e) {
        fail_torrent(*storage, piece, ENOMEM, name_piece(*storage, piece) + " could not be checked: " + e.what());
        error = make_error(ENOMEM, lt::operation_t::file_write);
    }
    auto const& blocks = result->hashes.blocks;
    std::copy_n(blocks.begin(), std::min(blocks.size(), static_cast<std::size_t>(v2.size())), v2.begin());
    lt::sha1_hash const v1 = result->hashes.v1;
    if (!error) judge_sources(*storage, partial, result->verified);
    if (!error && !result->verified && !storage->table.v1()) {
        // libtorrent must never learn that a piece of a v2-only torrent was wrong. It
        // would ask peers for the piece's block hashes, and when one refuses (an honest
        // peer must, for a file shorter than a piece) hash_picker::hashes_rejected writes
        // through a null pointer: seen in 2.0.8, unchanged up to 2.0.13. So writes are not
        // answered before their piece is verified. A wrong piece's hash job is "aborted",
        // then its writes are: libtorrent takes the blocks as never received and asks
        // again. Blame, which is lost by this, is ours (judge_sources).
        error = aborted(lt::operation_t::file_write);
        complete([answer = std::move(handler), piece, v1, error] { answer(lt::piece_index_t(piece), v1, error); });
        finish_verify(*storage, partial, piece, result, error);
        return;
    }
    finish_verify(*storage, partial, piece, result, error);
    complete([answer = std::move(handler), piece, v1, error] { answer(lt::piece_index_t(piece), v1, error); });
}

lt::storage_error PieceDiskIO::hash_and_write(Storage& storage, PartialPiece& partial, std::int32_t piece,
                                              Piece& result) {
    if (aborting_ || storage.failed || storage.removed) return aborted(lt::operation_t::file_write);
    std::uint8_t const* const bytes = partial.buffer->bytes.get();
    result.key = piece_key(storage.id, piece);
    result.size = storage.table.size(piece);
    result.buffer = partial.buffer;
    // A block that never came leaves whatever the buffer held before. It cannot
    // match by chance, but another torrent's bytes are not ours to hash.
    if (!storage.table.blocks_may_be_missing() &&
        std::find(partial.received.begin(), partial.received.end(), false) != partial.received.end())
        std::memset(partial.buffer->bytes.get(), 0, round_to_blocks(result.size));
    result.hashes = storage.table.hash(piece, bytes, true);
    result.verified = storage.table.matches(piece, result.hashes, true);
    if (!result.verified) {
        ++shared_->hash_failures;
        shared_->events.push(make_event(csw_event_hash_failed, storage.id, -EBADMSG, piece,
                                        name_piece(storage, piece) + " arrived with a wrong hash and is fetched again"));
        return {};
    }
    csw_message message{};
    int const status = storage.store.write(piece, bytes, result.size, &message);
    if (status == 0) return {};
    int const code = status < 0 ? -status : EIO;
    fail_torrent(storage, piece, code, sentence(message, name_piece(storage, piece) + " could not be written"));
    return make_error(code, lt::operation_t::file_write);
}

void PieceDiskIO::judge_sources(Storage& storage, PartialPiece const& partial, bool right) {
    for (std::string const& address : storage.counters->judge(partial.sources, right))
        shared_->events.push(make_event(csw_event_peer_banned, storage.id, 0, -1,
                                        "peer " + address + " sent wrong data and is shut out for a while"));
}

void PieceDiskIO::finish_verify(Storage& storage, PartialPiece& partial, std::int32_t piece,
                                std::shared_ptr<Piece> const& result, lt::storage_error const& error) {
    PieceKey const key = piece_key(storage.id, piece);
    std::lock_guard<std::mutex> lock(shared_->mutex);
    partial.busy = false;
    --busy_pieces_;
    answer_writes(partial, error ? aborted(lt::operation_t::file_write) : lt::storage_error());
    if (error) {
        arena_.erase(key);
    } else if (result->verified) {
        arena_.erase(key);
        if (!storage.removed) {
            cache_.insert(result);
            shared_->cache_bytes = cache_.bytes();
        }
        auto const at = static_cast<std::size_t>(piece);
        if (!storage.have[at]) {
            storage.have[at] = true;
            ++storage.have_count;
            if (storage.wanted[at] != 0 && --storage.missing == 0)
                shared_->events.push(make_event(csw_event_finished, storage.id, 0, -1,
                                                "every wanted piece of " + storage.name + " is there"));
        }
    } else {
        partial.rejected = true;
        if (!partial.clears.empty() || storage.removed) arena_.erase(key);
    }
    for (auto& clear : partial.clears)
        complete([answer = std::move(clear), piece] { answer(lt::piece_index_t(piece)); });
    partial.clears.clear();
    // Before the caller answers libtorrent: priorities must be whole again
    // before it counts the piece, or a frozen torrent would look finished.
    arena_changed();
    wake_peers();
}

void PieceDiskIO::fail_torrent(Storage& storage, std::int32_t piece, int code, std::string const& text) {
    if (storage.failed.exchange(true)) return;
    if (!storage.removed) shared_->events.push(make_event(csw_event_torrent_error, storage.id, -code, piece, text));
    // It never goes on, so its pieces must not hold up other torrents.
    std::lock_guard<std::mutex> lock(shared_->mutex);
    drop_torrent(storage);
    arena_changed();
    wake_peers();
}

void PieceDiskIO::start_load(StoragePtr const& storage, std::int32_t piece, LoadWaiter waiter) {
    PieceKey const key = piece_key(storage->id, piece);
    std::shared_ptr<Piece const> cached;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        cached = cache_.find(key);
        if (!cached) {
            auto const [waiting, first] = loads_.try_emplace(key);
            waiting->second.push_back(std::move(waiter));
            if (!first) return;
        }
    }
    Task job;
    if (cached)
        job = Task([cached, waiter = std::move(waiter)] { waiter(cached, lt::storage_error()); });
    else
        job = Task([this, storage, piece] { load(storage, piece); });
    if (!workers_.load(job)) job();
}

void PieceDiskIO::load(StoragePtr const& storage, std::int32_t piece) {
    PieceKey const key = piece_key(storage->id, piece);
    std::shared_ptr<Piece> loaded;
    lt::storage_error error;
    try {
        loaded = read_from_store(*storage, piece, error);
    } catch (std::exception const&) {
        error = make_error(ENOMEM, lt::operation_t::file_read);
    }
    std::vector<LoadWaiter> waiters;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        if (loaded && loaded->verified && !storage->removed) {
            cache_.insert(loaded);
            shared_->cache_bytes = cache_.bytes();
        }
        auto const waiting = loads_.find(key);
        if (waiting != loads_.end()) {
            waiters = std::move(waiting->second);
            loads_.erase(waiting);
        }
    }
    for (LoadWaiter& waiter : waiters) {
        try {
            waiter(loaded, error);
        } catch (std::exception const&) {
            waiter(nullptr, make_error(ENOMEM, lt::operation_t::file_read));
        }
    }
    if (!waiters.empty()) shared_->cache_hits += waiters.size() - 1;
}

std::shared_ptr<Piece> PieceDiskIO::read_from_store(Storage& storage, std::int32_t piece, lt::storage_error& error) {
    if (aborting_ || storage.removed) {
        error = aborted(lt::operation_t::file_read);
        return nullptr;
    }
    auto loaded = std::make_shared<Piece>();
    loaded->key = piece_key(storage.id, piece);
    loaded->size = storage.table.size(piece);
    loaded->buffer = pool_->take(loaded->size);
    std::uint8_t* const bytes = loaded->buffer->bytes.get();
    std::memset(bytes + loaded->size, 0, round_to_blocks(loaded->size) - loaded->size);
    csw_message message{};
    ++shared_->store_reads;
    int const status = storage.store.read(piece, bytes, loaded->size, &message);
    if (status != 0) {
        int const code = status < 0 ? -status : EIO;
        shared_->events.push(make_event(csw_event_read_error, storage.id, -code, piece,
                                        sentence(message, name_piece(storage, piece) + " could not be read")));
        error = make_error(code, lt::operation_t::file_read);
        return nullptr;
    }
    // In a hybrid torrent the v2 root is proof enough.
    bool const with_v1 = !storage.table.v2();
    loaded->hashes = storage.table.hash(piece, bytes, with_v1);
    loaded->verified = storage.table.matches(piece, loaded->hashes, with_v1);
    if (!loaded->verified)
        shared_->events.push(make_event(csw_event_read_error, storage.id, -EBADMSG, piece,
                                        name_piece(storage, piece) + " was read with a wrong hash; it is not served"));
    return loaded;
}

}  // namespace cswarm

// SPDX-License-Identifier: GPL-3.0-or-later
//
// The network thread's hash requests, and the calls that mean nothing to a store of pieces.
#include <algorithm>

#include <libtorrent/storage_defs.hpp>

#include "piece_disk_io.hpp"
#include "storage_errors.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {

std::int32_t number(lt::piece_index_t piece) { return static_cast<int>(piece); }

#if LIBTORRENT_VERSION_NUM >= 20100
constexpr lt::status_t status_ok{};
constexpr lt::status_t status_failed = lt::disk_status::fatal_disk_error;
#else
constexpr lt::status_t status_ok = lt::status_t::no_error;
constexpr lt::status_t status_failed = lt::status_t::fatal_disk_error;
#endif

}  // namespace

void PieceDiskIO::async_hash(lt::storage_index_t index, lt::piece_index_t piece, lt::span<lt::sha256_hash> v2,
                             lt::disk_job_flags_t flags, HashHandler handler) {
    StoragePtr const from = storage(index);
    std::int32_t const number_of_piece = number(piece);
    if (!from || !from->table.has(number_of_piece) || from->failed || aborting_) {
        complete([h = std::move(handler), piece] { h(piece, lt::sha1_hash(), aborted(lt::operation_t::file_read)); });
        return;
    }
    std::shared_ptr<PartialPiece> partial;
    bool second = false;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        partial = arena_.find(piece_key(from->id, number_of_piece));
        if (partial) {
            second = std::exchange(partial->busy, true);
            if (!second) ++busy_pieces_;
        }
    }
    if (second) {
        complete([h = std::move(handler), piece] { h(piece, lt::sha1_hash(), aborted(lt::operation_t::file_read)); });
    } else if (partial) {
        start_verify(from, partial, number_of_piece, v2, std::move(handler));
    } else {
        // A piece that the store should have: a full check. The handler owns the
        // memory behind `v2`, so it is shared, never copied.
        bool const with_v1 = bool(flags & lt::disk_interface::v1_hash) && from->table.v1();
        auto const shared_handler = std::make_shared<HashHandler>(std::move(handler));
        std::size_t const padding = from->table.padded_size(number_of_piece) - from->table.size(number_of_piece);
        start_load(from, number_of_piece,
                   [=](std::shared_ptr<Piece const> const& loaded, lt::storage_error const& error) mutable {
                       lt::sha1_hash v1;
                       if (loaded) {
                           auto const& blocks = loaded->hashes.blocks;
                           std::copy_n(blocks.begin(), std::min<std::size_t>(blocks.size(), static_cast<std::size_t>(v2.size())), v2.begin());
                           if (with_v1) v1 = sha1_padded(loaded->buffer->bytes.get(), loaded->size, padding);
                       }
                       complete([shared_handler, piece, v1, error] { (*shared_handler)(piece, v1, error); });
                   });
    }
}

void PieceDiskIO::async_hash2(lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t,
                              std::function<void(lt::piece_index_t, lt::sha256_hash const&, lt::storage_error const&)>
                                  handler) {
    StoragePtr const from = storage(index);
    std::int32_t const number_of_piece = number(piece);
    if (!from || !from->table.has(number_of_piece) || offset < 0) {
        complete([=] { handler(piece, lt::sha256_hash(), aborted(lt::operation_t::file_read)); });
        return;
    }
    std::size_t const block = static_cast<std::size_t>(offset) / block_bytes;
    std::shared_ptr<PartialPiece> partial;
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        partial = arena_.find(piece_key(from->id, number_of_piece));
    }
    if (partial && block < partial->received.size() && partial->received[block]) {
        // libtorrent 2.0 never asks for this; 16 KiB take no longer than posting it would.
        std::size_t const n = std::min(block_bytes, from->table.size(number_of_piece) - block * block_bytes);
        lt::sha256_hash const hash = block_hashes(partial->buffer->bytes.get() + block * block_bytes, n)[0];
        complete([=] { handler(piece, hash, lt::storage_error()); });
        return;
    }
    start_load(from, number_of_piece, [=](std::shared_ptr<Piece const> const& loaded, lt::storage_error const& error) {
        bool const known = loaded && block < loaded->hashes.blocks.size();
        lt::sha256_hash const hash = known ? loaded->hashes.blocks[block] : lt::sha256_hash();
        lt::storage_error const answer = known || error ? error : make_error(EINVAL, lt::operation_t::file_read);
        complete([=] { handler(piece, hash, answer); });
    });
}

void PieceDiskIO::async_check_files(lt::storage_index_t, lt::add_torrent_params const*,
                                    lt::aux::vector<std::string, lt::file_index_t>,
                                    std::function<void(lt::status_t, lt::storage_error const&)> handler) {
    // The caller of csw_session_add knows what the store has, and every piece is
    // checked when it is read: no check at the start.
    complete([handler] { handler(status_ok, lt::storage_error()); });
}

void PieceDiskIO::async_move_storage(lt::storage_index_t, std::string path, lt::move_flags_t,
                                     std::function<void(lt::status_t, std::string const&, lt::storage_error const&)>
                                         handler) {
    complete([=] { handler(status_failed, path, make_error(EOPNOTSUPP, lt::operation_t::file_rename)); });
}

void PieceDiskIO::async_release_files(lt::storage_index_t, std::function<void()> handler) {
    if (handler) complete(std::move(handler));
}

void PieceDiskIO::async_rename_file(lt::storage_index_t, lt::file_index_t file, std::string name,
                                    std::function<void(std::string const&, lt::file_index_t, lt::storage_error const&)>
                                        handler) {
    complete([=] { handler(name, file, make_error(EOPNOTSUPP, lt::operation_t::file_rename)); });
}

void PieceDiskIO::async_delete_files(lt::storage_index_t, lt::remove_flags_t,
                                     std::function<void(lt::storage_error const&)> handler) {
    complete([handler] { handler(make_error(EOPNOTSUPP, lt::operation_t::file_remove)); });
}

void PieceDiskIO::async_set_file_priority(
    lt::storage_index_t, lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
    std::function<void(lt::storage_error const&, lt::aux::vector<lt::download_priority_t, lt::file_index_t>)> handler) {
    complete([handler, p = std::move(priorities)]() mutable { handler(lt::storage_error(), std::move(p)); });
}

}  // namespace cswarm

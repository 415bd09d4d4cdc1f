// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <libtorrent/disk_interface.hpp>
#include <libtorrent/disk_observer.hpp>
#include <libtorrent/io_context.hpp>
#include <libtorrent/peer_request.hpp>

#include "arena.hpp"
#include "lender.hpp"
#include "piece_cache.hpp"
#include "shared.hpp"
#include "worker_pool.hpp"

namespace cswarm {

/// libtorrent's disk side over whole pieces. libtorrent calls the virtual
/// functions on its network thread; stores are called from the workers alone.
///
/// A block goes to its place in its piece's buffer in the arena. When libtorrent
/// asks for the complete piece's hash, a worker hashes it, compares, calls the
/// store's write, and moves the buffer to the cache; only then is libtorrent
/// answered. So libtorrent never announces a piece that the store has not taken,
/// and the store never sees a byte that was not verified.
class PieceDiskIO final : public libtorrent::disk_interface {
public:
    PieceDiskIO(libtorrent::io_context& context, std::shared_ptr<Shared> shared);
    ~PieceDiskIO() override;

    /// "/cswarm/7": how new_torrent finds the storage. Never used as a path.
    static std::string save_path(csw_torrent_id torrent);

    /// From any thread.
    void set_priorities(std::shared_ptr<Storage> const& storage, std::vector<std::uint8_t> wanted);
    /// Puts libtorrent's priorities of all torrents right. From any thread.
    void refresh_priorities();
    /// Stops writing for good and says why, once. From any thread.
    void fail_torrent(Storage& storage, std::int32_t piece, int code, std::string const& sentence);
    /// Who sends the block that is written next. On the network thread.
    void set_source(std::string const& address) { source_ = address; }
    /// About once a second, on the network thread.
    void tick();

    libtorrent::storage_holder new_torrent(libtorrent::storage_params const& params,
                                           std::shared_ptr<void> const& torrent) override;
    void remove_torrent(libtorrent::storage_index_t index) override;
    void async_read(libtorrent::storage_index_t index, libtorrent::peer_request const& request,
                    std::function<void(libtorrent::disk_buffer_holder, libtorrent::storage_error const&)> handler,
                    libtorrent::disk_job_flags_t flags) override;
    bool async_write(libtorrent::storage_index_t index, libtorrent::peer_request const& request, char const* bytes,
                     std::shared_ptr<libtorrent::disk_observer> observer,
                     std::function<void(libtorrent::storage_error const&)> handler,
                     libtorrent::disk_job_flags_t flags) override;
    void async_hash(libtorrent::storage_index_t index, libtorrent::piece_index_t piece,
                    libtorrent::span<libtorrent::sha256_hash> v2, libtorrent::disk_job_flags_t flags,
                    std::function<void(libtorrent::piece_index_t, libtorrent::sha1_hash const&,
                                       libtorrent::storage_error const&)> handler) override;
    void async_hash2(libtorrent::storage_index_t index, libtorrent::piece_index_t piece, int offset,
                     libtorrent::disk_job_flags_t flags,
                     std::function<void(libtorrent::piece_index_t, libtorrent::sha256_hash const&,
                                        libtorrent::storage_error const&)> handler) override;
    void async_move_storage(libtorrent::storage_index_t index, std::string path, libtorrent::move_flags_t flags,
                            std::function<void(libtorrent::status_t, std::string const&,
                                               libtorrent::storage_error const&)> handler) override;
    void async_release_files(libtorrent::storage_index_t index, std::function<void()> handler) override;
    void async_check_files(libtorrent::storage_index_t index, libtorrent::add_torrent_params const* resume,
                           libtorrent::aux::vector<std::string, libtorrent::file_index_t> links,
                           std::function<void(libtorrent::status_t, libtorrent::storage_error const&)> handler) override;
    void async_stop_torrent(libtorrent::storage_index_t index, std::function<void()> handler) override;
    void async_rename_file(libtorrent::storage_index_t index, libtorrent::file_index_t file, std::string name,
                           std::function<void(std::string const&, libtorrent::file_index_t,
                                              libtorrent::storage_error const&)> handler) override;
    void async_delete_files(libtorrent::storage_index_t index, libtorrent::remove_flags_t options,
                            std::function<void(libtorrent::storage_error const&)> handler) override;
    void async_set_file_priority(
        libtorrent::storage_index_t index,
        libtorrent::aux::vector<libtorrent::download_priority_t, libtorrent::file_index_t> priorities,
        std::function<void(libtorrent::storage_error const&,
                           libtorrent::aux::vector<libtorrent::download_priority_t, libtorrent::file_index_t>)>
            handler) override;
    void async_clear_piece(libtorrent::storage_index_t index, libtorrent::piece_index_t piece,
                           std::function<void(libtorrent::piece_index_t)> handler) override;
    void update_stats_counters(libtorrent::counters&) const override {}
    std::vector<libtorrent::open_file_state> get_status(libtorrent::storage_index_t) const override { return {}; }
    void abort(bool wait) override;
    void submit_jobs() override {}
    void settings_updated() override {}

private:
    using HashHandler = std::function<void(libtorrent::piece_index_t, libtorrent::sha1_hash const&,
                                           libtorrent::storage_error const&)>;
    using StoragePtr = std::shared_ptr<Storage>;
    /// Told what loading a piece came to; runs on a worker. `piece` is null on an error.
    using LoadWaiter = std::function<void(std::shared_ptr<Piece const> const&, libtorrent::storage_error const&)>;

    // piece_disk_io.cpp and piece_requests.cpp, on the network thread
    StoragePtr storage(libtorrent::storage_index_t index) const;
    void complete(Task task);
    void run_completed();
    void serve(std::shared_ptr<Piece const> const& piece, std::size_t padded, libtorrent::peer_request const& request,
               std::function<void(libtorrent::disk_buffer_holder, libtorrent::storage_error const&)> const& handler);

    void answer_writes(PartialPiece& partial, libtorrent::storage_error const& error);
    void drop_torrent(Storage const& storage);

    // piece_jobs.cpp, on the workers
    void start_verify(StoragePtr const& storage, std::shared_ptr<PartialPiece> const& partial, std::int32_t piece,
                      libtorrent::span<libtorrent::sha256_hash> v2, HashHandler handler);
    void verify(StoragePtr const& storage, PartialPiece& partial, std::int32_t piece,
                libtorrent::span<libtorrent::sha256_hash> v2, HashHandler handler);
    libtorrent::storage_error hash_and_write(Storage& storage, PartialPiece& partial, std::int32_t piece,
                                             Piece& result);
    void finish_verify(Storage& storage, PartialPiece& partial, std::int32_t piece,
                       std::shared_ptr<Piece> const& result, libtorrent::storage_error const& error);
    void judge_sources(Storage& storage, PartialPiece const& partial, bool right);

    void start_load(StoragePtr const& storage, std::int32_t piece, LoadWaiter waiter);
    void load(StoragePtr const& storage, std::int32_t piece);
    std::shared_ptr<Piece> read_from_store(Storage& storage, std::int32_t piece, libtorrent::storage_error& error);

    // back_pressure.cpp, with Shared::mutex held except apply
    void arena_changed();
    void begun(Storage& storage, std::int32_t piece);
    std::uint8_t desired_priority(Storage const& storage, std::int32_t piece) const;
    void request_refresh(bool all);
    void wake_peers();
    void apply_priorities();

    libtorrent::io_context& context_;
    std::shared_ptr<Shared> const shared_;
    std::shared_ptr<BufferPool> const pool_;
    Lender lender_;

    // Guarded by shared_->mutex.
    Arena arena_;
    PieceCache cache_;
    std::unordered_map<PieceKey, std::vector<LoadWaiter>> loads_;
    int busy_pieces_ = 0;
    bool frozen_ = false;
    bool refresh_requested_ = false;
    bool refresh_all_ = false;
    std::uint64_t stall_allowance_ = 0;
    std::chrono::steady_clock::time_point last_block_;
    std::vector<std::pair<csw_torrent_id, std::int32_t>> begun_while_frozen_;
    std::vector<std::shared_ptr<libtorrent::disk_observer>> waiting_peers_;
    /// Changed on the network thread only, with the mutex held; so that thread reads it without.
    std::unordered_map<csw_torrent_id, StoragePtr> storages_;
    /// Storages removed after the workers had ended; released with this object.
    std::vector<Task> buried_;

    /// The network thread's own.
    std::string source_;

    std::mutex completed_mutex_;
    std::vector<Task> completed_;

    std::atomic<bool> aborting_{false};
    /// Keeps the network thread until the last job is answered: a handler that
    /// never runs would keep its torrent alive past the session.
    boost::asio::executor_work_guard<libtorrent::io_context::executor_type> work_;
    WorkerPool workers_;
};

}  // namespace cswarm

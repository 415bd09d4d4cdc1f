// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.hpp"

#include <algorithm>
#include <cerrno>

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/extensions/ut_pex.hpp>
#include <libtorrent/torrent_info.hpp>
#include <libtorrent/torrent_status.hpp>

#include "settings.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {

constexpr std::size_t max_torrent_bytes = 256U << 20;

bool bit(std::uint8_t const* bits, std::size_t i) { return (bits[i / 8] >> (7 - i % 8) & 1) != 0; }

std::shared_ptr<lt::torrent_info> parse(csw_add_options const& options) {
    if (options.torrent == nullptr || options.torrent_length == 0) throw Failure(EINVAL, "there is no torrent");
    if (options.torrent_length > max_torrent_bytes) throw Failure(EINVAL, "the torrent is longer than 256 MiB");
    lt::load_torrent_limits limits;
    limits.max_buffer_size = static_cast<int>(max_torrent_bytes);
    limits.max_pieces = 1 << 21;
    // A file is about ten tokens; more than its bytes there cannot be.
    limits.max_decode_tokens = static_cast<int>(std::min<std::size_t>(options.torrent_length, 64U << 20)) + 16;
    lt::span<char const> const bytes(reinterpret_cast<char const*>(options.torrent),
                                     static_cast<std::ptrdiff_t>(options.torrent_length));
    auto info = std::make_shared<lt::torrent_info>(bytes, limits, lt::from_span);
    if (!info->is_valid() || info->num_pieces() <= 0) throw Failure(EINVAL, "the torrent has no pieces");
    return info;
}

std::shared_ptr<Storage> make_storage(csw_torrent_id id, lt::torrent_info const& info, PieceTable table,
                                      csw_piece_store const& store) {
    return std::make_shared<Storage>(id, info.name(), std::move(table), store);
}

void take_options(Storage& storage, csw_add_options const& options) {
    auto const count = static_cast<std::size_t>(storage.table.count());
    storage.wanted.assign(count, static_cast<std::uint8_t>(4));
    if (options.priorities != nullptr) {
        if (options.priorities_length != count) throw Failure(EINVAL, "there is not one priority for each piece");
        storage.wanted.assign(options.priorities, options.priorities + count);
        if (std::any_of(storage.wanted.begin(), storage.wanted.end(), [](std::uint8_t p) { return p > 7; }))
            throw Failure(EINVAL, "a priority is above 7");
    }
    storage.applied = storage.wanted;
    storage.have.assign(count, options.seed);
    if (options.have != nullptr && !options.seed) {
        if (options.have_length < (count + 7) / 8) throw Failure(EINVAL, "the have-bitfield is too short");
        for (std::size_t i = 0; i < count; ++i) storage.have[i] = bit(options.have, i);
    }
    storage.have_count = static_cast<std::int32_t>(std::count(storage.have.begin(), storage.have.end(), true));
    storage.count_missing();
}

lt::add_torrent_params make_params(std::shared_ptr<lt::torrent_info> const& info, Storage const& storage,
                                   csw_add_options const& options) {
    lt::add_torrent_params params;
    params.ti = info;
    params.save_path = PieceDiskIO::save_path(storage.id);
    params.userdata = lt::client_data_t(reinterpret_cast<char*>(static_cast<std::intptr_t>(storage.id)));
    params.flags = lt::torrent_flags::duplicate_is_error | lt::torrent_flags::disable_dht;
    lt::typed_bitfield<lt::piece_index_t> have(storage.table.count());
    for (std::int32_t p = 0; p < storage.table.count(); ++p) {
        if (storage.have[static_cast<std::size_t>(p)]) have.set_bit(lt::piece_index_t(p));
    }
    if (options.seed) {
        // Verified in advance: an unverified seed hashes a piece on its first
        // request and stops altogether when one cannot be read. Every read is
        // checked here anyway, and a failing one costs that piece alone.
        params.flags |= lt::torrent_flags::seed_mode;
        params.verified_pieces = have;
    } else {
        for (std::uint8_t const p : storage.wanted) params.piece_priorities.push_back(lt::download_priority_t(p));
    }
    params.have_pieces = std::move(have);
    for (std::size_t i = 0; i < options.tracker_count; ++i) {
        if (options.trackers[i] == nullptr) continue;
        params.trackers.emplace_back(options.trackers[i]);
        params.tracker_tiers.push_back(0);
    }
    return params;
}

}  // namespace

Session::Session(csw_session_config const& config) {
    if (config.worker_threads < 1 || config.worker_threads > 1024) throw Failure(EINVAL, "worker_threads is not 1 to 1024");
    if (config.arena_bytes == 0) throw Failure(EINVAL, "arena_bytes is 0");
    shared_->arena_limit = config.arena_bytes;
    shared_->cache_limit = config.cache_bytes;
    shared_->worker_threads = config.worker_threads;
    lt::settings_pack settings;
    try {
        settings = make_settings(config);
    } catch (std::invalid_argument const& e) {
        throw Failure(EINVAL, e.what());
    }
    // Peer exchange alone: metadata never travels without the torrent here, and
    // smart-ban reads blocks that were not verified.
    lt::session_params params(std::move(settings), std::vector<std::shared_ptr<lt::plugin>>{});
    params.disk_io_constructor = [shared = shared_](lt::io_context& context, lt::settings_interface const&, lt::counters&) {
        return std::make_unique<PieceDiskIO>(context, shared);
    };
    session_ = std::make_unique<lt::session>(std::move(params));
    session_->add_extension(&lt::create_ut_pex_plugin);
    session_->set_peer_class_filter(one_class_for_all());
    session_->set_alert_notify([shared = shared_] { shared->events.alerts_arrived(); });
}

Session::~Session() {
    // Alerts of the shutdown wake nobody.
    session_->set_alert_notify([] {});
    {
        // Its end waits for the network thread and the workers.
        lt::session_proxy const closing = session_->abort();
        session_.reset();
    }
    // So the stores are let go of here, on this thread.
    torrents_.clear();
    shared_->pending.clear();
}

std::shared_ptr<Session::Torrent> Session::find(csw_torrent_id torrent) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto const found = torrents_.find(torrent);
    if (found == torrents_.end()) throw Failure(ENOENT, "there is no such torrent");
    return found->second;
}

csw_torrent_id Session::add(csw_add_options const& options, csw_piece_store store) {
    // Until a Storage owns the context, this does.
    struct Guard {
        csw_piece_store* store;
        ~Guard() {
            if (store != nullptr && store->release != nullptr) store->release(store->context);
        }
    } guard{&store};
    if (store.read == nullptr || store.write == nullptr) throw Failure(EINVAL, "the store lacks a callback");
    if (options.tracker_count > 0 && options.trackers == nullptr) throw Failure(EINVAL, "the trackers are missing");

    std::shared_ptr<lt::torrent_info> info;
    auto const torrent = std::make_shared<Torrent>();
    csw_torrent_id id = 0;
    {
        std::lock_guard<std::mutex> lock(mutex_);
        id = next_id_++;
    }
    try {
        info = parse(options);
        PieceTable table(*info);
        torrent->storage = make_storage(id, *info, std::move(table), store);
        guard.store = nullptr;
    } catch (lt::system_error const& e) {
        throw Failure(EINVAL, "the torrent is damaged: " + e.code().message());
    } catch (std::invalid_argument const& e) {
        throw Failure(EINVAL, std::string("the torrent is damaged: ") + e.what());
    } catch (std::out_of_range const& e) {
        throw Failure(EINVAL, std::string("the torrent is damaged: ") + e.what());
    }
    Storage& storage = *torrent->storage;
    take_options(storage, options);
    bool const nothing_missing = storage.missing == 0;
    lt::add_torrent_params params = make_params(info, storage, options);
    // Weak: the network thread must not be the one that releases the store.
    params.extensions.emplace_back([shared = shared_, counters = storage.counters,
                                    weak = std::weak_ptr<Storage>(torrent->storage)](
                                       lt::torrent_handle const& handle, lt::client_data_t) {
        if (auto const s = weak.lock()) {
            std::lock_guard<std::mutex> lock(shared->mutex);
            s->handle = handle;
        }
        return make_torrent_plugin(shared, counters);
    });
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        shared_->pending[id] = torrent->storage;
    }
    {
        // Before libtorrent starts it: its first alert may name it.
        std::lock_guard<std::mutex> lock(mutex_);
        torrents_[id] = torrent;
    }
    lt::error_code error;
    try {
        torrent->handle = session_->add_torrent(std::move(params), error);
    } catch (lt::system_error const& e) {
        error = e.code();
    }
    if (error) {
        {
            std::lock_guard<std::mutex> lock(shared_->mutex);
            shared_->pending.erase(id);
        }
        std::lock_guard<std::mutex> lock(mutex_);
        torrents_.erase(id);
        bool const twice = error == lt::errors::duplicate_torrent;
        throw Failure(twice ? EEXIST : EINVAL, "the torrent could not be added: " + error.message());
    }
    if (nothing_missing)
        shared_->events.push(make_event(csw_event_finished, id, 0, -1, "every wanted piece of " + storage.name + " is there"));
    // A session that is frozen now must not begin this torrent's pieces either.
    if (PieceDiskIO* const disk = shared_->disk) disk->refresh_priorities();
    return id;
}

void Session::remove(csw_torrent_id id) {
    std::shared_ptr<Torrent> torrent;
    {
        std::lock_guard<std::mutex> lock(mutex_);
        auto const found = torrents_.find(id);
        if (found == torrents_.end()) throw Failure(ENOENT, "there is no such torrent");
        torrent = std::move(found->second);
        torrents_.erase(found);
    }
    // From now on no event of it is wanted, and a queued piece is not written.
    torrent->storage->removed = true;
    session_->remove_torrent(torrent->handle);
}

void Session::add_peer(csw_torrent_id id, char const* address, std::uint16_t port) {
    auto const torrent = find(id);
    if (address == nullptr || port == 0) throw Failure(EINVAL, "a peer needs an address and a port");
    lt::error_code error;
    lt::address const ip = lt::make_address(address, error);
    if (error) throw Failure(EINVAL, std::string("\"") + address + "\" is not a numeric address");
    torrent->handle.connect_peer(lt::tcp::endpoint(ip, port));
}

void Session::set_priorities(csw_torrent_id id, std::uint8_t const* priorities, std::size_t count) {
    auto const torrent = find(id);
    if (priorities == nullptr || count != static_cast<std::size_t>(torrent->storage->table.count()))
        throw Failure(EINVAL, "there is not one priority for each piece");
    std::vector<std::uint8_t> wanted(priorities, priorities + count);
    if (std::any_of(wanted.begin(), wanted.end(), [](std::uint8_t p) { return p > 7; }))
        throw Failure(EINVAL, "a priority is above 7");
    if (PieceDiskIO* const disk = shared_->disk) disk->set_priorities(torrent->storage, std::move(wanted));
}

csw_torrent_status Session::status(csw_torrent_id id) {
    auto const torrent = find(id);
    Storage& storage = *torrent->storage;
    std::lock_guard<std::mutex> status_lock(torrent->status_mutex);
    csw_torrent_status& s = torrent->status;
    auto const now = std::chrono::steady_clock::now();
    // Asking libtorrent waits for its network thread, so not more than ten times a second.
    if (now - torrent->status_time >= std::chrono::milliseconds(100)) {
        lt::torrent_status const from = torrent->handle.status(lt::status_flags_t{});
        s.peers = from.num_peers;
        s.seeds = from.num_seeds;
        s.download_rate = static_cast<std::uint64_t>(std::max(0, from.download_payload_rate));
        s.upload_rate = static_cast<std::uint64_t>(std::max(0, from.upload_payload_rate));
        if (from.errc) s.failed = true;
        torrent->status_time = now;
    }
    {
        std::lock_guard<std::mutex> lock(shared_->mutex);
        s.pieces_total = storage.table.count();
        s.pieces_have = storage.have_count;
        s.finished = storage.missing == 0;
    }
    s.failed = s.failed || storage.failed;
    s.downloaded = storage.counters->downloaded();
    s.uploaded = storage.counters->uploaded();
    s.arena_bytes = shared_->arena_bytes;
    s.cache_bytes = shared_->cache_bytes;
    s.store_reads = shared_->store_reads;
    s.cache_hits = shared_->cache_hits;
    s.hash_failures = shared_->hash_failures;
    return s;
}

std::int32_t Session::have(csw_torrent_id id, std::uint8_t* bits, std::size_t capacity) {
    auto const torrent = find(id);
    if (bits == nullptr) capacity = 0;
    std::fill_n(bits, capacity, static_cast<std::uint8_t>(0));
    std::lock_guard<std::mutex> lock(shared_->mutex);
    std::vector<bool> const& have = torrent->storage->have;
    std::size_t const n = capacity >= (have.size() + 7) / 8 ? have.size() : capacity * 8;
    for (std::size_t i = 0; i < n; ++i) {
        if (have[i]) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 0x80U >> i % 8);
    }
    return torrent->storage->table.count();
}

std::int32_t Session::peers(csw_torrent_id id, csw_peer* out, std::size_t capacity) {
    return static_cast<std::int32_t>(find(id)->storage->counters->copy(out, out == nullptr ? 0 : capacity));
}

}  // namespace cswarm

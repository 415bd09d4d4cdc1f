// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include <libtorrent/session.hpp>

#include "CSwarm.h"
#include "peer_counters.hpp"
#include "piece_disk_io.hpp"
#include "shared.hpp"

namespace cswarm {

/// What the C API answers with -code and the sentence.
class Failure : public std::runtime_error {
public:
    Failure(int code, std::string const& text) : std::runtime_error(text), code_(code) {}
    int code() const { return code_; }

private:
    int code_;
};

class Session {
public:
    explicit Session(csw_session_config const& config);
    ~Session();

    std::uint16_t listen_port() { return session_->listen_port(); }
    /// Owns `store`'s reference from the call on, whether it returns or throws.
    csw_torrent_id add(csw_add_options const& options, csw_piece_store store);
    void remove(csw_torrent_id torrent);
    void add_peer(csw_torrent_id torrent, char const* address, std::uint16_t port);
    void set_priorities(csw_torrent_id torrent, std::uint8_t const* priorities, std::size_t count);
    csw_torrent_status status(csw_torrent_id torrent);
    std::int32_t have(csw_torrent_id torrent, std::uint8_t* bits, std::size_t capacity);
    std::int32_t peers(csw_torrent_id torrent, csw_peer* out, std::size_t capacity);
    bool next_event(int timeout_ms, csw_event* out);

private:
    struct Torrent {
        std::shared_ptr<Storage> storage;
        libtorrent::torrent_handle handle;
        std::mutex status_mutex;
        csw_torrent_status status{};
        std::chrono::steady_clock::time_point status_time{};
    };

    std::shared_ptr<Torrent> find(csw_torrent_id torrent);
    // events.cpp
    void drain_alerts();
    void translate(libtorrent::alert const& alert);

    std::shared_ptr<Shared> const shared_ = std::make_shared<Shared>();
    std::unique_ptr<libtorrent::session> session_;
    std::mutex mutex_;
    std::map<csw_torrent_id, std::shared_ptr<Torrent>> torrents_;
    csw_torrent_id next_id_ = 1;
    std::mutex alerts_mutex_;
};

}  // namespace cswarm

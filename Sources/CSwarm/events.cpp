// SPDX-License-Identifier: GPL-3.0-or-later
//
// From libtorrent's alerts to the caller's events.
#include <algorithm>
#include <cerrno>

#include <libtorrent/alert_types.hpp>

#include "session.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {

csw_torrent_id id_of(lt::torrent_alert const& alert) {
    return static_cast<csw_torrent_id>(reinterpret_cast<std::intptr_t>(alert.handle.userdata().get<char>()));
}

/// -errno where libtorrent's error is one, else -EIO.
int code_of(lt::error_code const& error) {
    bool const is_errno = error.category() == boost::system::generic_category() ||
                          error.category() == boost::system::system_category();
    return is_errno && error.value() > 0 ? -error.value() : -EIO;
}

}  // namespace

void Session::translate(lt::alert const& alert) {
    auto const push = [&](csw_event_kind kind, csw_torrent_id torrent, int code, std::string const& text) {
        shared_->events.push(make_event(kind, torrent, code, -1, text));
    };
    if (auto const* a = lt::alert_cast<lt::torrent_error_alert>(&alert)) {
        std::shared_ptr<Torrent> torrent;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            auto const found = torrents_.find(id_of(*a));
            if (found != torrents_.end()) torrent = found->second;
        }
        // After a store's error this is its echo, and says nothing more.
        PieceDiskIO* const disk = shared_->disk;
        if (torrent && disk != nullptr) disk->fail_torrent(*torrent->storage, -1, -code_of(a->error), a->message());
    } else if (auto const* failed = lt::alert_cast<lt::listen_failed_alert>(&alert)) {
        push(csw_event_listen_failed, 0, code_of(failed->error), failed->message());
    } else if (auto const* listening = lt::alert_cast<lt::listen_succeeded_alert>(&alert)) {
        // Outgoing connections are TCP only; the UDP socket is for trackers.
        if (listening->socket_type == lt::socket_type_t::tcp)
            push(csw_event_listening, 0, 0,
                 listening->address.to_string() + " port " + std::to_string(listening->port));
    } else if (auto const* tracker = lt::alert_cast<lt::tracker_error_alert>(&alert)) {
        push(csw_event_tracker_error, id_of(*tracker), code_of(tracker->error), tracker->message());
    } else if (auto const* reply = lt::alert_cast<lt::tracker_reply_alert>(&alert)) {
        push(csw_event_tracker_reply, id_of(*reply), 0, reply->message());
    } else if (auto const* ban = lt::alert_cast<lt::peer_ban_alert>(&alert)) {
        push(csw_event_peer_banned, id_of(*ban), 0, ban->message());
    } else if (lt::alert_cast<lt::alerts_dropped_alert>(&alert) != nullptr) {
        // Nothing of ours is lost by it: what decides comes from the workers.
    }
}

void Session::drain_alerts() {
    // pop_alerts frees what it returned before: one caller at a time.
    std::lock_guard<std::mutex> lock(alerts_mutex_);
    std::vector<lt::alert*> alerts;
    session_->pop_alerts(&alerts);
    for (lt::alert const* const alert : alerts) translate(*alert);
}

bool Session::next_event(int timeout_ms, csw_event* out) {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::max(0, timeout_ms));
    for (;;) {
        if (shared_->events.take_alerts_waiting()) drain_alerts();
        if (shared_->events.pop(out)) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        shared_->events.wait_until(deadline);
    }
}

}  // namespace cswarm

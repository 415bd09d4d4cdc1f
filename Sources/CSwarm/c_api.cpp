// SPDX-License-Identifier: GPL-3.0-or-later
//
// The C boundary: nothing but checks of arguments, and exceptions turned into codes.
#include <algorithm>
#include <cerrno>
#include <new>

#include <libtorrent/version.hpp>

#include "CSwarm.h"
#include "event_queue.hpp"
#include "merkle.hpp"
#include "session.hpp"

struct csw_session {
    explicit csw_session(csw_session_config const& config) : session(config) {}
    cswarm::Session session;
};

namespace {

template <typename Body>
int guarded(csw_message* message, Body body) noexcept {
    try {
        return body();
    } catch (cswarm::Failure const& e) {
        try { cswarm::set_message(message, e.what()); } catch (...) {}
        return -e.code();
    } catch (std::bad_alloc const&) {
        try { cswarm::set_message(message, "out of memory"); } catch (...) {}
        return -ENOMEM;
    } catch (std::exception const& e) {
        try { cswarm::set_message(message, e.what()); } catch (...) {}
        return -EIO;
    } catch (...) {
        return -EIO;
    }
}

int invalid(csw_message* message) {
    cswarm::set_message(message, "an argument is NULL");
    return -EINVAL;
}

}  // namespace

extern "C" {

int csw_session_create(const csw_session_config* config, csw_session** out, csw_message* message) {
    if (out != nullptr) *out = nullptr;
    return guarded(message, [&] {
        if (config == nullptr || out == nullptr) return invalid(message);
        *out = new csw_session(*config);
        return 0;
    });
}

void csw_session_destroy(csw_session* session) {
    guarded(nullptr, [&] {
        delete session;
        return 0;
    });
}

uint16_t csw_session_listen_port(csw_session* session) {
    if (session == nullptr) return 0;
    uint16_t port = 0;
    guarded(nullptr, [&] {
        port = session->session.listen_port();
        return 0;
    });
    return port;
}

int csw_session_add(csw_session* session, const csw_add_options* options, csw_piece_store store, csw_torrent_id* out,
                    csw_message* message) {
    if (session == nullptr || options == nullptr || out == nullptr) {
        // Ours even now: the caller never has to ask who owns it.
        if (store.release != nullptr) store.release(store.context);
        return invalid(message);
    }
    return guarded(message, [&] {
        *out = session->session.add(*options, store);
        return 0;
    });
}

int csw_session_remove(csw_session* session, csw_torrent_id torrent) {
    return guarded(nullptr, [&] {
        if (session == nullptr) return -EINVAL;
        session->session.remove(torrent);
        return 0;
    });
}

int csw_torrent_add_peer(csw_session* session, csw_torrent_id torrent, const char* address, uint16_t port) {
    return guarded(nullptr, [&] {
        if (session == nullptr) return -EINVAL;
        session->session.add_peer(torrent, address, port);
        return 0;
    });
}

int csw_torrent_set_priorities(csw_session* session, csw_torrent_id torrent, const uint8_t* priorities, size_t count) {
    return guarded(nullptr, [&] {
        if (session == nullptr) return -EINVAL;
        session->session.set_priorities(torrent, priorities, count);
        return 0;
    });
}

int csw_torrent_get_status(csw_session* session, csw_torrent_id torrent, csw_torrent_status* out) {
    return guarded(nullptr, [&] {
        if (session == nullptr || out == nullptr) return -EINVAL;
        *out = session->session.status(torrent);
        return 0;
    });
}

int32_t csw_torrent_get_have(csw_session* session, csw_torrent_id torrent, uint8_t* bits, size_t capacity) {
    return guarded(nullptr, [&] {
        if (session == nullptr) return -EINVAL;
        return session->session.have(torrent, bits, capacity);
    });
}

int32_t csw_torrent_get_peers(csw_session* session, csw_torrent_id torrent, csw_peer* out, size_t capacity) {
    return guarded(nullptr, [&] {
        if (session == nullptr) return -EINVAL;
        return session->session.peers(torrent, out, capacity);
    });
}

int csw_session_next_event(csw_session* session, int32_t timeout_ms, csw_event* out) {
    if (session == nullptr || out == nullptr) return 0;
    int const result = guarded(nullptr, [&] { return session->session.next_event(timeout_ms, out) ? 1 : 0; });
    return std::max(result, 0);
}

void csw_pieces_root(const uint8_t* bytes, size_t length, uint8_t out[32]) {
    if (out == nullptr) return;
    std::fill_n(out, 32, static_cast<uint8_t>(0));
    if (bytes == nullptr || length == 0) return;
    guarded(nullptr, [&] {
        auto hashes = cswarm::block_hashes(bytes, length);
        std::size_t const width = cswarm::next_power_of_two(hashes.size());
        auto const root = cswarm::merkle_root(std::move(hashes), width, cswarm::Hash256());
        std::copy_n(reinterpret_cast<uint8_t const*>(root.data()), 32, out);
        return 0;
    });
}

const char* csw_libtorrent_version(void) { return libtorrent::version(); }

}  // extern "C"

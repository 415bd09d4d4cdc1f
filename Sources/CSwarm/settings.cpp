// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <libtorrent/address.hpp>
#include <libtorrent/alert.hpp>
#include <libtorrent/fingerprint.hpp>
#include <libtorrent/session.hpp>

#include "buffers.hpp"

namespace cswarm {

namespace lt = libtorrent;
using sp = lt::settings_pack;

namespace {

/// libtorrent skips an interface that it cannot parse; a typo must not become
/// a session that listens nowhere.
void check_listen(std::string const& list) {
    std::size_t at = 0;
    while (at <= list.size()) {
        std::size_t const end = std::min(list.find(',', at), list.size());
        std::string const item = list.substr(at, end - at);
        std::size_t const colon = item.rfind(':');
        bool good = colon != std::string::npos && colon > 0;
        if (good) {
            std::string const port = item.substr(colon + 1);
            good = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) {
                return c >= '0' && c <= '9';
            }) && std::stol(port) <= 65535;
            std::string host = item.substr(0, colon);
            if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
            else if (host.find(':') != std::string::npos) good = false;
            boost::system::error_code ec;
            boost::asio::ip::make_address(host, ec);
            good = good && !ec;
        }
        if (!good) throw std::invalid_argument("\"" + item + "\" is not an address to listen on, like 10.0.0.1:6881");
        at = end + 1;
    }
}

/// The addresses in a list that are not "any": connections go out from where
/// peers were told to come in, so that both ends count one machine as one.
std::string own_addresses(std::string const& list) {
    std::string result;
    std::size_t at = 0;
    while (at <= list.size()) {
        std::size_t const end = std::min(list.find(',', at), list.size());
        std::string host = list.substr(at, end - at);
        host = host.substr(0, host.rfind(':'));
        if (host.front() == '[') host = host.substr(1, host.size() - 2);
        if (boost::asio::ip::make_address(host).is_unspecified()) return {};
        result += (result.empty() ? "" : ",") + host;
        at = end + 1;
    }
    return result;
}

int positive_or_unlimited(std::int32_t n) { return n > 0 ? n : -1; }

void set_discovery(sp& s, csw_session_config const& config) {
    s.set_bool(sp::enable_dht, false);
    s.set_bool(sp::enable_upnp, false);
    s.set_bool(sp::enable_natpmp, false);
    s.set_bool(sp::enable_lsd, config.local_discovery);
    s.set_int(sp::local_service_announce_interval, 30);
    s.set_int(sp::active_lsd_limit, -1);
    s.set_bool(sp::announce_to_all_trackers, true);
    s.set_bool(sp::announce_to_all_tiers, true);
    s.set_int(sp::min_announce_interval, 5);
    s.set_int(sp::tracker_completion_timeout, 10);
    s.set_int(sp::tracker_receive_timeout, 5);
    s.set_int(sp::tracker_backoff, 50);
    // A session that ends waits this long for a tracker that does not answer.
    s.set_int(sp::stop_tracker_timeout, 1);
    s.set_int(sp::num_want, 200);
    // Both refuse private addresses, of which a deployment network is made.
    s.set_bool(sp::ssrf_mitigation, false);
    s.set_bool(sp::apply_ip_filter_to_trackers, false);
    s.set_int(sp::proxy_type, sp::none);
}

void set_connections(sp& s, csw_session_config const& config) {
    s.set_bool(sp::enable_outgoing_utp, false);
    s.set_bool(sp::enable_incoming_utp, false);
    s.set_int(sp::mixed_mode_algorithm, sp::prefer_tcp);
    s.set_bool(sp::allow_multiple_connections_per_ip, true);
    s.set_int(sp::connections_limit, config.connections_limit > 0 ? config.connections_limit : 1000);
    s.set_int(sp::unchoke_slots_limit, positive_or_unlimited(config.unchoke_slots));
    s.set_int(sp::unchoke_interval, 5);
    s.set_int(sp::optimistic_unchoke_interval, 10);
    // A whole room boots at once.
    s.set_int(sp::connection_speed, 500);
    s.set_int(sp::torrent_connect_boost, 100);
    s.set_bool(sp::smooth_connects, false);
    s.set_int(sp::listen_queue_size, 256);
    s.set_int(sp::min_reconnect_time, 2);
    s.set_int(sp::max_failcount, 100);
    s.set_int(sp::peer_connect_timeout, 5);
    s.set_int(sp::handshake_timeout, 10);
    s.set_int(sp::peer_timeout, 60);
    s.set_int(sp::inactivity_timeout, 60);
    s.set_int(sp::request_timeout, 15);
    s.set_int(sp::piece_timeout, 10);
    // Seeds keep their connections to each other and to nodes that look finished
    // while the arena is full or the caller wants only some pieces so far.
    s.set_bool(sp::close_redundant_connections, false);
    s.set_int(sp::peer_turnover, 0);
    s.set_bool(sp::listen_system_port_fallback, false);
    s.set_int(sp::max_retry_port_bind, 0);
    s.set_int(sp::out_enc_policy, sp::pe_disabled);
    s.set_int(sp::in_enc_policy, sp::pe_enabled);
    s.set_int(sp::allowed_enc_level, sp::pe_both);
}

void set_transfer(sp& s, csw_session_config const& config) {
    s.set_bool(sp::rate_limit_ip_overhead, false);
    s.set_int(sp::upload_rate_limit, std::max(0, config.upload_rate_limit));
    s.set_int(sp::download_rate_limit, std::max(0, config.download_rate_limit));
    // These four bring a swarm near its floor.
    s.set_int(sp::request_queue_time, 1);
    s.set_int(sp::initial_picker_threshold, 0);
    // Whole pieces are asked for up to 8 MiB ahead a peer, whatever the request
    // queue's limit says: only with an arena that takes that from a few peers.
    bool const roomy = config.arena_bytes >= (64U << 20);
    s.set_int(sp::whole_pieces_threshold, roomy ? 2 : 0);
    s.set_bool(sp::prioritize_partial_pieces, !roomy);
    s.set_int(sp::send_buffer_watermark, 512 * 1024);
    s.set_int(sp::send_buffer_low_watermark, 64 * 1024);
    // A fraction of the peer's rate: slow links keep a short queue, so that a
    // peer is not sent blocks that it asked for long ago.
    s.set_int(sp::send_buffer_watermark_factor, 50);
    // Requests on their way when the arena freezes may still begin pieces, so they
    // must be few beside it. But libtorrent replaces its own limit by what the
    // peer says that it allows (BEP 10's "reqq"), so the limit that counts is the
    // one that the whole swarm announces: 8 MiB a peer, 7 ms at 10 Gbit/s.
    constexpr int depth = 512;
    std::uint64_t const arena_blocks = config.arena_bytes / block_bytes;
    s.set_int(sp::max_out_request_queue, static_cast<int>(std::clamp<std::uint64_t>(arena_blocks / 8, 16, depth)));
    s.set_int(sp::max_allowed_in_request_queue, depth);
    s.set_int(sp::max_peer_recv_buffer_size, 2 * 1024 * 1024);
    s.set_int(sp::suggest_mode, sp::suggest_read_cache);
    s.set_bool(sp::strict_end_game_mode, true);
    s.set_bool(sp::disable_hash_checks, false);
    s.set_bool(sp::auto_sequential, false);
}

void set_torrents(sp& s) {
    for (int const name : {sp::active_downloads, sp::active_seeds, sp::active_checking, sp::active_limit,
                           sp::active_tracker_limit})
        s.set_int(name, -1);
    // Never stop seeding.
    constexpr int forever = 0x7fffffff / 1000;
    s.set_int(sp::seed_time_limit, forever);
    s.set_int(sp::share_ratio_limit, forever);
    s.set_int(sp::seed_time_ratio_limit, forever);
    s.set_int(sp::max_piece_count, 1 << 21);
}

}  // namespace

lt::settings_pack make_settings(csw_session_config const& config) {
    if (config.listen == nullptr) throw std::invalid_argument("no address to listen on");
    std::string const listen = config.listen;
    check_listen(listen);
    sp s;
    s.set_str(sp::listen_interfaces, listen);
    s.set_str(sp::outgoing_interfaces, own_addresses(listen));
    s.set_str(sp::user_agent, config.user_agent != nullptr ? config.user_agent : "diecast");
    s.set_str(sp::peer_fingerprint, lt::generate_fingerprint("DC", 1, 0, 0, 0));
    s.set_int(sp::alert_mask, static_cast<int>(static_cast<std::uint32_t>(
                                  lt::alert_category::error | lt::alert_category::status |
                                  lt::alert_category::tracker | lt::alert_category::peer)));
    s.set_int(sp::alert_queue_size, 20000);
    set_discovery(s, config);
    set_connections(s, config);
    set_transfer(s, config);
    set_torrents(s);
    return s;
}

lt::ip_filter one_class_for_all() {
    // By default libtorrent exempts private and loopback addresses from rate
    // limits and unchoke slots, that is, every peer that we ever have.
    lt::ip_filter filter;
    auto const global = 1U << static_cast<std::uint32_t>(lt::session::global_peer_class_id);
    filter.add_rule(lt::make_address("0.0.0.0"), lt::make_address("255.255.255.255"), global);
    filter.add_rule(lt::make_address("::"), lt::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), global);
    return filter;
}

}  // namespace cswarm

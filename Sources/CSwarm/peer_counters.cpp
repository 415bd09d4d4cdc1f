// SPDX-License-Identifier: GPL-3.0-or-later
#include "peer_counters.hpp"

#include <algorithm>

#include <libtorrent/error_code.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/peer_request.hpp>

#include "piece_disk_io.hpp"

namespace cswarm {

namespace lt = libtorrent;

PeerCounters::Entry& PeerCounters::entry(std::string const& address) {
    auto const found = entries_.find(address);
    if (found != entries_.end()) return found->second;
    return entries_[entries_.size() < limit ? address : "other"];
}

void PeerCounters::connected(std::string const& address, std::uint16_t port) {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& e = entry(address);
    ++e.connections;
    e.port = port;
}

void PeerCounters::disconnected(std::string const& address) {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& e = entry(address);
    if (e.connections > 0) --e.connections;
}

void PeerCounters::add(std::string const& address, std::uint64_t downloaded, std::uint64_t uploaded) {
    std::lock_guard<std::mutex> lock(mutex_);
    Entry& e = entry(address);
    e.downloaded += downloaded;
    e.uploaded += uploaded;
    downloaded_ += downloaded;
    uploaded_ += uploaded;
}

std::vector<std::string> PeerCounters::judge(std::vector<std::string> const& sources, bool right) {
    // Gentler than libtorrent, which bans a lone sender at once: one flipped bit
    // must not cost a node its only server.
    constexpr int most_trust = 8;
    constexpr int least_trust = -7;
    constexpr std::chrono::minutes ban{1};
    std::vector<std::string> banned;
    std::lock_guard<std::mutex> lock(mutex_);
    for (std::string const& source : sources) {
        Entry& e = entry(source);
        e.trust = right ? std::min(e.trust + 1, most_trust) : e.trust - (sources.size() == 1 ? 4 : 2);
        if (e.trust > least_trust) continue;
        e.trust = 0;
        e.banned_until = std::chrono::steady_clock::now() + ban;
        banned.push_back(source);
    }
    return banned;
}

bool PeerCounters::banned(std::string const& address) const {
    std::lock_guard<std::mutex> lock(mutex_);
    auto const found = entries_.find(address);
    return found != entries_.end() && std::chrono::steady_clock::now() < found->second.banned_until;
}

std::uint64_t PeerCounters::downloaded() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return downloaded_;
}

std::uint64_t PeerCounters::uploaded() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return uploaded_;
}

std::size_t PeerCounters::copy(csw_peer* out, std::size_t capacity) const {
    std::lock_guard<std::mutex> lock(mutex_);
    std::size_t at = 0;
    for (auto const& [address, e] : entries_) {
        if (at >= capacity) break;
        csw_peer& peer = out[at++];
        peer = csw_peer{};
        address.copy(peer.address, sizeof peer.address - 1);
        peer.port = e.port;
        peer.connected = e.connections > 0;
        peer.downloaded = e.downloaded;
        peer.uploaded = e.uploaded;
    }
    return entries_.size();
}

namespace {

class PeerPlugin final : public lt::peer_plugin {
public:
    PeerPlugin(std::shared_ptr<Shared> shared, std::shared_ptr<PeerCounters> counters,
               lt::peer_connection_handle const& peer)
        : shared_(std::move(shared)), counters_(std::move(counters)), peer_(peer) {
        lt::tcp::endpoint const remote = peer.remote();
        port_ = remote.port();
        lt::address const ip = remote.address();
        // A dual-stack listener sees IPv4 peers as ::ffff:a.b.c.d: one machine, one entry.
        address_ = ip.is_v6() && ip.to_v6().is_v4_mapped()
                       ? boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, ip.to_v6()).to_string()
                       : ip.to_string();
    }
    ~PeerPlugin() override { leave(); }
    PeerPlugin(PeerPlugin const&) = delete;
    PeerPlugin& operator=(PeerPlugin const&) = delete;

    // An attempt to connect is not a peer yet.
    bool on_handshake(lt::span<char const>) override {
        if (!std::exchange(joined_, true)) counters_->connected(address_, port_);
        return true;
    }
    void on_disconnect(lt::error_code const&) override { leave(); }
    bool on_piece(lt::peer_request const& request, lt::span<char const>) override {
        if (request.length > 0) counters_->add(address_, static_cast<std::uint64_t>(request.length), 0);
        // The block is written next, on this thread.
        if (PieceDiskIO* const disk = shared_->disk) disk->set_source(address_);
        return false;
    }
    void tick() override {
        if (counters_->banned(address_)) peer_.disconnect(lt::errors::peer_banned, lt::operation_t::bittorrent);
    }
    void sent_payload(int bytes) override {
        if (bytes > 0) counters_->add(address_, 0, static_cast<std::uint64_t>(bytes));
    }

private:
    void leave() {
        if (std::exchange(joined_, false)) counters_->disconnected(address_);
    }

    std::shared_ptr<Shared> shared_;
    std::shared_ptr<PeerCounters> counters_;
    lt::peer_connection_handle peer_;
    std::string address_;
    std::uint16_t port_ = 0;
    bool joined_ = false;
};

class TorrentPlugin final : public lt::torrent_plugin {
public:
    TorrentPlugin(std::shared_ptr<Shared> shared, std::shared_ptr<PeerCounters> counters)
        : shared_(std::move(shared)), counters_(std::move(counters)) {}

    std::shared_ptr<lt::peer_plugin> new_connection(lt::peer_connection_handle const& peer) override {
        return std::make_shared<PeerPlugin>(shared_, counters_, peer);
    }
    void tick() override {
        if (PieceDiskIO* const disk = shared_->disk) disk->tick();
    }

private:
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<PeerCounters> counters_;
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_torrent_plugin(std::shared_ptr<Shared> shared,
                                                        std::shared_ptr<PeerCounters> counters) {
    return std::make_shared<TorrentPlugin>(std::move(shared), std::move(counters));
}

}  // namespace cswarm

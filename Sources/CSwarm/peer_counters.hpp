// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <libtorrent/address.hpp>
#include <libtorrent/extensions.hpp>

#include "CSwarm.h"

namespace cswarm {

struct Shared;
struct Storage;

/// Payload by address for one torrent, kept after a peer disconnects.
class PeerCounters {
public:
    struct Entry {
        std::uint64_t downloaded = 0;
        std::uint64_t uploaded = 0;
        int connections = 0;
        std::uint16_t port = 0;
        int trust = 0;
        std::chrono::steady_clock::time_point banned_until{};
    };

    void connected(std::string const& address, std::uint16_t port);
    void disconnected(std::string const& address);
    void add(std::string const& address, std::uint64_t downloaded, std::uint64_t uploaded);

    /// A piece from these addresses was right or wrong; returns whom it got banned.
    std::vector<std::string> judge(std::vector<std::string> const& sources, bool right);
    bool banned(std::string const& address) const;

    std::uint64_t downloaded() const;
    std::uint64_t uploaded() const;
    /// Copies at most `capacity`; returns how many there are.
    std::size_t copy(csw_peer* out, std::size_t capacity) const;

private:
    /// Who connects from ever new addresses must not cost memory: beyond this
    /// many they are counted together, as "other".
    static constexpr std::size_t limit = 4096;
    Entry& entry(std::string const& address);

    mutable std::mutex mutex_;
    std::map<std::string, Entry> entries_;
    std::uint64_t downloaded_ = 0;
    std::uint64_t uploaded_ = 0;
};

/// Watches one torrent from inside libtorrent: counts payload, gives the disk
/// side its torrent handle before the first block, and its ticks.
std::shared_ptr<libtorrent::torrent_plugin> make_torrent_plugin(std::shared_ptr<Shared> shared,
                                                                std::shared_ptr<PeerCounters> counters);

}  // namespace cswarm

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <libtorrent/sha1_hash.hpp>
#include <libtorrent/torrent_info.hpp>

#include "merkle.hpp"

namespace cswarm {

/// What a piece's bytes hash to.
struct PieceHashes {
    std::vector<Hash256> blocks;   // when the torrent has v2
    libtorrent::sha1_hash v1;      // when the torrent has v1 and it was asked for
};

/// How long each piece is and what it must hash to: all that the disk side
/// needs of a torrent, copied so that no libtorrent object is read from a
/// worker thread. Immutable.
class PieceTable {
public:
    /// Throws std::invalid_argument when hashes are missing or contradict each other.
    explicit PieceTable(libtorrent::torrent_info const& info);

    std::int32_t count() const { return static_cast<std::int32_t>(pieces_.size()); }
    bool has(std::int32_t piece) const { return piece >= 0 && piece < count(); }
    bool v1() const { return v1_; }
    bool v2() const { return v2_; }
    /// Bytes that the store keeps: without pad files in v2 and hybrid torrents.
    std::size_t size(std::int32_t piece) const { return at(piece).size; }
    /// Bytes that peers may ask for: with pad files.
    std::size_t padded_size(std::int32_t piece) const { return at(piece).padded; }
    /// Blocks of pad files are never received in a v1 torrent and count as zeros.
    bool blocks_may_be_missing() const { return v1_pads_; }

    PieceHashes hash(std::int32_t piece, std::uint8_t const* bytes, bool with_v1) const;
    /// `with_v1` as it was given to `hash`.
    bool matches(std::int32_t piece, PieceHashes const& hashes, bool with_v1) const;

private:
    struct Entry {
        std::uint32_t size = 0;
        std::uint32_t padded = 0;
        std::uint32_t leaves = 0;
        Hash256 root;
        libtorrent::sha1_hash sha1;
    };
    Entry const& at(std::int32_t piece) const { return pieces_[static_cast<std::size_t>(piece)]; }
    void take_roots(libtorrent::torrent_info const& info);

    std::vector<Entry> pieces_;
    bool v1_ = false;
    bool v2_ = false;
    bool v1_pads_ = false;
};

}  // namespace cswarm

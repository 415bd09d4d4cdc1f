// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <libtorrent/error_code.hpp>
#include <libtorrent/units.hpp>

#include "buffers.hpp"

namespace cswarm {

/// Torrent and piece in one number. Torrent ids are never reused.
using PieceKey = std::uint64_t;

inline PieceKey piece_key(std::int32_t torrent, std::int32_t piece) {
    return static_cast<PieceKey>(static_cast<std::uint32_t>(torrent)) << 32 | static_cast<std::uint32_t>(piece);
}
inline std::int32_t torrent_of(PieceKey key) { return static_cast<std::int32_t>(key >> 32); }
inline std::int32_t piece_of(PieceKey key) { return static_cast<std::int32_t>(key & 0xffffffffU); }

/// A piece that is being received, or received and not yet verified.
struct PartialPiece {
    std::shared_ptr<Buffer> buffer;
    std::vector<bool> received;
    /// A worker hashes or writes it: its bytes must not change.
    bool busy = false;
    /// It hashed wrong, and libtorrent has not cleared it yet.
    bool rejected = false;
    /// Answered once it is no longer busy (async_clear_piece).
    std::vector<std::function<void(libtorrent::piece_index_t)>> clears;
    /// libtorrent's unanswered writes (see PieceDiskIO::verify).
    std::vector<std::function<void(libtorrent::storage_error const&)>> writes;
    /// The addresses that sent it.
    std::vector<std::string> sources;
};

/// All partial pieces of a session. A piece counts with its whole buffer from
/// its first block on, so a begun piece can always be completed within what
/// has been accounted for.
class Arena {
public:
    std::shared_ptr<PartialPiece> find(PieceKey key) const {
        auto const i = pieces_.find(key);
        return i == pieces_.end() ? nullptr : i->second;
    }
    bool contains(PieceKey key) const { return pieces_.count(key) != 0; }

    void insert(PieceKey key, std::shared_ptr<PartialPiece> piece) {
        bytes_ += piece->buffer->capacity;
        pieces_.emplace(key, std::move(piece));
    }

    void erase(PieceKey key) {
        auto const i = pieces_.find(key);
        if (i == pieces_.end()) return;
        bytes_ -= i->second->buffer->capacity;
        pieces_.erase(i);
    }

    template <typename Visit>
    void for_each(Visit visit) {
        for (auto& [key, piece] : pieces_) visit(key, *piece);
    }

    /// Drops a torrent's pieces, except those that a worker is busy with.
    void erase_torrent(std::int32_t torrent) {
        for (auto i = pieces_.begin(); i != pieces_.end();) {
            if (torrent_of(i->first) != torrent || i->second->busy) {
                ++i;
                continue;
            }
            bytes_ -= i->second->buffer->capacity;
            i = pieces_.erase(i);
        }
    }

    std::uint64_t bytes() const { return bytes_; }

private:
    std::unordered_map<PieceKey, std::shared_ptr<PartialPiece>> pieces_;
    std::uint64_t bytes_ = 0;
};

}  // namespace cswarm

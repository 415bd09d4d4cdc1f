// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "arena.hpp"
#include "piece_table.hpp"

namespace cswarm {

/// A whole piece. Its bytes never change, so several peers are sent from the
/// same memory; past the end, up to a whole block, they are zero.
struct Piece {
    PieceKey key = 0;
    std::size_t size = 0;
    std::shared_ptr<Buffer> buffer;
    PieceHashes hashes;
    bool verified = false;
};

/// Verified pieces, the least recently used dropped first. Holds at least one
/// piece, or a miss would be a store read for each block.
class PieceCache {
public:
    explicit PieceCache(std::uint64_t limit) : limit_(limit) {}

    std::shared_ptr<Piece const> find(PieceKey key) {
        auto const i = index_.find(key);
        if (i == index_.end()) return nullptr;
        order_.splice(order_.begin(), order_, i->second);
        return *i->second;
    }

    void insert(std::shared_ptr<Piece const> piece) {
        if (index_.count(piece->key) != 0) return;
        bytes_ += piece->buffer->capacity;
        order_.push_front(std::move(piece));
        index_.emplace(order_.front()->key, order_.begin());
        while (bytes_ > limit_ && order_.size() > 1) erase(std::prev(order_.end()));
    }

    void erase_torrent(std::int32_t torrent) {
        for (auto i = order_.begin(); i != order_.end();) {
            auto const next = std::next(i);
            if (torrent_of((*i)->key) == torrent) erase(i);
            i = next;
        }
    }

    std::uint64_t bytes() const { return bytes_; }

private:
    using Order = std::list<std::shared_ptr<Piece const>>;

    void erase(Order::iterator i) {
        bytes_ -= (*i)->buffer->capacity;
        index_.erase((*i)->key);
        order_.erase(i);
    }

    std::uint64_t const limit_;
    std::uint64_t bytes_ = 0;
    Order order_;
    std::unordered_map<PieceKey, Order::iterator> index_;
};

}  // namespace cswarm

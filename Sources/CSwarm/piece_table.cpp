// SPDX-License-Identifier: GPL-3.0-or-later
#include "piece_table.hpp"

#include <stdexcept>

#include "buffers.hpp"

namespace cswarm {

namespace lt = libtorrent;

PieceTable::PieceTable(lt::torrent_info const& info)
    : v1_(info.info_hashes().has_v1()), v2_(info.info_hashes().has_v2()) {
    lt::file_storage const& files = info.orig_files();
    pieces_.resize(static_cast<std::size_t>(info.num_pieces()));
    for (lt::piece_index_t p{0}; p < info.end_piece(); ++p) {
        Entry& entry = pieces_[static_cast<std::size_t>(static_cast<int>(p))];
        entry.padded = static_cast<std::uint32_t>(files.piece_size(p));
        entry.size = v2_ ? static_cast<std::uint32_t>(files.piece_size2(p)) : entry.padded;
        if (entry.size == 0 || entry.size > entry.padded) throw std::invalid_argument("a piece has no bytes");
        if (v1_) entry.sha1 = info.hash_for_piece(p);
    }
    for (lt::file_index_t f{0}; f < files.end_file(); ++f) {
        if (files.pad_file_at(f) && !v2_) v1_pads_ = true;
    }
    if (v2_) take_roots(info);
}

void PieceTable::take_roots(lt::torrent_info const& info) {
    lt::file_storage const& files = info.orig_files();
    auto const per_piece = static_cast<std::size_t>(files.piece_length()) / block_bytes;
    if (per_piece == 0) throw std::invalid_argument("the piece length is less than 16 KiB");
    Hash256 const zero_piece = zero_root(per_piece);
    std::vector<bool> known(pieces_.size(), false);

    for (lt::file_index_t f{0}; f < files.end_file(); ++f) {
        if (files.pad_file_at(f) || files.file_size(f) == 0) continue;
        auto const first = static_cast<std::size_t>(files.file_offset(f) / files.piece_length());
        auto const count = static_cast<std::size_t>((files.file_size(f) + files.piece_length() - 1) / files.piece_length());
        if (files.file_offset(f) % files.piece_length() != 0 || first + count > pieces_.size())
            throw std::invalid_argument("a file does not begin at a piece");
        if (count == 1) {
            Entry& entry = pieces_[first];
            entry.root = files.root(f);
            entry.leaves = static_cast<std::uint32_t>(next_power_of_two((entry.size + block_bytes - 1) / block_bytes));
            known[first] = true;
            continue;
        }
        lt::span<char const> const layer = info.piece_layer(f);
        if (static_cast<std::size_t>(layer.size()) != count * Hash256::size())
            throw std::invalid_argument("a file's piece layer is missing");
        std::vector<Hash256> nodes;
        nodes.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            nodes.emplace_back(layer.data() + i * Hash256::size());
            Entry& entry = pieces_[first + i];
            entry.root = nodes.back();
            entry.leaves = static_cast<std::uint32_t>(per_piece);
            known[first + i] = true;
        }
        if (merkle_root(std::move(nodes), next_power_of_two(count), zero_piece) != files.root(f))
            throw std::invalid_argument("a file's piece layer does not match its root");
    }
    for (bool const k : known) {
        if (!k) throw std::invalid_argument("a piece has no hash");
    }
}

PieceHashes PieceTable::hash(std::int32_t piece, std::uint8_t const* bytes, bool with_v1) const {
    Entry const& entry = at(piece);
    PieceHashes hashes;
    if (v2_) hashes.blocks = block_hashes(bytes, entry.size);
    if (v1_ && with_v1) hashes.v1 = sha1_padded(bytes, entry.size, entry.padded - entry.size);
    return hashes;
}

bool PieceTable::matches(std::int32_t piece, PieceHashes const& hashes, bool with_v1) const {
    Entry const& entry = at(piece);
    if (v2_ && merkle_root(hashes.blocks, entry.leaves, Hash256{}) != entry.root) return false;
    if (v1_ && with_v1 && hashes.v1 != entry.sha1) return false;
    // Neither kind checked is not a match.
    return v2_ || (v1_ && with_v1);
}

}  // namespace cswarm

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <libtorrent/sha1_hash.hpp>

namespace cswarm {

using Hash256 = libtorrent::sha256_hash;

/// SHA-256 of every 16 KiB block; the last may be short.
std::vector<Hash256> block_hashes(std::uint8_t const* bytes, std::size_t length);

/// The root over `nodes`, padded with `pad` to `width`, a power of two.
Hash256 merkle_root(std::vector<Hash256> nodes, std::size_t width, Hash256 pad);

/// The root of a whole tree of `leaves` zero hashes (a power of two).
Hash256 zero_root(std::size_t leaves);

std::size_t next_power_of_two(std::size_t n);

/// SHA-1 of `length` bytes followed by `zeros` zero bytes (a hybrid torrent's padding).
libtorrent::sha1_hash sha1_padded(std::uint8_t const* bytes, std::size_t length, std::size_t zeros);

}  // namespace cswarm

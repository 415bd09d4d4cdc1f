// SPDX-License-Identifier: GPL-3.0-or-later
#include "merkle.hpp"

#include <algorithm>

#include <libtorrent/hasher.hpp>

#include "buffers.hpp"

namespace cswarm {

namespace lt = libtorrent;

namespace {
char const* chars(std::uint8_t const* p) { return reinterpret_cast<char const*>(p); }
}  // namespace

std::vector<Hash256> block_hashes(std::uint8_t const* bytes, std::size_t length) {
    std::vector<Hash256> hashes;
    hashes.reserve((length + block_bytes - 1) / block_bytes);
    for (std::size_t at = 0; at < length; at += block_bytes) {
        auto const n = static_cast<std::ptrdiff_t>(std::min(block_bytes, length - at));
        hashes.push_back(lt::hasher256(lt::span<char const>(chars(bytes + at), n)).final());
    }
    return hashes;
}

std::size_t next_power_of_two(std::size_t n) {
    std::size_t p = 1;
    while (p < n) p *= 2;
    return p;
}

Hash256 merkle_root(std::vector<Hash256> nodes, std::size_t width, Hash256 pad) {
    // The padding of a level is all one value, so only the real nodes and one
    // pad node are kept: the work does not grow with `width`.
    if (nodes.empty()) nodes.push_back(pad);
    for (; width > 1; width /= 2) {
        if (nodes.size() % 2 != 0) nodes.push_back(pad);
        for (std::size_t i = 0; i < nodes.size() / 2; ++i) {
            lt::hasher256 h;
            h.update(nodes[2 * i]);
            h.update(nodes[2 * i + 1]);
            nodes[i] = h.final();
        }
        nodes.resize(nodes.size() / 2);
        lt::hasher256 h;
        h.update(pad);
        h.update(pad);
        pad = h.final();
    }
    return nodes[0];
}

Hash256 zero_root(std::size_t leaves) { return merkle_root({}, leaves, Hash256{}); }

lt::sha1_hash sha1_padded(std::uint8_t const* bytes, std::size_t length, std::size_t zeros) {
    static std::uint8_t const zero[4096] = {};
    lt::hasher h;
    if (length > 0) h.update(lt::span<char const>(chars(bytes), static_cast<std::ptrdiff_t>(length)));
    while (zeros > 0) {
        std::size_t const n = std::min(zeros, sizeof zero);
        h.update(lt::span<char const>(chars(zero), static_cast<std::ptrdiff_t>(n)));
        zeros -= n;
    }
    return h.final();
}

}  // namespace cswarm

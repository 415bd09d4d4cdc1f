// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace cswarm {

/// BitTorrent's request unit, and the leaf of a BEP 52 tree.
constexpr std::size_t block_bytes = 0x4000;

inline std::size_t round_to_blocks(std::size_t n) { return (n + block_bytes - 1) / block_bytes * block_bytes; }

/// Memory for one whole piece. Blocks are received at their place in it, it is
/// hashed and written from there, and then served from there: no byte of a
/// piece is copied twice.
struct Buffer {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t capacity = 0;
};

/// Keeps a few freed buffers. Fresh pages from the kernel cost a fault for
/// every 4 KiB, which at 10 Gbit/s is a good part of a core.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
public:
    explicit BufferPool(std::size_t spare_bytes) : spare_limit_(spare_bytes) {}

    /// At least `bytes`, rounded up to whole blocks. Contents are undefined.
    std::shared_ptr<Buffer> take(std::size_t bytes);

private:
    void give_back(Buffer&& buffer) noexcept;

    std::mutex mutex_;
    std::vector<Buffer> spare_;
    std::size_t spare_bytes_ = 0;
    std::size_t const spare_limit_;
};

}  // namespace cswarm

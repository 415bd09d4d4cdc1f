// SPDX-License-Identifier: GPL-3.0-or-later
#include "buffers.hpp"

#include <algorithm>

namespace cswarm {

namespace {
/// Compressed chunks have all sizes; classes make one chunk's buffer fit the next.
constexpr std::size_t size_class = 256 * 1024;

std::size_t capacity_for(std::size_t bytes) {
    if (bytes <= size_class) return round_to_blocks(std::max<std::size_t>(bytes, 1));
    return (bytes + size_class - 1) / size_class * size_class;
}
}  // namespace

std::shared_ptr<Buffer> BufferPool::take(std::size_t bytes) {
    std::size_t const capacity = capacity_for(bytes);
    Buffer buffer;
    {
        std::lock_guard<std::mutex> lock(mutex_);
        auto const found = std::find_if(spare_.begin(), spare_.end(),
                                        [&](Buffer const& b) { return b.capacity == capacity; });
        if (found != spare_.end()) {
            buffer = std::move(*found);
            *found = std::move(spare_.back());
            spare_.pop_back();
            spare_bytes_ -= capacity;
        }
    }
    if (!buffer.bytes) {
        // Not value-initialised: untouched pages of a piece that has only just
        // begun then cost nothing.
        buffer.bytes.reset(new std::uint8_t[capacity]);
        buffer.capacity = capacity;
    }
    auto owned = std::make_unique<Buffer>(std::move(buffer));
    return std::shared_ptr<Buffer>(owned.release(), [pool = shared_from_this()](Buffer* b) {
        pool->give_back(std::move(*b));
        delete b;
    });
}

void BufferPool::give_back(Buffer&& buffer) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (buffer.capacity < size_class || spare_bytes_ + buffer.capacity > spare_limit_) return;
    try {
        spare_.push_back(std::move(buffer));
        spare_bytes_ += spare_.back().capacity;
    } catch (...) {
        // No room to remember it: the buffer is freed instead.
    }
}

}  // namespace cswarm

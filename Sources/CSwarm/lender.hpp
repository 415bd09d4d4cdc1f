// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include <libtorrent/disk_buffer_holder.hpp>

namespace cswarm {

/// Lends blocks of shared pieces to libtorrent, which gives back no more than a
/// pointer: this remembers what the pointer keeps alive. A piece that the cache
/// drops lives until its last block is sent.
class Lender final : public libtorrent::buffer_allocator_interface {
public:
    libtorrent::disk_buffer_holder lend(std::shared_ptr<void const> owner, std::uint8_t const* bytes, int length) {
        // libtorrent 2.0 and 2.1 never write to a lent buffer.
        char* const p = reinterpret_cast<char*>(const_cast<std::uint8_t*>(bytes));
        {
            std::lock_guard<std::mutex> lock(mutex_);
            Loan& loan = loans_[p];
            if (loan.count++ == 0) loan.owner = std::move(owner);
        }
        return libtorrent::disk_buffer_holder(*this, p, length);
    }

    void free_disk_buffer(char* p) override {
        std::shared_ptr<void const> owner;  // freed outside the lock
        std::lock_guard<std::mutex> lock(mutex_);
        auto const loan = loans_.find(p);
        if (loan == loans_.end() || --loan->second.count > 0) return;
        owner = std::move(loan->second.owner);
        loans_.erase(loan);
    }

private:
    struct Loan {
        std::shared_ptr<void const> owner;
        int count = 0;
    };
    std::mutex mutex_;
    std::unordered_map<char*, Loan> loans_;
};

}  // namespace cswarm

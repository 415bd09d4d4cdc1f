// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "CSwarm.h"

namespace cswarm {

/// Cuts at the buffer's end, always NUL-terminated.
inline void set_message(csw_message* message, std::string const& text) {
    if (message == nullptr) return;
    std::size_t const n = std::min(text.size(), sizeof message->text - 1);
    text.copy(message->text, n);
    message->text[n] = '\0';
}

inline csw_event make_event(csw_event_kind kind, csw_torrent_id torrent, std::int32_t code, std::int32_t piece,
                            std::string const& text) {
    csw_event event{};
    event.kind = kind;
    event.torrent = torrent;
    event.code = code;
    event.piece = piece;
    set_message(&event.message, text);
    return event;
}

/// Events from libtorrent and from the workers, on their way to the caller.
class EventQueue {
public:
    void push(csw_event const& event) {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            if (events_.size() >= limit) {
                // A caller that never asks must not cost memory: the oldest
                // that decides nothing goes first.
                auto const victim = std::find_if(events_.begin(), events_.end(), [](csw_event const& e) {
                    return e.kind != csw_event_finished && e.kind != csw_event_torrent_error;
                });
                events_.erase(victim != events_.end() ? victim : events_.begin());
            }
            events_.push_back(event);
        }
        changed_.notify_one();
    }

    /// libtorrent's network thread says that alerts wait. Must not call back into libtorrent.
    void alerts_arrived() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            alerts_waiting_ = true;
        }
        changed_.notify_one();
    }

    bool take_alerts_waiting() {
        std::lock_guard<std::mutex> lock(mutex_);
        return std::exchange(alerts_waiting_, false);
    }

    bool pop(csw_event* out) {
        std::lock_guard<std::mutex> lock(mutex_);
        if (events_.empty()) return false;
        *out = events_.front();
        events_.pop_front();
        return true;
    }

    template <typename Deadline>
    void wait_until(Deadline deadline) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_until(lock, deadline, [&] { return alerts_waiting_ || !events_.empty(); });
    }

private:
    static constexpr std::size_t limit = 4096;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<csw_event> events_;
    bool alerts_waiting_ = false;
};

}  // namespace cswarm

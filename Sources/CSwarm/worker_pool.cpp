// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker_pool.hpp"

#include <algorithm>

namespace cswarm {

WorkerPool::WorkerPool(int threads, std::function<void()> drained)
    // With several threads one is kept from loading: a store that reads slowly
    // must not hold up the pieces that wait to be written.
    : max_loading_(std::max(1, threads - 1)), running_(std::max(1, threads)), drained_(std::move(drained)) {
    int const count = running_;
    try {
        for (int i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
    } catch (...) {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            running_ -= count - static_cast<int>(threads_.size());
        }
        stop();
        join();
        throw;
    }
}

WorkerPool::~WorkerPool() {
    stop();
    join();
}

bool WorkerPool::add(std::deque<Task>& queue, Task& job) {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_) return false;
        queue.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void WorkerPool::stop() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
}

void WorkerPool::join() {
    for (std::thread& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void WorkerPool::run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        bool const may_load = !loads_.empty() && loading_ < max_loading_;
        if (verifies_.empty() && !may_load) {
            // Whoever is still loading takes the loads that are left.
            if (stopping_) break;
            wake_.wait(lock);
            continue;
        }
        bool const load = may_load && (verifies_.empty() || verifies_in_a_row_ >= 3);
        verifies_in_a_row_ = load ? 0 : verifies_in_a_row_ + 1;
        std::deque<Task>& queue = load ? loads_ : verifies_;
        {
            Task job = std::move(queue.front());
            queue.pop_front();
            loading_ += load;
            lock.unlock();
            job();
            // What the job captured is freed here, outside the lock.
        }
        lock.lock();
        loading_ -= load;
        if (load && !loads_.empty()) wake_.notify_one();
    }
    if (--running_ == 0) {
        lock.unlock();
        drained_();
    }
}

}  // namespace cswarm

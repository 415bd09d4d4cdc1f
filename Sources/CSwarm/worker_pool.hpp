// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "task.hpp"

namespace cswarm {

/// A fixed number of threads over two queues: pieces to verify and write, and
/// pieces to load for peers. Finished pieces go first, since they hold arena
/// memory, but every fourth turn is a load's, so that serving never starves.
class WorkerPool {
public:
    /// `drained` runs on the last thread to end.
    WorkerPool(int threads, std::function<void()> drained);
    ~WorkerPool();

    /// False once stopping: the job was not taken and is still the caller's.
    bool verify(Task& job) { return add(verifies_, job); }
    bool load(Task& job) { return add(loads_, job); }

    /// Queued jobs still run (they ask whether the session is closing). Does not wait.
    void stop();
    /// Waits for the threads; stop() first. From one thread only.
    void join();

private:
    bool add(std::deque<Task>& queue, Task& job);
    void run();

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> verifies_;
    std::deque<Task> loads_;
    int verifies_in_a_row_ = 0;
    int loading_ = 0;
    int max_loading_;
    int running_;
    bool stopping_ = false;
    std::function<void()> drained_;
    std::vector<std::thread> threads_;
};

}  // namespace cswarm

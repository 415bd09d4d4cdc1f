// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <utility>

namespace cswarm {

/// A callable that is run once and only ever moved. std::function will not do:
/// it needs copyable captures, disk_buffer_holder is move-only, and a copied
/// hash handler would own other memory than the span that it came with.
class Task {
public:
    Task() = default;

    template <typename Callable>
    Task(Callable callable)  // NOLINT: meant to convert
        : body_(std::make_unique<Body<Callable>>(std::move(callable))) {}

    void operator()() { body_->run(); }

private:
    struct Base {
        virtual ~Base() = default;
        virtual void run() = 0;
    };
    template <typename Callable>
    struct Body final : Base {
        explicit Body(Callable&& c) : callable(std::move(c)) {}
        void run() override { callable(); }
        Callable callable;
    };
    std::unique_ptr<Base> body_;
};

}  // namespace cswarm

#include "rt/posix/ordered_worker.hpp"

#include "base/check.hpp"

namespace archy::rt {

OrderedWorker::OrderedWorker(std::size_t queue_limit) : queue_limit_(queue_limit) {
  CHECK(queue_limit > 0);
  thread_ = std::thread([this] { run(); });
}

OrderedWorker::~OrderedWorker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void OrderedWorker::submit(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < queue_limit_; });
  queue_.push_back(std::move(job));
  ++submitted_;
  lock.unlock();
  changed_.notify_all();
}

void OrderedWorker::wait_for(std::uint64_t count) {
  CHECK(count <= submitted_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, count] { return done_ >= count; });
}

void OrderedWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    lock.lock();
    ++done_;
    changed_.notify_all();
  }
}

}  // namespace archy::rt

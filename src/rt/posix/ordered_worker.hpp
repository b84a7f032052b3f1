// One helper thread that runs jobs in the order given, with a bounded queue: for pure computing
// beside a scan.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace archy::rt {

// Thread: submit and wait_for from one thread. Jobs touch nothing but what they were given.
// Lifetime: the destructor runs what is queued, then joins.
class OrderedWorker {
 public:
  explicit OrderedWorker(std::size_t queue_limit);
  ~OrderedWorker();
  OrderedWorker(const OrderedWorker&) = delete;
  OrderedWorker& operator=(const OrderedWorker&) = delete;

  // Waits while the queue is full.
  void submit(std::function<void()> job);
  // Until the first `count` jobs ever submitted have run. Requires: count <= submitted().
  void wait_for(std::uint64_t count);
  std::uint64_t submitted() const { return submitted_; }

 private:
  void run();

  const std::size_t queue_limit_;
  std::uint64_t submitted_ = 0;  // the submitting thread's own
  std::mutex mutex_;             // guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::uint64_t done_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace archy::rt

// Bit rot that a reader has met: the blob's bad groups become missing, so that nobody is promised
// what is not there, and the next fetch brings them again.
//
// Thread: the loop; the pass over the blob runs on a thread of its own. Lifetime: the store
// outlives it; the destructor breaks a pass off and waits for it.
#pragma once

#include <memory>
#include <stop_token>
#include <unordered_set>

#include "base/fixed_bytes.hpp"
#include "rt/env.hpp"
#include "rt/posix/ordered_worker.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

class Mender {
 public:
  Mender(rt::Executor executor, store::BlobStore& store);
  ~Mender() { stop_.request_stop(); }
  Mender(const Mender&) = delete;

  // Returns at once. What is being looked at already is not looked at twice; when kMostWaiting
  // wait, another is let go: its next reader meets the same damage.
  void damage_found(const Blake3Hash& hash);

 private:
  static constexpr std::size_t kMostWaiting = 16;
  using Waiting = std::unordered_set<Blake3Hash>;

  rt::Executor executor_;
  store::BlobStore& store_;
  std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  std::stop_source stop_;
  rt::OrderedWorker worker_{kMostWaiting};
};

}  // namespace archy::app

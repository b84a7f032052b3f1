// The blobs that are being fetched, or are going to be, for those who read them meanwhile.
#pragma once

#include <memory>
#include <unordered_map>

#include "fetch/arrival.hpp"

namespace archy::app {

// Thread: the loop. Lifetime: outlives nothing it hands out; an arrival is kept by its fetch and
// its readers.
class Arrivals {
 public:
  explicit Arrivals(rt::Executor executor) : executor_(std::move(executor)) {}

  // For a fetch of `hash` that begins, or will: the one that readers wait on already, if no other
  // fetch has it.
  std::shared_ptr<fetch::Arrival> expect(const Blake3Hash& hash);
  // None: nobody is going to fetch it.
  std::shared_ptr<fetch::Arrival> find(const Blake3Hash& hash) const;

 private:
  rt::Executor executor_;
  std::unordered_map<Blake3Hash, std::weak_ptr<fetch::Arrival>> arrivals_;
};

}  // namespace archy::app

// Brings one blob into the store, from whoever has it, from many at once; believes nobody. Decides
// with scheduler.hpp, does with Source.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "fetch/arrival.hpp"
#include "fetch/report.hpp"
#include "fetch/scheduler.hpp"
#include "fetch/source.hpp"
#include "rt/env.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

struct FetchOptions {
  // A question that brings nothing for so long is broken off.
  rt::Duration no_progress_limit = std::chrono::seconds(5);
  // The same for a peer that is asked for inner hashes only.
  rt::Duration skeleton_limit = std::chrono::seconds(1);
  SchedulerOptions scheduler;
  // Called about every 100 ms while sources work, and after each answer. Must not block.
  std::function<void(const FetchReport&)> on_progress;
  // Readers of the blob while it arrives: what they wait for comes first, and so much behind it.
  std::shared_ptr<Arrival> arrival;
  std::uint64_t read_ahead_bytes = 8u << 20;
  std::stop_token stop;
};

// Never fails by exception or error value: whatever happened is in the report. What was verified
// stays in the store's partial blob, so that the next call goes on there.
// Invariants: (1) report.ok() means that the store holds the complete blob; (2) with an honest,
// reachable origin every fetch ends ok, whatever the peers do, and no later than the origin alone
// would x 1.05 + 0.5 s (scheduler.hpp).
// Lifetime: store and what env refers to outlive the coroutine.
boost::asio::awaitable<FetchReport> fetch_content_addressed(
    rt::Env env, store::BlobStore& store, Blake3Hash hash,
    std::vector<std::shared_ptr<Source>> peers, std::vector<std::shared_ptr<Source>> origins,
    FetchOptions options);

}  // namespace archy::fetch

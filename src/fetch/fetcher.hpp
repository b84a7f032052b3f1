// Brings one blob into the store, from whoever has it: peers first, the origin behind them. Decides
// with plan.hpp, does with Source; believes nobody.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "fetch/plan.hpp"
#include "fetch/report.hpp"
#include "fetch/source.hpp"
#include "rt/env.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

struct FetchOptions {
  // A source that brings nothing for so long is left for now.
  rt::Duration no_progress_limit = std::chrono::seconds(5);
  // The same for a peer that is asked for inner hashes only.
  rt::Duration skeleton_limit = std::chrono::seconds(1);
  PlanLimits limits;
  BackOff back_off;
  // Called about every 100 ms while a source works, and after each attempt. Must not block.
  std::function<void(const FetchReport&)> on_progress;
  std::stop_token stop;
};

// Never fails by exception or error value: whatever happened is in the report. What was verified
// stays in the store's partial blob, so that the next call goes on there.
// Invariants: (1) report.ok() means that the store holds the complete blob; (2) with an honest,
// reachable origin every fetch ends ok, whatever the peers do.
// Lifetime: store and what env refers to outlive the coroutine.
boost::asio::awaitable<FetchReport> fetch_content_addressed(
    rt::Env env, store::BlobStore& store, Blake3Hash hash,
    std::vector<std::shared_ptr<Source>> peers, std::vector<std::shared_ptr<Source>> origins,
    FetchOptions options);

}  // namespace archy::fetch

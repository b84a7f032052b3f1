// Holds nodes and fetches to the invariants of scenario.hpp. A judge reads and notes violations; it
// changes nothing but what judge_collection says.
#pragma once

#include <span>
#include <string_view>

#include "fetch/fetcher.hpp"
#include "sim/stage.hpp"

namespace archy::sim {

// Every claim of a node's store, every way out of it, and its own verify. `when` is for people.
// Requires: the node is up.
void judge_store(Stage& stage, std::size_t index, std::string_view when);

// The end of one fetch: who was called what, how long it took, what it left in the store. Notes the
// blob as acknowledged when the fetch ended well. `lies_before`: Stage::lies() when it began.
void judge_report(Stage& stage, const PlannedFetch& fetch, const fetch::FetchReport& report,
                  rt::Instant started, std::span<const std::uint64_t> lies_before);

// What is pinned outlives a collection of garbage; what was removed is gone. Removes one
// acknowledged blob, so it comes last. Requires: the node is up.
void judge_collection(Stage& stage, std::size_t index);

}  // namespace archy::sim

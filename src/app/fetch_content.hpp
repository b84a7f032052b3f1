// Everything a target names into the store: a blob, or a sequence and then its children, some at
// once.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

#include "app/arrivals.hpp"
#include "app/core.hpp"
#include "app/peer_door.hpp"
#include "app/target.hpp"
#include "fetch/report.hpp"
#include "fetch/s3_access.hpp"

namespace archy::app {

struct FetchContentOptions {
  std::vector<fetch::PeerAddress> peers;  // asked in this order
  std::vector<std::string> origins;       // URLs of the blob itself; not for sequences
  fetch::S3Access s3 = {};                // of those that are s3://
  // Ends the fetch; none: the process's own interruption does.
  std::optional<std::stop_token> stop = std::nullopt;
  // To dial through; none: one is opened for this fetch and closed after it. Outlives the fetch.
  PeerDoor* door = nullptr;
  // Who pays where peers ask for money. By default nobody.
  Payer payer = {};
  bool allow_private = true;  // origins may be on the operator's own network
  // Where those who read the blobs meanwhile find them. None: nobody does. Outlives the fetch.
  Arrivals* arrivals = nullptr;
};

// Thread: the loop. Called while bytes arrive: all of the content's bytes held, all of them (0: not
// known yet), and what came by source so far.
struct FetchProgress {
  std::uint64_t held_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t from_peers_bytes = 0;
  std::uint64_t from_origin_bytes = 0;
  std::vector<fetch::SourceReport> sources;  // added up so far
};
using FetchProgressFn = std::function<void(const FetchProgress&)>;

struct ContentReport {
  std::optional<Error> error;    // none: all of it is complete and verified in the store
  std::uint64_t size_bytes = 0;  // of the blob, or of all blobs of the sequence
  std::uint64_t blobs = 0;
  std::unordered_set<Blake3Hash> fetched;  // those that were not complete before
  std::uint64_t resumed_bytes = 0;         // held before
  std::uint64_t from_peers_bytes = 0;
  std::uint64_t from_origin_bytes = 0;
  std::vector<fetch::SourceReport> sources;  // added up over all blobs
};

// Errors are in the report. A source that lied about one blob is not asked for the next.
boost::asio::awaitable<ContentReport> fetch_content(Core& core, store::HashAndFormat content,
                                                    FetchContentOptions options,
                                                    FetchProgressFn progress);

}  // namespace archy::app

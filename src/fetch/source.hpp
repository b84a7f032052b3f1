// One place bytes can come from. A source verifies everything before the partial blob sees it; it
// never decides anything. Implementations: origin_source (here), swarm/peer_source, later
// paid/paid_source.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "bao/chunk_ranges.hpp"
#include "base/fixed_bytes.hpp"
#include "fetch/source_kind.hpp"
#include "rt/clock.hpp"
#include "rt/task.hpp"
#include "store/blob_store.hpp"

namespace archy::fetch {

// A file that is the whole blob if the origin that filled it was honest.
struct WholeFile {
  rt::Path path;  // in the store's temporary folder; the taker's from now on
};

// One question to one source. Several run at once, also at one source, and write one blob; each
// through a target of its own. Lifetime: outlives the coroutine that was given it.
struct Attempt {
  Blake3Hash hash;
  bao::ChunkRanges wanted;  // what is asked of this source; others may bring parts of it first
  std::shared_ptr<store::PartialBlob> target;
  rt::Duration no_progress_limit{};  // give up when nothing came for so long
  std::stop_token stop;              // this question is called off
  std::stop_token over;              // so is the whole fetch: nothing is worth another packet

  // Something came that no verified group shows yet. Counts by the group, so that a drip is not
  // taken for progress.
  void received(std::uint64_t bytes) {
    const auto before = received_bytes / bao::kGroupBytes;
    received_bytes += bytes;
    if (received_bytes / bao::kGroupBytes != before && on_received) on_received();
  }
  std::uint64_t received_bytes = 0;
  std::function<void()> on_received = nullptr;

  // Out, peers: it has only these parts of the blob, as it says, though more was wanted.
  std::optional<bao::ChunkRanges> has = std::nullopt;

  // --- origins only; a peer source leaves them alone
  // Called when the bytes that come can be believed only together: they are collected in a
  // quarantine file, and nobody should wait for them.
  std::function<void()> on_loose = nullptr;
  // In, while it runs: inner hashes came that may make what is collected verifiable.
  bool tree_came = false;
  // Out: what is collected can be verified now: ask again.
  bool again = false;
  // Out: what the caller has to verify and take.
  std::optional<WholeFile> whole_file = std::nullopt;
};

class Source {
 public:
  virtual ~Source() = default;
  // For people: "peer 1a2b3c4d5e at 127.0.0.1:4919", "origin http://host/path".
  virtual std::string name() const = 0;
  virtual SourceKind kind() const = 0;
  // What its bytes of this blob cost, as far as it is known now. Units: msat a MiB; 0: nothing.
  virtual std::uint64_t price(const Blake3Hash& /*hash*/) const { return 0; }
  // Fetches as much of attempt.wanted as it has. Ok: everything it could give is in (what is
  // missing still, the caller sees in target->have()). Errors: not_found, unreachable, timed_out,
  // try_later, denied, cancelled: try elsewhere; corrupt, peer_fault: it lied - never ask it again.
  // Bytes verified before an error stay.
  virtual rt::Task<> fetch(Attempt& attempt) = 0;
  // Of a source whose attempt said that it has a part: tells what it has, now and whenever that
  // changes, until `stop` or until it can tell no more. Lifetime: what `tell` refers to outlives
  // the coroutine.
  virtual rt::Task<> watch(Blake3Hash /*hash*/, std::function<void(bao::ChunkRanges)> /*tell*/,
                           std::stop_token /*stop*/) {
    co_return Result<>{};
  }
};

}  // namespace archy::fetch

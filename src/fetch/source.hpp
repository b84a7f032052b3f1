// One place bytes can come from. A source verifies everything before the partial blob sees it; it
// never decides anything. Implementations: origin_source (here), swarm/peer_source, later
// paid/paid_source.
#pragma once

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
  rt::Path path;                   // in the store's temporary folder; the taker's from now on
  std::uint64_t origin_bytes = 0;  // the rest was held, verified
};

// One attempt at one source. Lifetime: outlives the coroutine that was given it.
struct Attempt {
  Blake3Hash hash;
  bao::ChunkRanges wanted;  // what is still missing
  std::shared_ptr<store::PartialBlob> target;
  rt::Duration no_progress_limit{};  // give up when no verified byte came for so long
  std::stop_token stop;
  // Kept up by the source while it runs. Progress is what moves them: a source whose numbers stand
  // still for no_progress_limit is told to stop.
  std::uint64_t verified_bytes = 0;
  // Bytes that came but can be believed only together (an origin's, in quarantine).
  std::uint64_t received_bytes = 0;

  // --- origins only; a peer source leaves them alone
  // In: bytes that cannot be verified one by one may be collected in a quarantine file.
  bool may_quarantine = true;
  // Out: the bytes are there, the inner hashes to verify them with are not, and quarantine was not
  // allowed.
  bool needs_tree = false;
  // Out: what the caller has to verify and take.
  std::optional<WholeFile> whole_file;
};

class Source {
 public:
  virtual ~Source() = default;
  // For people: "peer 1a2b3c4d5e at 127.0.0.1:4919", "origin http://host/path".
  virtual std::string name() const = 0;
  virtual SourceKind kind() const = 0;
  // Fetches as much of attempt.wanted as it has. Ok: everything it could give is in (what is
  // missing still, the caller sees in target->have()). Errors: not_found, unreachable, timed_out,
  // try_later, denied, cancelled: try elsewhere; corrupt, peer_fault: it lied - never ask it again.
  // Bytes verified before an error stay.
  virtual rt::Task<> fetch(Attempt& attempt) = 0;
};

}  // namespace archy::fetch

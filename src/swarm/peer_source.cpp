#include "swarm/peer_source.hpp"

#include <algorithm>

#include "bao/tree.hpp"
#include "base/limits.hpp"
#include "blobs/observer.hpp"
#include "wire/id_text.hpp"

namespace archy::swarm {
namespace {

// How long a peer may take to say which parts of a blob it has.
constexpr auto kObserveLimit = std::chrono::seconds(2);
// How long nothing may change before the watch of it ends.
constexpr auto kWatchLimit = std::chrono::hours(1);

// At most as many spans as one request may have.
bao::ChunkRanges first_spans(const bao::ChunkRanges& ranges) {
  const auto boundaries = ranges.boundaries();
  if (boundaries.size() <= 2 * limits::kRangeSpans) return ranges;
  bao::ChunkRanges out;
  for (std::size_t i = 0; i < 2 * limits::kRangeSpans; i += 2)
    out.add(boundaries[i], boundaries[i + 1]);
  return out;
}

// What is still worth asking for, in whole groups: a store cannot keep less.
bao::ChunkRanges missing(const fetch::Attempt& attempt) {
  bao::ChunkRanges out = (attempt.wanted - attempt.target->have()).rounded_to_groups();
  const auto size = attempt.target->size();
  if (!size || !attempt.target->size_verified()) return out;
  return out.effective(bao::Tree(*size).chunks()) - attempt.target->have();
}

}  // namespace

PeerSource::PeerSource(rt::Clock& clock, quic::Endpoint& endpoint, fetch::PeerAddress peer)
    : clock_(clock), endpoint_(endpoint), peer_(std::move(peer)) {}

std::string PeerSource::name() const {
  std::string out = "peer " + wire::short_id(peer_.id);
  if (connection_) return out + " at " + rt::to_string(connection_->remote_address());
  return peer_.addresses.empty() ? out : out + " at " + rt::to_string(peer_.addresses.front());
}

rt::Task<std::shared_ptr<quic::Connection>> PeerSource::connection(std::stop_token stop) {
  if (connection_ && !connection_->closed()) co_return connection_;
  connection_.reset();
  if (peer_.addresses.empty()) co_return fail(Code::bad_input, "no address known");
  std::vector<rt::Address> addresses = peer_.addresses;
  std::string alpn(blobs::kAlpn);
  CO_TRY(dialled, co_await endpoint_.connect(peer_.id, std::move(addresses), std::move(alpn),
                                             std::move(stop)));
  connection_ = dialled;
  co_return dialled;
}

blobs::GetOptions PeerSource::options(const fetch::Attempt& attempt) const {
  blobs::GetOptions out{clock_};
  if (attempt.no_progress_limit > rt::Duration::zero()) out.no_progress = attempt.no_progress_limit;
  out.stop = attempt.stop;
  return out;
}

rt::Task<> PeerSource::get(fetch::Attempt& attempt, bao::ChunkRanges ranges) {
  // A dial goes on when the question is called off: the connection serves the next one.
  CO_TRY(live, co_await connection(attempt.over));
  blobs::PartialSink sink(attempt.target);
  auto got = co_await blobs::get_blob(live, attempt.hash, ranges, sink, options(attempt));
  // A peer that ended without a word is as silent as one that thinks: he is dialled anew.
  if (!got && got.error().code == Code::timed_out && connection_ == live) connection_.reset();
  if (got || !sink.size_conflict()) co_return got;
  co_return co_await settle_size(attempt, *sink.size_conflict());
}

rt::Task<> PeerSource::settle_size(fetch::Attempt& attempt, std::uint64_t claimed) {
  CO_TRY(live, co_await connection(attempt.over));
  CO_TRY(proven, co_await blobs::probe_size(live, attempt.hash, options(attempt)));
  if (proven != claimed) co_return fail(Code::peer_fault, "claimed a size it could not prove");
  // Somebody else may have settled it meanwhile.
  if (attempt.target->size() != proven) {
    if (attempt.target->size_verified())
      co_return fail(Code::peer_fault, "claims a size that is not the blob's");
    // Everything held was verified under a size that is now known to be false.
    CO_TRY_OK(attempt.target->claim_size(proven));
  }
  co_return attempt.target->mark_size_verified();
}

rt::Task<> PeerSource::fetch_parts(fetch::Attempt& attempt, Error refusal) {
  CO_TRY(live, co_await connection(attempt.over));
  auto watch = co_await blobs::Observer::open(live, attempt.hash, options(attempt));
  if (!watch) co_return fail(std::move(refusal));
  auto held = co_await (*watch)->next(kObserveLimit);
  watch->reset();
  if (!held || held->ranges.is_empty()) co_return fail(std::move(refusal));
  attempt.has = held->ranges;
  const bao::ChunkRanges there = missing(attempt) & held->ranges;
  if (there.is_empty()) co_return Result<>{};
  // A claim is only a hint: what comes is verified like everything else.
  co_return co_await get(attempt, first_spans(there));
}

rt::Task<> PeerSource::fetch(fetch::Attempt& attempt) {
  // More than one turn only where one request cannot name all that is missing, or the size had to
  // be settled.
  for (;;) {
    const bao::ChunkRanges before = missing(attempt);
    if (before.is_empty()) co_return Result<>{};
    const bool size_known = attempt.target->size_verified();
    auto got = co_await get(attempt, first_spans(before));
    if (!got && got.error().code == Code::not_found)
      co_return co_await fetch_parts(attempt, got.error());
    CO_TRY_OK(std::move(got));
    const bool settled = !size_known && attempt.target->size_verified();
    const bao::ChunkRanges after = missing(attempt);
    if (after == before && !settled) co_return fail(Code::peer_fault, "the answer brought nothing");
  }
}

rt::Task<> PeerSource::watch(Blake3Hash hash, std::function<void(bao::ChunkRanges)> tell,
                             std::stop_token stop) {
  CO_TRY(live, co_await connection(stop));
  blobs::GetOptions options{clock_};
  options.no_progress = kObserveLimit;
  options.stop = stop;
  CO_TRY(observer, co_await blobs::Observer::open(live, hash, options));
  for (rt::Duration limit = kObserveLimit;; limit = kWatchLimit) {
    CO_TRY(now, co_await observer->next(limit));
    tell(now.ranges);
  }
}

std::shared_ptr<fetch::Source> make_peer_source(rt::Env& env, quic::Endpoint& endpoint,
                                                const EndpointId& id,
                                                std::vector<rt::Address> addresses) {
  return std::make_shared<PeerSource>(env.clock, endpoint,
                                      fetch::PeerAddress{id, std::move(addresses)});
}

}  // namespace archy::swarm

// Engine: what goes on beside the questions for groups - inner hashes for an origin that has none,
// the size for a reader, readers and their playhead, sources that gain parts.
#include <algorithm>

#include "base/log.hpp"
#include "fetch/question.hpp"

namespace archy::fetch {
namespace {

constexpr std::uint64_t kSkeletonChunks = 1024;  // one group of each 1 MiB
// When nobody has more to give, those who have parts are waited for: a moment, and longer after
// each gain - but not for ever without a group that came, for a peer may claim gains as it likes.
constexpr rt::Duration kHope = std::chrono::seconds(1);
constexpr rt::Duration kHopeAfterGain = std::chrono::seconds(5);
constexpr rt::Duration kHopeWithoutGroups = std::chrono::seconds(60);

}  // namespace

// An origin whose bytes cannot be verified yet gets inner hashes from a peer that has proved
// itself, one question each. It goes on collecting meanwhile.
void Engine::ask_for_hashes() {
  const bool wanted = std::ranges::any_of(workers_, [](const Worker& worker) {
    return worker.question && worker.question->is_loose && !worker.question->attempt.tree_came;
  });
  if (wanted) (void)ask_aside(skeleton(), &Worker::asked_for_hashes);
}

// A reader needs the size, which the last group proves: a question beside the others, where a peer
// can answer it. (Else the playhead goes there: see serve_readers.)
void Engine::ask_for_size() {
  if (!options_.arrival || !options_.arrival->size_is_waited_for()) return;
  if (!target_->size() || target_->size_verified()) return;
  (void)ask_aside(chunks_of(group_set({bao::Tree(*target_->size()).groups() - 1, kNoEnd})),
                  &Worker::asked_for_size);
}

// Asks a peer that has proved itself, each once. True: such a question is under way.
bool Engine::ask_aside(bao::ChunkRanges ranges, bool Worker::* asked) {
  if (std::ranges::any_of(workers_, [](const Worker& w) { return w.side != nullptr; })) return true;
  if (ranges.is_empty()) return false;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& worker = workers_[i];
    const bool fit = worker.source->kind() == SourceKind::peer && worker.gave_groups &&
                     !(worker.*asked) && !worker.lied && !scheduler_.is_dropped(i);
    if (!fit) continue;
    worker.*asked = true;
    worker.side = std::make_unique<Question>(*this, i, std::move(ranges), true);
    scope_.start(answer(*worker.side));
    return true;
  }
  return false;
}

// Wakes the readers whose bytes are there, and sends the sources to where the others wait.
void Engine::serve_readers() {
  if (!options_.arrival || !target_->size()) return;
  auto& arrival = *options_.arrival;
  const auto last = bao::Tree(*target_->size()).groups() - 1;
  const auto there = group_set({0, last + 1}) - scheduler_.missing();
  const bool proven = target_->size_verified() && arrival.size_is_waited_for();
  if (proven || arrival.any_is_waited_for(there)) {
    auto flushed = target_->flush();
    if (!flushed) local_failure_ = flushed.error();
    arrival.wake();
  }
  const auto playhead = arrival.playhead();
  std::optional<std::uint64_t> group;
  auto ahead = options_.read_ahead_bytes / bao::kGroupBytes;
  if (playhead && playhead->group) group = std::min(*playhead->group, last);
  const bool peer_may_tell = std::ranges::any_of(workers_, [](const Worker& worker) {
    return worker.source->kind() == SourceKind::peer && worker.gave_groups && !worker.lied &&
           (worker.side || !worker.asked_for_size);
  });
  if (playhead && !playhead->group && !target_->size_verified() && !peer_may_tell) {
    group = last;
    ahead = 1;
  }
  scheduler_.set_playhead(group, ahead);
}

boost::asio::awaitable<void> Engine::watch(std::size_t source) {
  auto& worker = workers_[source];
  worker.is_watched = true;
  worker.hope = env_.clock.now() + kHope;
  std::function<void(bao::ChunkRanges)> tell = [this, &worker](bao::ChunkRanges has) {
    if (worker.has != has) worker.hope = env_.clock.now() + kHopeAfterGain;
    worker.has = std::move(has);
    worker.has_is_news = true;  // told at the next look: a peer may say so as often as it likes
  };
  const Blake3Hash hash = report_.hash;
  const std::stop_token stop = over_.get_token();
  auto ended = co_await worker.source->watch(hash, std::move(tell), stop);
  if (!ended) log::debug("fetch", "{}: {}", worker.source->name(), to_string(ended.error()));
  worker.is_watched = false;
}

rt::Instant Engine::hope() const {
  auto out = started_;
  for (const auto& worker : workers_) {
    if (worker.is_watched && !worker.lied) out = std::max(out, worker.hope);
  }
  return std::min(out, group_at_ + kHopeWithoutGroups);
}

// Of what is missing, one group of each 1 MiB.
bao::ChunkRanges Engine::skeleton() const {
  bao::ChunkRanges out;
  if (!target_->size()) return out;
  const auto chunks = bao::Tree(*target_->size()).chunks();
  for (std::uint64_t start = 0; start < chunks; start += kSkeletonChunks) {
    const auto end = std::min(start + kSkeletonChunks, chunks);
    if (target_->have().intersects(start, end)) continue;  // its hashes came with what is held
    out.add(start, std::min(start + bao::kGroupChunks, chunks));
  }
  return out;
}

// A question on the side: only a lie counts against the peer.
void Engine::side_ended(Question& question, const Result<>& outcome) {
  const auto index = question.source;
  auto& worker = workers_[index];
  if (worker.lied) {
    scheduler_.source_has(index, GroupSet());
    if (worker.question) worker.question->call_off();
  } else if (outcome) {
    for (auto* other : questions()) other->attempt.tree_came |= other->is_loose;
  }
  worker.side.reset();
}

}  // namespace archy::fetch

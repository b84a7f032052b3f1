// Random histories of a fetch, told to the scheduler and to its slow twin: every decision must be
// the same and keep the invariants. Then everybody left behaves, and the fetch must end.
// covers: fetch/scheduler.cpp
// covers: fetch/scheduler_pick.cpp
#include <map>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "fetch/scheduler_reference.hpp"

using namespace archy;
using namespace archy::fetch;

namespace {

class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint64_t byte() {
    if (bytes_.empty()) return 0;
    const auto out = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return out;
  }
  GroupSet set(std::uint64_t groups) {
    GroupSet out;
    for (auto n = byte() % 4; n > 0; --n) {
      const auto begin = byte() * groups / 256;
      out.add(begin, std::min(groups, begin + 1 + byte() % 40));
    }
    return out;
  }

 private:
  ByteView bytes_;
};

// What the two are told, and what the fuzzer knows of the sources by itself.
class History {
 public:
  explicit History(Input& input) : in_(input) {
    SchedulerOptions options;
    options.first_range = 1 + in_.byte() % 16;
    options.largest_range = 8 + in_.byte() % 32;
    options.max_failures = 1 + static_cast<unsigned>(in_.byte() % 4);
    options.max_errors = 12;
    fast_.emplace(options, now_);
    slow_.emplace(options, now_);
    size_ = 1 + in_.byte() % 100;
    const auto sources = 1 + in_.byte() % 7;
    for (std::uint64_t i = 0; i < sources; ++i) {
      const auto kind = in_.byte() % 4 == 0 ? SourceKind::origin : SourceKind::peer;
      const auto price = in_.byte() % 3;
      CHECK(fast_->add_source(kind, price) == slow_->add_source(kind, price));
      kinds_.push_back(kind);
    }
    if (in_.byte() % 2 == 0) learn_size(in_.set(size_));
  }

  void play() {
    decide();
    while (!in_.empty() && !over_) {
      step();
      decide();
    }
    calm();
  }

 private:
  struct Work {
    Decision::Start start;
    bool called_off = false;
    bool loose = false;
  };

  void learn_size(const GroupSet& held) {
    fast_->set_blob(size_, held);
    slow_->set_blob(size_, held);
    known_ = true;
  }
  void pass(rt::Duration time) { now_ += time; }

  // The next missing group of a source's answer, and some behind it.
  void bring(std::size_t source, std::uint64_t most) {
    const auto& ask = work_.at(source).start.ask;
    const auto left = within(ask, {brought_[source], size_});
    const auto at = first_from(left, 0);
    if (!at) return;
    if (!known_) learn_size({});
    std::uint64_t end = *at + 1;
    while (end < *at + most && left.contains(ChunkIndex(end))) ++end;
    brought_[source] = end;
    fast_->verified(source, {*at, end}, now_);
    slow_->verified(source, {*at, end}, now_);
  }
  void end(std::size_t source, Ended how) {
    work_.erase(source);
    if (how == Ended::lied || how == Ended::useless) gone_[source] = true;
    if (how == Ended::waiting) waiting_[source] = true;
    fast_->ended(source, how, now_);
    slow_->ended(source, how, now_);
    CHECK(fast_->is_dropped(source) == slow_->is_dropped(source));
    CHECK(!gone_[source] || fast_->is_dropped(source));
  }

  void step() {
    const auto source = static_cast<std::size_t>(in_.byte() % kinds_.size());
    const bool busy = work_.contains(source);
    switch (in_.byte() % 12) {
      case 0:
      case 1:
      case 2:
        pass(std::chrono::milliseconds(in_.byte()));
        if (busy) bring(source, 1 + in_.byte() % 16);
        break;
      case 3:
        pass(std::chrono::milliseconds(4 * in_.byte()));
        break;
      case 4:
        if (busy) end(source, work_.at(source).called_off ? Ended::called_off : Ended::done);
        break;
      case 5:
        if (busy) end(source, Ended::retry);
        break;
      case 6:
        if (busy) end(source, in_.byte() % 2 == 0 ? Ended::lied : Ended::useless);
        break;
      case 7:
        if (busy) {
          end(source, Ended::waiting);
        } else if (waiting_[source]) {
          waiting_[source] = false;
          fast_->wake(source, now_);
          slow_->wake(source, now_);
        }
        break;
      case 8:
        if (known_ || in_.byte() % 2 == 0) {
          const auto has = in_.set(size_);
          fast_->source_has(source, has);
          slow_->source_has(source, has);
        }
        break;
      case 9: {
        const auto at = in_.byte();
        const auto group = at % 4 == 0 ? std::nullopt : std::optional(at * size_ / 256);
        const auto ahead = in_.byte();
        fast_->set_playhead(group, ahead);
        slow_->set_playhead(group, ahead);
        break;
      }
      case 10:
        if (busy && kinds_[source] == SourceKind::origin && !work_.at(source).called_off) {
          work_.at(source).loose = true;
          fast_->set_loose(source);
          slow_->set_loose(source);
        } else if (busy) {
          fast_->alive(source, now_);
          slow_->alive(source, now_);
        }
        break;
      case 11:
        if (known_ && in_.byte() % 8 == 0) {  // the size was a lie
          size_ = 1 + in_.byte() % 100;
          for (auto& [i, at] : work_) at.start.ask = {};
          learn_size({});
        }
        break;
      default:
        break;
    }
  }

  void decide() {
    const auto decision = fast_->next(now_);
    const auto twin = slow_->next(now_);
    CHECK(decision == twin);
    over_ = decision.complete || decision.stuck;
    CHECK(decision.complete == (known_ && fast_->missing().is_empty()));
    CHECK(decision.wake > now_);
    for (const auto source : decision.call_off) {
      CHECK(work_.contains(source) && !work_.at(source).called_off);
      work_.at(source).called_off = true;
    }
    for (const auto& start : decision.start) {
      CHECK(!fast_->is_dropped(start.source) && !gone_[start.source]);
      CHECK(!work_.contains(start.source));
      CHECK(!start.ask.is_empty() && (start.ask - fast_->missing()).is_empty());
      work_[start.source] = {start};
      brought_[start.source] = 0;
    }
    if (!over_ && decision.wake > now_ + std::chrono::milliseconds(1)) check_invariants();
  }

  // No missing group waits while somebody who could bring it has nothing to do; an origin never has
  // nothing to do; nobody dropped works; no group has three.
  void check_invariants() const {
    const auto& missing = fast_->missing();
    GroupSet any, twice;
    std::size_t origins = 0;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const auto part = fast_->part(i);
      CHECK(part.is_empty() || !fast_->is_dropped(i));
      CHECK((part & twice).is_empty());
      twice |= any & part;
      any |= part;
      origins += kinds_[i] == SourceKind::origin ? 1 : 0;
    }
    CHECK((any - missing).is_empty());
    const bool origins_work = now_ >= began_ + SchedulerOptions{}.head_start;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const bool is_peer = kinds_[i] == SourceKind::peer;
      if (!known_ || !fast_->is_idle(i, now_) || (!is_peer && !origins_work)) continue;
      CHECK((fast_->can_bring(i) - any).is_empty());
      CHECK(is_peer || origins > 1 || fast_->can_bring(i).is_empty());
    }
  }

  // Everybody who is not gone brings what it was asked for: whatever happened before, it ends.
  void calm() {
    for (int turn = 0; turn < 5000 && !over_; ++turn) {
      for (std::size_t i = 0; i < kinds_.size(); ++i) {
        if (waiting_[i]) {
          waiting_[i] = false;
          fast_->wake(i, now_);
          slow_->wake(i, now_);
        }
        const auto found = work_.find(i);
        if (found == work_.end()) continue;
        if (found->second.called_off) {
          end(i, Ended::called_off);
        } else if (within(found->second.start.ask, {brought_[i], size_}).is_empty()) {
          end(i, Ended::done);
        } else {
          bring(i, 8);
        }
      }
      pass(std::chrono::milliseconds(50));
      decide();
    }
    CHECK(over_);
  }

  Input& in_;
  rt::Instant now_{std::chrono::seconds(100)};
  const rt::Instant began_ = now_;
  std::optional<Scheduler> fast_;
  std::optional<SchedulerReference> slow_;
  std::uint64_t size_ = 1;
  bool known_ = false;
  bool over_ = false;
  std::vector<SourceKind> kinds_;
  std::map<std::size_t, Work> work_;
  std::map<std::size_t, std::uint64_t> brought_;
  std::map<std::size_t, bool> gone_, waiting_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024) return 0;  // hundreds of steps; the twin is slow
  Input input(ByteView(data, size));
  History(input).play();
  return 0;
}

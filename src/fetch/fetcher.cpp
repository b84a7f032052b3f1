#include "fetch/fetcher.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "fetch/watch.hpp"
#include "rt/signal.hpp"

namespace archy::fetch {
namespace {

// A file that does not read back as it was verified is mended a few times, then given up.
constexpr int kFinishAttempts = 3;
constexpr std::uint64_t kSkeletonChunks = 1024;  // one group of each 1 MiB

std::uint64_t held_bytes(const store::PartialBlob& target) {
  const auto size = target.size();
  if (!size) return 0;
  const bao::Tree tree(*size);
  const auto chunks = target.have().count_below(tree.chunks());
  // All chunks are full but the last.
  const bool has_last = target.have().contains(ChunkIndex(tree.chunks() - 1));
  const auto short_by = tree.chunks() * bao::kChunkBytes - *size;
  return chunks * bao::kChunkBytes - (has_last ? short_by : 0);
}

class Fetch {
 public:
  Fetch(rt::Env env, store::BlobStore& store, Blake3Hash hash,
        std::vector<std::shared_ptr<Source>> sources, FetchOptions options)
      : env_(env), store_(store), sources_(std::move(sources)), options_(std::move(options)) {
    report_.hash = hash;
    started_ = env_.clock.now();
    for (const auto& source : sources_) {
      SourceReport row;
      row.name = source->name();
      row.kind = source->kind();
      report_.sources.push_back(std::move(row));
      state_.sources.push_back({.kind = source->kind()});
    }
  }

  boost::asio::awaitable<FetchReport> run() {
    auto outcome = co_await flow();
    target_.reset();
    if (!outcome) report_.error = outcome.error();
    report_.time = env_.clock.now() - started_;
    co_return std::move(report_);
  }

 private:
  rt::Task<> flow();
  rt::Task<> attempt(const Action& action);
  Result<> open_target();
  Result<> take_whole_file(std::size_t index, const WholeFile& file, std::stop_token stop);
  Result<> finish_if_complete();
  void note(std::size_t index, const Result<>& outcome, const Attempt& attempt, bool progressed);
  bao::ChunkRanges wanted(bool skeleton) const;
  Error nothing_worked() const;
  void tell_progress() {
    if (options_.on_progress) options_.on_progress(report_);
  }

  rt::Env env_;
  store::BlobStore& store_;
  std::vector<std::shared_ptr<Source>> sources_;
  FetchOptions options_;
  FetchReport report_;
  PlanState state_;
  rt::Instant started_;
  std::shared_ptr<store::PartialBlob> target_;
  int finish_failures_ = 0;
};

Result<> Fetch::open_target() {
  TRY(opened, store_.partial(report_.hash));
  target_ = std::move(opened);
  return {};
}

// Resume is asking only for what is not held. `skeleton`: of that, one group of each 1 MiB.
bao::ChunkRanges Fetch::wanted(bool skeleton) const {
  const auto size = target_->size();
  if (!size) return bao::ChunkRanges::all();
  const auto chunks = bao::Tree(*size).chunks();
  // A peer's last chunk proves the size even where everything else is held.
  if (!skeleton) return bao::ChunkRanges::all() - target_->have();
  bao::ChunkRanges out;
  for (std::uint64_t start = 0; start < chunks; start += kSkeletonChunks) {
    const auto end = std::min(start + kSkeletonChunks, chunks);
    if (target_->have().intersects(start, end)) continue;  // its hashes came with what is held
    out.add(start, std::min(start + bao::kGroupChunks, chunks));
  }
  return out;
}

Result<> Fetch::finish_if_complete() {
  if (!target_->is_complete()) return {};
  auto finished = target_->finish();
  if (finished) {
    report_.size = finished->size;
    state_.complete = true;
    return {};
  }
  if (finished.error().code != Code::corrupt || ++finish_failures_ >= kFinishAttempts) {
    return fail(finished.error());
  }
  log::warn("fetch", "{}: what was written does not read back, fetching it again",
            report_.hash.hex());
  for (auto& source : state_.sources) source.left = source.left && source.failures > 0;
  return {};
}

Result<> Fetch::take_whole_file(std::size_t index, const WholeFile& file, std::stop_token stop) {
  target_.reset();  // one writer at a time
  auto adopted = store_.adopt_file(file.path, report_.hash, {}, stop);
  if (adopted) {
    report_.size = adopted->size;
    report_.sources[index].verified_bytes += file.origin_bytes;
    report_.verified_bytes += file.origin_bytes;
    state_.complete = true;
    return {};
  }
  (void)env_.files.remove(file.path);
  TRY_OK(open_target());
  return fail(adopted.error());
}

void Fetch::note(std::size_t index, const Result<>& outcome, const Attempt& attempt,
                 bool progressed) {
  auto& row = report_.sources[index];
  auto& source = state_.sources[index];
  const auto verdict = judge(outcome, attempt);
  note_attempt(source, verdict, progressed, options_.back_off, env_.clock.now());
  if (attempt.verified_bytes > 0) source.gave_bytes = true;
  row.lied = row.lied || verdict == Verdict::lied;
  row.left = source.left;
  ++row.attempts;
  if (!outcome) {
    row.last_error = outcome.error();
    log::debug("fetch", "{}: {}", row.name, to_string(outcome.error()));
  }
  if (row.lied) log::info("fetch", "{} lied: {}", row.name, to_string(*row.last_error));
  // A corrected size drops what was held under the old one: there is more to ask for than before.
  if (verdict == Verdict::exhausted && target_ && !target_->is_complete() &&
      !(wanted(false) - attempt.wanted).is_empty()) {
    row.left = source.left = false;
  }
}

rt::Task<> Fetch::attempt(const Action& action) {
  const auto index = action.source;
  auto& row = report_.sources[index];
  const bool skeleton = action.kind == Action::Kind::skeleton;
  Attempt attempt;
  attempt.hash = report_.hash;
  attempt.wanted = wanted(skeleton);
  attempt.target = target_;
  attempt.no_progress_limit = skeleton ? options_.skeleton_limit : options_.no_progress_limit;
  attempt.may_quarantine = action.kind == Action::Kind::quarantine;
  if (skeleton) {
    state_.sources[index].skeleton_asked = true;
    if (attempt.wanted.is_empty()) co_return Result<>{};
  }

  const auto began = env_.clock.now();
  const auto row_before = row.verified_bytes;
  const auto all_before = report_.verified_bytes;
  const auto count = [&] {
    row.verified_bytes = row_before + attempt.verified_bytes;
    report_.verified_bytes = all_before + attempt.verified_bytes;
    report_.size = attempt.target ? attempt.target->size() : report_.size;
  };
  Result<> outcome;
  {
    Watch watch(env_.clock, attempt, options_.stop, [&] {
      count();
      tell_progress();
    });
    outcome = co_await sources_[index]->fetch(attempt);
    if (!outcome && watch.cut_off() && outcome.error().code == Code::cancelled) {
      outcome = fail(Code::timed_out, "no progress in time");
    }
  }
  count();
  const bool progressed = attempt.verified_bytes > 0 || attempt.received_bytes >= bao::kGroupBytes;
  if (target_) CO_TRY_OK(target_->checkpoint());
  if (outcome && attempt.whole_file) {
    attempt.target.reset();
    outcome = take_whole_file(index, *attempt.whole_file, options_.stop);
  }
  row.time += env_.clock.now() - began;
  if (options_.stop.stop_requested() && !outcome) co_return Result<>{};
  // A skeleton is a question on the side: only a lie counts against the peer.
  if (skeleton && judge(outcome, attempt) != Verdict::lied) {
    ++row.attempts;
    co_return finish_if_complete();
  }
  note(index, outcome, attempt, progressed);
  if (judge(outcome, attempt) == Verdict::local_failure) co_return fail(outcome.error());
  if (!state_.complete) CO_TRY_OK(finish_if_complete());
  tell_progress();
  co_return Result<>{};
}

// Which of many failures the caller should act on.
Error Fetch::nothing_worked() const {
  if (options_.stop.stop_requested()) return {Code::cancelled, "stopped"};
  if (sources_.empty()) return {Code::not_found, "no source to ask"};
  const auto find = [this](std::initializer_list<Code> codes) -> const SourceReport* {
    for (const auto code : codes) {
      for (const auto& row : report_.sources) {
        if (row.last_error && row.last_error->code == code) return &row;
      }
    }
    return nullptr;
  };
  for (const auto& row : report_.sources) {
    if (row.lied) return {Code::corrupt, row.name + ": " + to_string(*row.last_error)};
  }
  const auto* unreachable = find({Code::unreachable, Code::timed_out, Code::try_later});
  if (unreachable) {
    return {Code::unreachable, unreachable->name + ": " + to_string(*unreachable->last_error)};
  }
  const auto* other = find(
      {Code::payment_needed, Code::denied, Code::unsupported, Code::not_found, Code::bad_input});
  if (!other) return {Code::not_found, "no source has all of it"};
  return {other->last_error->code, other->name + ": " + to_string(*other->last_error)};
}

rt::Task<> Fetch::flow() {
  CO_TRY(info, store_.info(report_.hash));
  if (info && info->complete) {
    report_.was_local = true;
    report_.size = info->size;
    co_return Result<>{};
  }
  CO_TRY_OK(open_target());
  report_.size = target_->size();
  report_.resumed_bytes = held_bytes(*target_);
  CO_TRY_OK(finish_if_complete());
  for (;;) {
    state_.stopped = options_.stop.stop_requested();
    const auto action = plan_next(state_, options_.limits, env_.clock.now());
    switch (action.kind) {
      case Action::Kind::done:
        co_return Result<>{};
      case Action::Kind::give_up:
        co_return fail(nothing_worked());
      case Action::Kind::wait:
        (void)co_await rt::sleep_until(env_.executor, env_.clock, action.until, options_.stop);
        break;
      case Action::Kind::fetch:
      case Action::Kind::quarantine:
      case Action::Kind::skeleton:
        CO_TRY_OK(co_await attempt(action));
        break;
    }
  }
}

}  // namespace

boost::asio::awaitable<FetchReport> fetch_content_addressed(
    rt::Env env, store::BlobStore& store, Blake3Hash hash,
    std::vector<std::shared_ptr<Source>> peers, std::vector<std::shared_ptr<Source>> origins,
    FetchOptions options) {
  std::vector<std::shared_ptr<Source>> sources = std::move(peers);
  for (auto& origin : origins) sources.push_back(std::move(origin));
  Fetch fetch(env, store, hash, std::move(sources), std::move(options));
  auto report = co_await fetch.run();
  co_return report;
}

}  // namespace archy::fetch

#include "fetch/engine.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "fetch/question.hpp"
#include "fetch/verdict.hpp"

namespace archy::fetch {
namespace {

// A file that does not read back as it was verified is mended a few times, then given up.
constexpr int kFinishAttempts = 3;
// How often progress is told and silence looked for.
constexpr rt::Duration kLook = std::chrono::milliseconds(100);
// Whoever brought all it was asked for may end its answer in peace for so long.
constexpr rt::Duration kGrace = std::chrono::milliseconds(100);

}  // namespace

Engine::Engine(rt::Env env, store::BlobStore& store, Blake3Hash hash,
               std::vector<std::shared_ptr<Source>> sources, FetchOptions options)
    : env_(env),
      store_(store),
      options_(std::move(options)),
      started_(env_.clock.now()),
      scheduler_(options_.scheduler, started_),
      group_at_(started_),
      next_look_(started_ + kLook),
      changed_(env_.executor),
      scope_(env_.executor) {
  report_.hash = hash;
  for (auto& source : sources) {
    SourceReport row;
    row.name = source->name();
    row.kind = source->kind();
    report_.sources.push_back(std::move(row));
    (void)scheduler_.add_source(source->kind());
    workers_.emplace_back().source = std::move(source);
  }
}

Engine::~Engine() = default;

boost::asio::awaitable<FetchReport> Engine::run() {
  auto outcome = co_await flow();
  co_await end_all();
  if (target_ && !complete_) {
    auto kept = target_->checkpoint();
    if (!kept && outcome) outcome = fail(kept.error());
  }
  target_.reset();
  if (!outcome) report_.error = outcome.error();
  if (options_.arrival) options_.arrival->end(report_.error);
  fill_in(report_);
  report_.time = env_.clock.now() - started_;
  co_return std::move(report_);
}

rt::Task<> Engine::flow() {
  CO_TRY(info, store_.info(report_.hash));
  if (info && info->complete) {
    report_.was_local = complete_ = true;
    report_.size = info->size;
    co_return Result<>{};
  }
  CO_TRY(opened, store_.partial(report_.hash));
  target_ = std::move(opened);
  report_.size = target_->size();
  if (target_->size()) {
    learn_what_is_held();
    report_.resumed_bytes = *target_->size() - bytes_of(scheduler_.missing());
  }
  co_return co_await fetch_all();
}

rt::Task<> Engine::fetch_all() {
  const std::stop_callback on_stop(options_.stop, [this] { poke(); });
  if (options_.arrival) options_.arrival->on_change([this] { poke(); });
  for (;;) {
    if (local_failure_) co_return fail(*local_failure_);
    if (options_.stop.stop_requested()) co_return fail(Code::cancelled, "stopped");
    poked_ = false;
    const auto now = env_.clock.now();
    if (now >= next_look_) look_around(now);
    serve_readers();
    const auto decision = scheduler_.next(now);
    if (decision.complete) {
      CO_TRY_OK(finish());
      poked_ = true;  // or something is missing again
    }
    if (complete_) break;
    if (decision.stuck && now >= hope()) co_return fail(nothing_worked(report_));
    apply(decision);
    ask_for_hashes();
    ask_for_size();
    if (!poked_) (void)co_await changed_.wait(env_.clock, std::min(decision.wake, next_look_));
  }
  if (options_.on_progress) options_.on_progress(report_);
  co_return Result<>{};
}

void Engine::poke() {
  poked_ = true;
  changed_.notify();
}

void Engine::apply(const Decision& decision) {
  for (const auto source : decision.call_off) workers_[source].question->call_off();
  for (const auto& start : decision.start) ask(start);
}

void Engine::ask(const Decision::Start& start) {
  auto& worker = workers_[start.source];
  worker.question = std::make_unique<Question>(*this, start.source, chunks_of(start.ask), false);
  worker.question->left = start.ask;
  scope_.start(answer(*worker.question));
}

boost::asio::awaitable<void> Engine::answer(Question& question) {
  auto outcome = co_await question.ask(*workers_[question.source].source);
  ended(question, std::move(outcome));
  poke();
}

void Engine::ended(Question& question, Result<> outcome) {
  const auto index = question.source;
  auto& worker = workers_[index];
  auto& row = report_.sources[index];
  const auto now = env_.clock.now();
  ++row.attempts;
  row.time += now - question.began;
  scheduler_.set_price(index, worker.source->price(report_.hash));
  if (!question.delivery->is_shut()) {
    auto flushed = question.delivery->flush();
    if (!flushed && judge(outcome) != Verdict::local_failure) outcome = fail(flushed.error());
  }
  if (question.attempt.whole_file) {
    if (complete_ || !outcome) {
      (void)env_.files.remove(question.attempt.whole_file->path);
    } else {
      outcome = take_whole_file(index, *question.attempt.whole_file);
    }
  }
  const auto verdict = judge(outcome);
  const bool over = complete_ || options_.stop.stop_requested();
  if (verdict == Verdict::lied) {
    row.lied = worker.lied = true;
    row.last_error = outcome.error();
    log::info("fetch", "{} lied: {}", row.name, to_string(outcome.error()));
  }
  if (verdict == Verdict::local_failure && !over) local_failure_ = outcome.error();
  if (question.is_side) {
    side_ended(question, outcome);
    return;
  }
  const auto how = sort(question, outcome);
  scheduler_.ended(index, how, now);
  if (question.attempt.has) {
    worker.has = std::move(question.attempt.has);
    row.has_part = true;
    tell_what_it_has(index);
    if (!worker.is_watched && !over) scope_.start(watch(index));
  }
  worker.question.reset();
  if (options_.on_progress && !over) options_.on_progress(report_);
}

Ended Engine::sort(Question& question, const Result<>& outcome) {
  auto& row = report_.sources[question.source];
  if (workers_[question.source].lied) return Ended::lied;
  const bool called_off = question.called_off || question.epoch != epoch_;
  const bool cancelled = !outcome && outcome.error().code == Code::cancelled;
  if (cancelled && question.cut_off) {
    row.last_error = Error{Code::timed_out, "no progress in time"};
    return Ended::retry;
  }
  if (called_off && (outcome || cancelled)) {
    if (scheduler_.is_displaced(question.source))
      row.last_error = Error{Code::timed_out, "silent while others were ready"};
    return Ended::called_off;
  }
  if (!outcome) {
    row.last_error = outcome.error();
    log::debug("fetch", "{}: {}", row.name, to_string(outcome.error()));
    return judge(outcome) == Verdict::retry ? Ended::retry : Ended::useless;
  }
  if (question.attempt.has) {
    // One that says each time to have something else than it gives is not asked for ever.
    const bool knew = workers_[question.source].has.has_value();
    return knew && question.brought_nothing ? Ended::retry : Ended::called_off;
  }
  return question.attempt.again ? Ended::called_off : Ended::done;
}

Result<> Engine::take_whole_file(std::size_t source, const WholeFile& file) {
  auto adopted = store_.adopt_file(file.path, report_.hash, {}, options_.stop);
  if (!adopted) {
    (void)env_.files.remove(file.path);
    return fail(adopted.error());
  }
  const bool same_size = target_->size() == adopted->size;
  const auto fresh = same_size ? bytes_of(scheduler_.missing()) : adopted->size;
  report_.size = adopted->size;
  report_.sources[source].verified_bytes += fresh;
  report_.verified_bytes += fresh;
  complete_ = true;
  return {};
}

Result<> Engine::finish() {
  for (auto* question : questions()) question->delivery->shut();
  auto finished = target_->finish();
  if (finished) {
    report_.size = finished->size;
    complete_ = true;
    return {};
  }
  if (finished.error().code != Code::corrupt || ++finish_failures_ >= kFinishAttempts)
    return fail(finished.error());
  log::warn("fetch", "{}: what was written does not read back, fetching it again",
            report_.hash.hex());
  for (auto* question : questions()) question->call_off();
  learn_what_is_held();
  return {};
}

// Tells progress, and cuts off who was silent for too long.
void Engine::look_around(rt::Instant now) {
  auto step = kLook;
  for (auto* question : questions()) {
    const auto limit = question->attempt.no_progress_limit;
    step = std::min(step, std::max<rt::Duration>(limit / 4, std::chrono::milliseconds(1)));
    if (now - question->progress_at >= limit) question->cut();
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].has_is_news && !test_hooks::planted("bitfield_wake_lost")) tell_what_it_has(i);
  }
  next_look_ = now + step;
  if (options_.on_progress && !questions().empty()) options_.on_progress(report_);
}

boost::asio::awaitable<void> Engine::end_all() {
  const auto until = env_.clock.now() + kGrace;
  for (auto* question : questions()) {
    if (!complete_ || !question->left.is_empty() || question->is_side) question->call_off();
  }
  while (complete_ && !questions().empty()) {
    auto waited = co_await changed_.wait(env_.clock, until);
    if (!waited) break;
  }
  over_.request_stop();
  for (auto* question : questions()) question->call_off();
  co_await scope_.close(env_.clock);
}

// --- what happens

void Engine::size_claimed() {
  if (scheduler_.groups()) {  // whatever was held under another size is dropped
    ++epoch_;
    for (auto& row : report_.sources) row.verified_bytes = 0;
    report_.verified_bytes = report_.resumed_bytes = 0;
  }
  report_.size = target_->size();
  learn_what_is_held();
  poke();
}

void Engine::learn_what_is_held() {
  const bao::Tree tree(*target_->size());
  scheduler_.set_blob(tree.groups(), groups_of(target_->have(), tree.chunks()));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].has) tell_what_it_has(i);
  }
}

void Engine::tell_what_it_has(std::size_t source) {
  const auto chunks =
      target_->size() ? bao::Tree(*target_->size()).chunks() : kNoEnd * bao::kGroupChunks;
  scheduler_.source_has(source, groups_of(*workers_[source].has, chunks));
  workers_[source].has_is_news = false;
}

void Engine::groups_came(Question& question, GroupSpan groups) {
  const auto index = question.source;
  const auto now = env_.clock.now();
  const auto fresh = bytes_of(within(scheduler_.missing(), groups));
  report_.sources[index].verified_bytes += fresh;
  report_.verified_bytes += fresh;
  workers_[index].gave_groups = true;
  question.progress_at = group_at_ = now;
  question.brought_nothing = false;
  question.left = question.left - group_set(groups);
  bool news = true;
  if (question.is_side) {
    scheduler_.held(groups);
  } else {
    news = scheduler_.verified(index, groups, now);
  }
  const auto& arrival = options_.arrival;
  if (news || (arrival && arrival->any_is_waited_for(group_set(groups)))) poke();
}

void Engine::received(Question& question) {
  question.progress_at = env_.clock.now();
  if (!question.is_side) scheduler_.alive(question.source, question.progress_at);
}

// Requires: the size is claimed.
std::uint64_t Engine::bytes_of(const GroupSet& groups) const {
  const bao::Tree tree(*target_->size());
  const auto n = count(within(groups, {0, tree.groups()}));
  if (n == 0) return 0;
  const auto short_by = groups.contains(ChunkIndex(tree.groups() - 1))
                            ? tree.groups() * bao::kGroupBytes - tree.size()
                            : 0;
  return n * bao::kGroupBytes - short_by;
}

std::vector<Engine::Question*> Engine::questions() const {
  std::vector<Question*> out;
  for (const auto& worker : workers_) {
    if (worker.question) out.push_back(worker.question.get());
    if (worker.side) out.push_back(worker.side.get());
  }
  return out;
}

void Engine::fill_in(FetchReport& report) const {
  const auto now = env_.clock.now();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& row = report.sources[i];
    row.left = row.lied || scheduler_.is_dropped(i);
    row.latency = scheduler_.latency(i);
    row.bytes_per_s =
        static_cast<std::uint64_t>(scheduler_.rate(i, now) * double{bao::kGroupBytes});
  }
}

}  // namespace archy::fetch

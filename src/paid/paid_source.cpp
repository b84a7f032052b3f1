#include "paid/paid_source.hpp"

#include <algorithm>

#include "bao/tree.hpp"
#include "base/log.hpp"
#include "paid/counted_blob.hpp"
#include "rt/scope.hpp"

namespace archy::paid {
namespace {

// Refusals and silences in a row, while he should deliver, until he is a cheat.
constexpr int kSilences = 2;
// What may be on its way when a question is called off: he has sent it, and is not to blame.
constexpr std::uint64_t kOnTheWay = 1u << 20;

// One asks or buys at a time.
class Turn {
 public:
  Turn(bool& taken, rt::Signal& changed) : taken_(taken), changed_(changed) { taken_ = true; }
  Turn(const Turn&) = delete;
  ~Turn() {
    taken_ = false;
    changed_.notify();
  }

 private:
  bool& taken_;
  rt::Signal& changed_;
};

// While it lives, what is written is counted.
class Counting {
 public:
  Counting(fetch::Attempt& attempt, std::function<void(std::uint64_t)> came)
      : attempt_(attempt), target_(attempt.target) {
    attempt.target = std::make_shared<CountedBlob>(target_, std::move(came));
  }
  Counting(const Counting&) = delete;
  ~Counting() { attempt_.target = std::move(target_); }

 private:
  fetch::Attempt& attempt_;
  std::shared_ptr<store::PartialBlob> target_;
};

bool is_of_the_way(Code code) {
  return code == Code::timed_out || code == Code::unreachable || code == Code::try_later;
}

bool is_a_lie(Code code) { return code == Code::corrupt || code == Code::peer_fault; }

std::uint64_t more(std::uint64_t a, std::uint64_t b) {
  return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

}  // namespace

PaidSource::PaidSource(const rt::Env& env, std::shared_ptr<Asker> asker,
                       std::shared_ptr<fetch::Source> bytes, streaming::Buyer* buyer,
                       PaidSourceOptions options)
    : env_(env),
      bytes_(std::move(bytes)),
      buyer_(buyer),
      options_(std::move(options)),
      asker_(std::move(asker)),
      changed_(env_.executor) {}

std::uint64_t PaidSource::price(const Blake3Hash&) const {
  if (!deal_ || deal_->access() != Access::priced || !deal_->terms()) return 0;
  const Terms& terms = *deal_->terms();
  if (!terms.by_bytes) return terms.smallest;
  const auto msat_per_byte = static_cast<double>(terms.by_bytes->per_step.value()) * 1000 /
                             static_cast<double>(terms.by_bytes->step_size);
  return 1 + static_cast<std::uint64_t>(std::min(msat_per_byte * (1u << 20), 1e15));
}

std::uint64_t PaidSource::ahead() const { return bought_ > came_ ? bought_ - came_ : 0; }

std::uint64_t PaidSource::at_risk() const {
  return more(ahead(), gone_ > excused_ ? gone_ - excused_ : 0);
}

Error PaidSource::leave(std::string why) {
  left_ = Error{Code::denied, std::move(why)};
  return *left_;
}

std::optional<std::uint64_t> PaidSource::needed(const fetch::Attempt& attempt) const {
  const auto size = attempt.target->size();
  if (!size) return std::nullopt;
  const auto missing =
      (attempt.wanted - attempt.target->have()).effective(bao::Tree(*size).chunks());
  std::uint64_t sum = 0;
  const auto boundaries = missing.boundaries();
  for (std::size_t i = 0; i + 1 < boundaries.size(); i += 2)
    sum += (std::min(boundaries[i + 1] * 1024, *size) - std::min(boundaries[i] * 1024, *size));
  return sum;
}

rt::Task<> PaidSource::fetch(fetch::Attempt& attempt) {
  if (left_) co_return fail(*left_);
  if (hash_ && *hash_ != attempt.hash) co_return fail(Code::denied, "bought for another blob");
  if (!deal_) {
    hash_ = attempt.hash;
    streaming::Purchase what{asker_->peer(), options_.root.value_or(attempt.hash), options_.film};
    deal_.emplace(env_, *asker_, buyer_, options_.policy, std::move(what), attempt.hash);
  }
  const Counting counting(attempt, [this](std::uint64_t bytes) {
    silences_ = 0;
    if (bought_ == 0) return;
    came_ = more(came_, bytes);
    changed_.notify();
  });
  for (;;) {
    CO_TRY_OK(co_await make_ready(attempt));
    const std::uint64_t before = came_, paid_for = bought_;
    auto went = co_await run(attempt);
    if (went) co_return went;
    const bool broken_off = attempt.stop.stop_requested();
    if (broken_off || is_of_the_way(went.error().code)) may_have_sent_more_ = true;
    if (broken_off) excused_ = more(excused_, std::min(ahead(), kOnTheWay));
    if (broken_off && !is_a_lie(went.error().code)) co_return went;
    const bool paying = at_it_ || bought_ != paid_for;
    CO_TRY_OK(judge(went.error(), came_ - before, paying));
  }
}

rt::Task<> PaidSource::make_ready(fetch::Attempt& attempt) {
  while (at_it_) (void)co_await changed_.wait(env_.clock);
  const Turn turn(at_it_, changed_);
  if (left_) co_return fail(*left_);
  if (deal_->access() == Access::unasked) {
    CO_TRY(access, co_await deal_->negotiate(needed(attempt), attempt.over));
    if (access == Access::closed) co_return fail(leave(deal_->why_closed()));
  }
  if (deal_->access() == Access::priced && ahead() < bao::kGroupBytes)
    CO_TRY_OK(co_await buy_one(needed(attempt), attempt.over));
  co_return Result<>{};
}

rt::Task<> PaidSource::buy_one(std::optional<std::uint64_t> needed, std::stop_token stop) {
  if (needed) needed = *needed - std::min(*needed, ahead());
  const auto portion = deal_->next(needed, at_risk());
  if (!portion && ahead() < bao::kGroupBytes && needed != std::uint64_t{0})
    co_return fail(leave("more than one portion would be at risk"));
  if (!portion) co_return Result<>{};
  auto bought = co_await deal_->buy(*portion, needed, std::move(stop));
  if (!bought && bought.error().code == Code::denied) co_return fail(leave(bought.error().detail));
  CO_TRY_OK(std::move(bought));
  bought_ = more(bought_, portion->bytes);
  co_return Result<>{};
}

rt::Task<> PaidSource::run(fetch::Attempt& attempt) {
  rt::Scope scope(env_.executor);
  if (deal_->access() == Access::priced) scope.start(pay_along(attempt, scope.stop_token()));
  auto went = co_await bytes_->fetch(attempt);
  scope.request_stop();
  changed_.notify();
  co_await scope.close(env_.clock);
  co_return went;
}

boost::asio::awaitable<void> PaidSource::pay_along(fetch::Attempt& attempt, std::stop_token stop) {
  while (!stop.stop_requested() && !left_) {
    const auto wanted = needed(attempt);
    const bool enough = wanted && *wanted <= ahead();
    if (!at_it_ && !enough && deal_->next(wanted, at_risk())) {
      const Turn turn(at_it_, changed_);
      if (auto bought = co_await buy_one(wanted, attempt.over); !bought) co_return;
      continue;
    }
    (void)co_await changed_.wait(env_.clock);
  }
}

// He counts what he sends, and this what arrives: what was on its way when a question broke off is
// paid for and gone. It counts as at risk from then on.
bool PaidSource::write_off() {
  if (!may_have_sent_more_) return false;
  may_have_sent_more_ = false;
  gone_ = more(gone_, ahead());
  bought_ = came_;
  return true;
}

Result<> PaidSource::cheated(Error error) {
  deal_->not_delivered();
  left_ = std::move(error);
  return fail(*left_);
}

Result<> PaidSource::judge(const Error& error, std::uint64_t came, bool paying) {
  if (left_) return fail(*left_);
  const bool owes = deal_->access() == Access::priced && ahead() >= bao::kGroupBytes;
  if (is_a_lie(error.code)) {
    if (owes) return cheated(error);
    left_ = error;
    return fail(error);
  }
  switch (error.code) {
    case Code::not_found:
      if (owes) return cheated(error);
      return fail(error);
    case Code::denied:
      if (came > 0) silences_ = 0;
      // What was paid for ran out while the next payment was on its way.
      if (paying) return {};
      if (owes && write_off()) return {};
      if (++silences_ > kSilences) {
        if (owes) return cheated({Code::denied, "it was paid, and refuses"});
        return fail(leave(error.detail));
      }
      // What was granted is used up, or a price has come up since.
      deal_->ask_again();
      return {};
    default:
      break;
  }
  if (owes && is_of_the_way(error.code) && came == 0 && ++silences_ >= kSilences)
    return cheated({Code::denied, "it was paid, and nothing comes"});
  return fail(error);
}

}  // namespace archy::paid

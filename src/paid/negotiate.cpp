#include "paid/negotiate.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "rt/signal.hpp"
#include "wire/id_text.hpp"

namespace archy::paid {
namespace {

// A token that no answer came to, or "try later", is shown again so often, so long apart.
constexpr int kShowings = 3;
constexpr std::uint64_t kPortionsAtOnce = 16;
constexpr auto kPause = std::chrono::milliseconds(500);

bool is_later(const PaidAnswer& answer) {
  const auto* denied = std::get_if<Denied>(&answer);
  return denied != nullptr && denied->try_later;
}

}  // namespace

Negotiation::Negotiation(const rt::Env& env, Asker& asker, streaming::Buyer* buyer,
                         streaming::PaymentPolicy policy, streaming::Purchase what, Blake3Hash want)
    : env_(env),
      asker_(asker),
      buyer_(buyer),
      policy_(policy),
      what_(std::move(what)),
      want_(want) {
  if (!policy_.pays()) buyer_ = nullptr;
}

PaidRequest Negotiation::question() const { return {.want = want_, .version = 1}; }

Access Negotiation::close(std::string why) {
  log::debug("paid", "{} is left: {}", wire::short_id(what_.seller), why);
  why_ = std::move(why);
  return access_ = Access::closed;
}

rt::Task<Access> Negotiation::negotiate(std::optional<std::uint64_t> needed, std::stop_token stop) {
  if (access_ == Access::closed) co_return access_;
  if (buyer_ != nullptr && access_ == Access::unasked) {
    CO_TRY_OK(co_await show_unanswered(stop));
    if (access_ != Access::unasked) co_return access_;
  }
  PaidRequest asked = question();
  auto answer = co_await asker_.ask(std::move(asked), std::move(stop));
  if (!answer && answer.error().code == Code::cancelled) co_return fail(answer.error());
  // Who says nothing that can be understood is asked for the bytes: he refuses by himself.
  if (!answer || std::holds_alternative<Granted>(*answer)) co_return access_ = Access::open;
  if (is_later(*answer)) co_return fail(Code::try_later, "the peer is to be asked later");
  if (const auto* denied = std::get_if<Denied>(&*answer)) co_return close(denied->reason);
  const auto agreed = agree(std::get<PaymentRequired>(*answer), needed);
  if (!agreed) co_return close(to_string(agreed.error()));
  co_return access_ = Access::priced;
}

Result<> Negotiation::agree(const PaymentRequired& required, std::optional<std::uint64_t> needed) {
  if (buyer_ == nullptr) return fail(Code::denied, "it asks for money");
  TRY(terms, terms_of(required));
  if (terms_ && dearer(*terms_, terms)) return fail(Code::denied, "it asks for more than it did");
  TRY(lost, buyer_->lost_to(what_.seller));
  if (lost > Amount(0)) return fail(Code::denied, "it took a payment and gave nothing for it");
  TRY(room, buyer_->room(policy_, what_));
  // What he asks for all of it, where it is not known what is wanted.
  const std::uint64_t price = needed ? price_of(terms, *needed) : required.price_sats;
  if (price > room.value())
    return fail(Code::denied, "it asks for " + std::to_string(price) + " sat, and " +
                                  std::to_string(room.value()) + " may be paid");
  quote_ = required.quote;
  if (!terms_) terms_ = std::move(terms);
  return {};
}

std::optional<Portion> Negotiation::next(std::optional<std::uint64_t> needed,
                                         std::uint64_t ahead) const {
  if (access_ != Access::priced || !terms_) return std::nullopt;
  return next_portion(*terms_, policy_, needed, ahead);
}

// What an earlier run has handed to him counts before anything else is bought.
rt::Task<> Negotiation::show_unanswered(std::stop_token stop) {
  (void)co_await buyer_->calls_back_ended();  // what takes longer is shown another time
  for (;;) {
    auto found = buyer_->unanswered(what_.seller, what_.blob);
    if (!found || !*found) co_return Result<>{};
    const streaming::Instalment instalment = std::move(**found);
    const Amount before = paid_;
    auto answer = co_await hand(instalment, std::nullopt, stop);
    if (co_await settle(instalment, std::move(answer), When::before, stop)) access_ = Access::open;
    if (paid_ == before) co_return Result<>{};
  }
}

rt::Task<PaidAnswer> Negotiation::hand(const streaming::Instalment& instalment,
                                       std::optional<std::uint64_t> bytes, std::stop_token stop) {
  CO_TRY_OK(buyer_->handing(instalment.id));
  for (int showing = 1;; ++showing) {
    PaidRequest asked = question();
    asked.token.emplace(instalment.token);
    asked.bytes = bytes;
    asked.quote = quote_;
    auto answer = co_await asker_.ask(std::move(asked), stop);
    if (answer && !is_later(*answer)) co_return answer;
    if (showing == kShowings || stop.stop_requested()) co_return answer;
    CO_TRY_OK(co_await rt::sleep_until(env_.executor, env_.clock, env_.clock.now() + kPause, stop));
  }
}

boost::asio::awaitable<bool> Negotiation::settle(const streaming::Instalment& instalment,
                                                 Result<PaidAnswer> answer, When when,
                                                 std::stop_token stop) {
  const streaming::Receipt* receipt = nullptr;
  const bool granted = answer && std::holds_alternative<Granted>(*answer);
  if (granted) {
    const auto& given = std::get<Granted>(*answer).receipt;
    if (given) receipt = &*given;
  } else if (answer && std::holds_alternative<PaymentRequired>(*answer)) {
    const auto& given = std::get<PaymentRequired>(*answer).receipt;
    if (given) receipt = &*given;
  }
  if (granted || receipt != nullptr) {
    const auto booked =
        buyer_->taken(instalment.id, receipt != nullptr ? receipt->payment : std::string());
    if (!booked) log::warn("paid", "a receipt is not kept: {}", to_string(booked.error()));
    last_ = instalment.id;
    paid_ = Amount(paid_.value() + instalment.amount.value() + instalment.fee.value());
    // He has it, says so, and wants more: for what it was to buy, nothing comes. What an earlier
    // run has bought may be used up.
    if (!granted && when == When::now) not_delivered();
    co_return granted;
  }
  (void)co_await buyer_->call_back(instalment.id, std::move(stop));
  co_return false;
}

// Ecash for so many portions is brought to a mint of his at once, where it has to be brought.
streaming::Amount Negotiation::soon(const Portion& portion,
                                    std::optional<std::uint64_t> needed) const {
  if (!terms_->by_bytes) return Amount(0);
  const std::uint64_t most = portion.sats * kPortionsAtOnce;
  return Amount(needed ? std::min(most, price_of(*terms_, *needed)) : most);
}

rt::Task<> Negotiation::buy(Portion portion, std::optional<std::uint64_t> needed,
                            std::stop_token stop) {
  if (buyer_ == nullptr || !terms_) co_return fail(Code::denied, "nothing is ever paid");
  std::vector<std::string> mints = terms_->mints;
  std::string why;
  const Amount all = soon(portion, needed);
  const auto instalment = co_await buyer_->auto_pay_token(policy_, what_, std::move(mints),
                                                          Amount(portion.sats), stop, &why, all);
  if (!instalment) {
    if (stop.stop_requested()) co_return fail(Code::cancelled);
    close(why);
    co_return fail(Code::denied, why_);
  }
  std::optional<std::uint64_t> bytes;
  if (terms_->by_bytes) bytes = portion.bytes;
  auto answer = co_await hand(*instalment, bytes, stop);
  std::string said = "it does not answer to a payment";
  if (answer && std::holds_alternative<Denied>(*answer))
    said = "it refused a payment: " + std::get<Denied>(*answer).reason;
  if (answer && std::holds_alternative<PaymentRequired>(*answer))
    said = "it asks for more after a payment";
  if (co_await settle(*instalment, std::move(answer), When::now, stop)) co_return Result<>{};
  if (stop.stop_requested()) co_return fail(Code::cancelled);
  close(std::move(said));
  co_return fail(Code::denied, why_);
}

void Negotiation::not_delivered() {
  if (!last_ || buyer_ == nullptr) return;
  const auto noted = buyer_->not_delivered(*last_);
  if (!noted) log::warn("paid", "a loss is not kept: {}", to_string(noted.error()));
  last_.reset();
}

}  // namespace archy::paid

#include <algorithm>

#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "streaming/gate_impl.hpp"

namespace archy::streaming {
namespace {

using namespace std::chrono_literals;

// A buyer gives a seller ten seconds. What is not decided by then is gone on with by the wallet.
constexpr wallet::Patience kPatience{.all = 8s, .answer = 6s, .insists = false};
// For the same token in another ask.
constexpr auto kOthersPatience = 9s;
constexpr std::size_t kRedeemsAtOnce = 64;
// How long a peer is met with grace after an error.
constexpr auto kTrouble = 60s;
constexpr std::size_t kMostTroubled = 4096;

// What the smallest purchase gives, or all of it where that is less.
std::uint64_t least_units(const Want& want, const Price& terms) {
  const std::uint64_t smallest = terms.step_size * terms.min_steps;  // fits: check()
  return want.size == 0 ? smallest : std::min(want.size, smallest);
}

// The wallet's word on the token itself, which would be the same tomorrow.
bool is_about_the_token(Code code) {
  return code == Code::bad_input || code == Code::denied || code == Code::unsupported ||
         code == Code::not_found;
}

}  // namespace

boost::asio::awaitable<GateAnswer> Gate::Impl::ask(Want want,
                                                   std::optional<Secret<std::string>> token,
                                                   std::stop_token stop) {
  if (want.klass == ContentClass::public_)
    co_return GateAnswer{GateVerdict::allowed, {}, {}, "free"};
  sweep();
  const auto shop = this->shop(want.service);
  if (!shop) co_return on_error(want, shop.error());
  if (!shop->service.enabled && want.klass == ContentClass::metered)
    co_return GateAnswer{GateVerdict::allowed, {}, {}, "nothing is asked for it now"};
  if (!shop->service.enabled)
    co_return GateAnswer{GateVerdict::unavailable, {}, {}, "it is not sold now"};
  if (!token) co_return decide(want, *shop, {});
  if (refusals_.is_shut_out(want.peer, now()))
    co_return GateAnswer{GateVerdict::unavailable, {}, {}, "too many worthless tokens"};
  auto paid = co_await pay(want, std::move(*token), std::move(stop));
  if (paid && paid->verdict == GateVerdict::failed) refusals_.note(want.peer, now());
  if (!paid) co_return on_error(want, paid.error());
  co_return std::move(*paid);
}

GateAnswer Gate::Impl::on_error(const Want& want, const Error& error) {
  log::debug("streaming", "the gate cannot decide: {}", to_string(error));
  if (test_hooks::planted("gate_error_is_allow"))
    return {GateVerdict::allowed, {}, {}, error.detail};
  if (want.klass == ContentClass::metered) {
    const auto db = purse_.database();
    const auto room = db ? grace_.has_room(**db, want.peer, want.prefix, now_ms())
                         : Result<bool>(fail(db.error()));
    if (room && *room) {
      note_trouble(want);
      return {GateVerdict::allowed, {}, {}, "not decided; a little of it is free meanwhile"};
    }
  }
  return {GateVerdict::unavailable, {}, {}, to_string(error)};
}

void Gate::Impl::note_trouble(const Want& want) {
  if (trouble_.size() >= kMostTroubled) trouble_.clear();
  trouble_[scope_of(want)] = now() + kTrouble;
}

bool Gate::Impl::has_trouble(const Scope& scope) const {
  const auto found = trouble_.find(scope);
  return found != trouble_.end() && found->second > now();
}

Result<Quote> Gate::Impl::quote_for(const Want& want, const Shop& shop, std::uint64_t unused) {
  const Price& terms = shop.service.price;
  TRY(price, purchase_of(terms, want.size - std::min(want.size, unused)));
  TRY(mints, accepted(shop.service));
  return Quote{quotes_.name(scope_of(want), terms, now(), env_.random), price, terms,
               std::move(mints), now_ms() + kQuoteMs};
}

GateAnswer Gate::Impl::decide(const Want& want, const Shop& shop,
                              const std::optional<Payment>& paid) {
  const Price& terms = shop.service.price;
  if (terms.per_step == Amount(0) && !paid) return {GateVerdict::allowed, {}, {}, "free"};
  const auto loaded = load(*shop.db, scope_of(want));
  if (!loaded) return on_error(want, loaded.error());
  Live* const live = *loaded;
  if (live != nullptr)
    if (auto fresh = refresh(*live); !fresh) return on_error(want, fresh.error());
  GateAnswer out;
  if (paid)
    out.receipt = Receipt{paid->name, Amount(paid->net.value() / 1000),
                          live != nullptr ? live->account.left() : Msat(0)};
  const std::uint64_t unused = live != nullptr ? live->account.unused() : 0;
  if (live != nullptr && unused >= least_units(want, live->account.terms())) {
    out.verdict = paid ? GateVerdict::paid_and_allowed : GateVerdict::allowed;
    return out;
  }
  auto quote = quote_for(want, shop, unused);
  if (!quote) return on_error(want, quote.error());
  out.quote = std::move(*quote);
  out.verdict = paid ? GateVerdict::insufficient : GateVerdict::payment_required;
  out.reason = paid ? "it is credit now, and less than the smallest purchase" : "";
  return out;
}

Result<std::optional<GateAnswer>> Gate::Impl::standing(const Want& want, const SeenToken& seen) {
  TRY(shop, this->shop(want.service));
  SessionBook book(*shop.db);
  TRY(payment, book.payment(seen.name));
  if (!payment) {
    for (const crypto::Point& y : seen.ys) {
      TRY(known, book.is_received(y.compressed()));
      if (known) return std::optional(failed("this token, or a part of it, was used before"));
    }
    return std::optional<GateAnswer>{};
  }
  if (payment->scope != scope_of(want))
    return std::optional(failed("this token was used before, for something else"));
  switch (payment->state) {
    case PaymentState::credited:
      if (test_hooks::planted("gate_credits_twice"))
        TRY_OK(shop.db->connection().run(
            "UPDATE sessions SET credit_msat = credit_msat + ? WHERE id = ?", payment->net.value(),
            payment->session.value()));
      return std::optional(decide(want, shop, payment));
    case PaymentState::failed:
      return std::optional(failed("its mint does not take this token"));
    case PaymentState::open:
      break;
  }
  if (test_hooks::planted("gate_grants_before_redeem"))
    return std::optional(decide(want, shop, payment));
  return std::optional(
      GateAnswer{GateVerdict::unavailable, {}, {}, "its mint has not answered yet"});
}

rt::Task<GateAnswer> Gate::Impl::pay(Want want, Secret<std::string> token, std::stop_token stop) {
  CO_TRY(shop, this->shop(want.service));
  CO_TRY(mints, accepted(shop.service));
  auto looked = look_at_token(token, mints);
  if (!looked) co_return failed(looked.error().detail);
  const SeenToken seen = std::move(*looked);
  const rt::Instant until = now() + kOthersPatience;
  while (redeeming_.contains(seen.name)) {
    auto woken = co_await redeemed_.wait(env_.clock, until);
    if (!woken) co_return fail(Code::try_later, "this token is being redeemed");
  }
  CO_TRY(before, standing(want, seen));
  if (before && before->verdict != GateVerdict::unavailable) co_return std::move(*before);
  if (redeeming_.size() >= kRedeemsAtOnce)
    co_return fail(Code::try_later, "too many tokens are being redeemed");
  const Scope scope = scope_of(want);
  redeeming_.insert(seen.name);
  paying_.insert(scope);
  auto out = co_await redeem(std::move(want), std::move(token), seen, std::move(stop));
  redeeming_.erase(seen.name);
  paying_.erase(paying_.find(scope));
  redeemed_.notify();
  co_return out;
}

Result<> Gate::Impl::begin_payment(const Want& want, const SeenToken& seen, const Price& terms,
                                   wallet::OperationId operation) {
  TRY(db, purse_.database());
  SessionBook book(*db);
  TRY_OK(book.begin_payment(scope_of(want), seen.name, operation, terms, now_ms()));
  if (test_hooks::planted("gate_grants_before_redeem"))
    TRY_OK(db->connection().run(
        "UPDATE sessions SET credit_msat = credit_msat + ? WHERE id = (SELECT session FROM "
        "payments WHERE operation = ?)",
        seen.value.value() * 1000, operation.value()));
  return {};
}

rt::Task<GateAnswer> Gate::Impl::redeem(Want want, Secret<std::string> token, SeenToken seen,
                                        std::stop_token stop) {
  CO_TRY(shop, this->shop(want.service));
  const Price terms = quotes_.best(scope_of(want), shop.service.price, want.size, now());
  std::function<Result<>(wallet::OperationId)> on_begun = [this, want, seen,
                                                           terms](wallet::OperationId operation) {
    return begin_payment(want, seen, terms, operation);
  };
  auto taken =
      co_await purse_.redeem(std::move(token), std::move(on_begun), kPatience, std::move(stop));
  if (!taken && taken.error().code == Code::payment_needed) {
    CO_TRY(sold, this->shop(want.service));
    GateAnswer out = decide(want, sold, {});
    if (out.verdict == GateVerdict::payment_required) out.verdict = GateVerdict::insufficient;
    out.reason = taken.error().detail + "; it is untouched";
    co_return out;
  }
  if (!taken && is_about_the_token(taken.error().code)) co_return failed(taken.error().detail);
  if (!taken) co_return fail(taken.error());
  CO_TRY(stands, standing(want, seen));
  if (!stands) co_return failed("its mint does not take this token");
  if (stands->verdict == GateVerdict::unavailable) co_return fail(Code::try_later, stands->reason);
  co_return std::move(*stands);
}

}  // namespace archy::streaming

#include "streaming/buyer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "streaming/buyer_impl.hpp"

namespace archy::streaming {
namespace {

// A mint that did not answer lately is not waited for: other peers and the origin are there.
constexpr wallet::Patience kPatience{
    .all = std::chrono::seconds(30), .answer = std::chrono::seconds(20), .insists = false};

// Looks at a wallet whose ecash others hold.
constexpr int kMostBuilt = 32;

PurchaseView view_of(PurchaseRow row) {
  const bool nothing_paid =
      row.state == PurchaseState::none || row.state == PurchaseState::had_back;
  const Amount amount = nothing_paid ? Amount(0) : row.price;
  return {.id = row.id,
          .what = std::move(row.what),
          .state = row.state,
          .amount = amount,
          .fee = row.cost.minus(amount).value_or(Amount(0)),
          .payment = std::move(row.payment),
          .at_ms = row.at_ms,
          .undelivered = row.undelivered};
}

Amount worst_of(const PurchaseRow& row) { return Amount(row.price.value() + row.most_fee.value()); }

}  // namespace

Buyer::Buyer(const rt::Env& env, Purse& purse) : impl_(std::make_unique<Impl>(env, purse)) {}
Buyer::~Buyer() = default;

Result<PurchaseRow> Buyer::Impl::begin(const PaymentPolicy& policy, const Purchase& what,
                                       std::vector<std::string> mints, Amount price) {
  TRY(book, this->book());
  TRY(lost, book.lost_to(what.seller, a_day_ago()));
  if (lost > Amount(0))
    return fail(Code::denied, "it took a payment within the last day and gave nothing for it");
  return book.begin(policy, what, std::move(mints), price, now_ms());
}

rt::Task<> Buyer::Impl::build(PurchaseRow& row, Amount soon, std::stop_token stop) {
  wallet::PaymentTerms terms{row.mints, row.price, row.most_fee, soon};
  std::string key = row.key();
  CO_TRY(outcome, co_await purse.pay(std::move(terms), std::move(key), kPatience, stop));
  CO_TRY(book, this->book());
  CO_TRY(known, book.in_wallet(row));
  if (const auto* none = std::get_if<wallet::NoPayment>(&outcome)) {
    if (known.is_open) co_return fail(Code::try_later, none->why);
    const Amount cost = std::min(known.fees, worst_of(row));
    CO_TRY_OK(book.update(row, PurchaseState::none, cost, now_ms()));
    const bool is_short = none->reason == wallet::Refusal::no_balance;
    co_return fail(is_short ? Code::payment_needed : Code::denied,
                   std::string(to_string(none->reason)) + ": " + none->why);
  }
  row.token = std::get<wallet::Payment>(outcome).token;
  CO_TRY(sent, purse.show(*row.token));
  const auto cost = sent.operation.amount.plus(known.fees).value_or(worst_of(row));
  co_return book.update(row, row.state, std::min(cost, worst_of(row)), now_ms());
}

Result<Instalment> Buyer::Impl::instalment_of(const PurchaseRow& row) {
  if (!row.token) return fail(Code::internal, "a purchase without a token");
  TRY(token, purse.token_of(*row.token));
  return Instalment{row.id, std::move(token), row.price,
                    row.cost.minus(row.price).value_or(Amount(0))};
}

rt::Task<Instalment> Buyer::Impl::buy(PaymentPolicy policy, Purchase what,
                                      std::vector<std::string> mints, Amount price, Amount soon,
                                      std::stop_token stop) {
  if (!policy.pays()) co_return fail(Code::denied, "nothing is ever paid");
  for (int tries = 1;; ++tries) {
    CO_TRY(row, begin(policy, what, mints, price));
    in_hand.insert(row.id);
    ++building;
    auto built = co_await build(row, soon, stop);
    --building;
    built_one.notify();
    auto out = built ? instalment_of(row) : Result<Instalment>(fail(built.error()));
    if (out) co_return out;
    in_hand.erase(row.id);
    // What other payments hold now may be change when they are through.
    const bool is_short = !built && built.error().code == Code::payment_needed;
    if (!is_short || building == 0 || tries == kMostBuilt) co_return out;
    CO_TRY_OK(co_await built_one.wait(env.clock));
    if (stop.stop_requested()) co_return fail(Code::cancelled);
  }
}

boost::asio::awaitable<std::optional<Instalment>> Buyer::auto_pay_token(
    PaymentPolicy policy, Purchase what, std::vector<std::string> accepted_mints, Amount price,
    std::stop_token stop, std::string* why, Amount soon) {
  auto bought = co_await impl_->buy(policy, std::move(what), std::move(accepted_mints), price, soon,
                                    std::move(stop));
  if (bought) co_return std::move(*bought);
  if (why != nullptr) *why = to_string(bought.error());
  co_return std::nullopt;
}

Result<Amount> Buyer::room(const PaymentPolicy& policy, const Purchase& what) {
  if (!policy.pays()) return Amount(0);
  TRY(book, impl_->book());
  TRY(spent, book.spent(what, impl_->now_ms()));
  return room_under(policy, what, spent);
}

Result<std::optional<Instalment>> Buyer::unanswered(const EndpointId& seller,
                                                    const Blake3Hash& blob) {
  TRY(book, impl_->book());
  TRY(rows, book.unanswered(seller, blob, impl_->a_day_ago()));
  for (const PurchaseRow& row : rows) {
    if (impl_->in_hand.contains(row.id) || impl_->called_back.contains(row.id)) continue;
    auto found = impl_->instalment_of(row);
    if (!found) continue;
    impl_->in_hand.insert(row.id);
    return std::optional(std::move(*found));
  }
  return std::optional<Instalment>{};
}

Result<> Buyer::handing(PurchaseId id) {
  TRY(book, impl_->book());
  TRY(row, book.find(id));
  if (!row) return fail(Code::not_found, "no such purchase");
  if (row->state == PurchaseState::handed || row->state == PurchaseState::lost) return {};
  if (row->state != PurchaseState::begun || impl_->called_back.contains(id))
    return fail(Code::denied, "this purchase is over");
  return book.update(*row, PurchaseState::handed, row->cost, impl_->now_ms());
}

Result<> Buyer::taken(PurchaseId id, std::string payment) {
  impl_->in_hand.erase(id);
  TRY(book, impl_->book());
  TRY(row, book.find(id));
  if (!row) return fail(Code::not_found, "no such purchase");
  if (row->state == PurchaseState::taken) return {};
  if (row->state != PurchaseState::handed && row->state != PurchaseState::lost)
    return fail(Code::denied, "this purchase is over, or its token was never handed out");
  row->payment = std::move(payment);
  return book.update(*row, PurchaseState::taken, row->cost, impl_->now_ms());
}

Result<> Buyer::not_delivered(PurchaseId id) {
  TRY(book, impl_->book());
  return book.mark_undelivered(id, impl_->now_ms());
}

Result<std::vector<PurchaseView>> Buyer::purchases(std::optional<Blake3Hash> blob,
                                                   std::uint64_t limit) {
  TRY(book, impl_->book());
  TRY(rows, book.list(blob, limit));
  std::vector<PurchaseView> out;
  for (PurchaseRow& row : rows) out.push_back(view_of(std::move(row)));
  return out;
}

Result<Amount> Buyer::lost_to(const EndpointId& seller) {
  TRY(book, impl_->book());
  return book.lost_to(seller, impl_->a_day_ago());
}

}  // namespace archy::streaming

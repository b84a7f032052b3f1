// Tokens that are had back: refused ones, unanswered ones, and those of a run that ended.
#include "base/log.hpp"
#include "streaming/buyer_impl.hpp"
#include "wire/id_text.hpp"

namespace archy::streaming {
namespace {

constexpr wallet::Patience kPatience{
    .all = std::chrono::seconds(20), .answer = std::chrono::seconds(10), .insists = false};

}  // namespace

Result<> Buyer::Impl::settle_by_token(PurchaseRow& row) {
  TRY(view, purse.show(*row.token));
  TRY(book, this->book());
  if (view.operation.stage == wallet::Stage::redeemed) {
    log::warn("buyer", "{} has {} sat and granted nothing", wire::short_id(row.what.seller),
              row.price.value());
    return book.update(row, PurchaseState::lost, row.cost, now_ms());
  }
  if (view.operation.stage != wallet::Stage::undone) return {};
  TRY(known, book.in_wallet(row));
  TRY(fee, book.fee_of_taking_back(*row.token));
  const Amount cost = std::min(known.fees.plus(fee).value_or(row.cost), row.cost);
  return book.update(row, PurchaseState::had_back, cost, now_ms());
}

rt::Task<> Buyer::Impl::take_back(PurchaseRow& row, std::stop_token stop) {
  CO_TRY_OK(settle_by_token(row));
  if (!row.is_open()) co_return Result<>{};
  auto swapped = co_await purse.take_back(*row.token, kPatience, std::move(stop));
  CO_TRY_OK(settle_by_token(row));
  if (!row.is_open() || swapped) co_return Result<>{};
  if (swapped.error().code != Code::denied) co_return fail(swapped.error());
  CO_TRY(book, this->book());
  CO_TRY(under_way, book.is_being_taken_back(*row.token));
  if (under_way) co_return fail(Code::try_later, "the wallet has not taken the token back yet");
  // It is out, and worth less than taking it back costs.
  co_return book.update(row, PurchaseState::lost, row.cost, now_ms());
}

rt::Task<PurchaseState> Buyer::Impl::call_back(PurchaseId id, std::stop_token stop) {
  CO_TRY(book, this->book());
  CO_TRY(found, book.find(id));
  if (!found) co_return fail(Code::not_found, "no such purchase");
  PurchaseRow row = std::move(*found);
  if (!row.is_open()) co_return row.state;
  if (!row.token) {
    CO_TRY(known, book.in_wallet(row));
    if (!known.begun) {
      CO_TRY_OK(book.update(row, PurchaseState::none, Amount(0), now_ms()));
      co_return row.state;
    }
    // It was begun, so it is carried through: only then is it known what there is to be had back.
    auto built = co_await build(row, {}, stop);
    if (!built && row.is_open()) co_return fail(built.error());
    if (!row.is_open()) co_return row.state;
  }
  CO_TRY_OK(co_await take_back(row, std::move(stop)));
  co_return row.state;
}

boost::asio::awaitable<PurchaseState> Buyer::call_back(PurchaseId id, std::stop_token stop) {
  if (!impl_->called_back.insert(id).second) co_return PurchaseState::handed;
  auto ended = co_await impl_->call_back(id, std::move(stop));
  impl_->called_back.erase(id);
  impl_->called_one.notify();
  impl_->in_hand.erase(id);
  if (ended) co_return *ended;
  log::debug("buyer", "purchase {} cannot be called back now: {}", id.value(),
             to_string(ended.error()));
  auto book = impl_->book();
  auto row = book ? book->find(id) : Result<std::optional<PurchaseRow>>(fail(book.error()));
  co_return row && *row ? (*row)->state : PurchaseState::handed;
}

rt::Task<> Buyer::calls_back_ended() {
  const rt::Instant latest = impl_->env.clock.now() + kPatience.all;
  while (!impl_->called_back.empty())
    CO_TRY_OK(co_await impl_->called_one.wait(impl_->env.clock, latest));
  co_return Result<>{};
}

rt::Task<> Buyer::recover(std::stop_token stop) {
  std::vector<PurchaseRow> rows;
  {
    CO_TRY(book, impl_->book());
    CO_TRY(open, book.open());
    rows = std::move(open);
  }
  for (const PurchaseRow& row : rows) {
    if (stop.stop_requested()) co_return fail(Code::cancelled);
    if (impl_->in_hand.contains(row.id)) continue;
    const PurchaseState now = co_await call_back(row.id, stop);
    log::debug("buyer", "purchase {} of before: {}", row.id.value(), static_cast<int>(now));
  }
  co_return Result<>{};
}

}  // namespace archy::streaming

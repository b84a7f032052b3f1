#include "wallet/mint_flow.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "cashu/bolt11.hpp"
#include "cashu/mint_answers.hpp"
#include "wallet/bodies.hpp"
#include "wallet/restore_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// After its end nobody pays a quote any more; a payment on its way may take that long.
constexpr std::uint64_t kLatePaymentS = std::uint64_t{24} * 3600;

// While it lives the operation is being begun.
class Beginning {
 public:
  Beginning(Books& books, OperationId id) : books_(books), id_(id) {
    books_.being_begun.insert(id);
  }
  ~Beginning() { books_.being_begun.erase(id_); }
  Beginning(const Beginning&) = delete;

 private:
  Books& books_;
  OperationId id_;
};

// The invoice is for what was asked for, and not for something else.
Result<> check_invoice(const cashu::MintQuote& quote, Amount amount) {
  auto invoice = cashu::parse_invoice(quote.invoice);
  if (!invoice)
    return fail(Code::peer_fault, "the mint's invoice cannot be read: " + invoice.error().detail);
  if (invoice->amount_msat != amount.value() * 1000)
    return fail(Code::peer_fault, "the mint's invoice is for another amount");
  return {};
}

Result<> check_terms(const KnownMint& mint, Amount amount) {
  const auto& methods = mint.info().mint_methods;
  const auto terms = std::ranges::find_if(methods, [](const cashu::MethodTerms& each) {
    return each.method == "bolt11" && each.unit == kUnit;
  });
  if (terms == methods.end())
    return fail(Code::unsupported, mint.url() + " does not make ecash of Lightning payments now");
  if ((terms->min && amount < *terms->min) || (terms->max && amount > *terms->max))
    return fail(Code::unsupported,
                mint.url() + " takes " + std::to_string(terms->min.value_or(Amount(1)).value()) +
                    " to " + (terms->max ? std::to_string(terms->max->value()) : "any") + " sat");
  return {};
}

bool asks_for(const StoredRequest& claim, Amount amount) {
  Amount sum;
  for (const PlannedOutput& planned : claim.outputs())
    sum = sum.plus(planned.output.message.amount).value_or(sum);
  return sum == amount;
}

// What is paid is claimed with the request that is stored for it, or with a new one, which takes
// its place.
Result<> store_claim(Books& books, KnownMint& mint, Operation& operation,
                     std::optional<StoredRequest>& stored, std::optional<Amount> due) {
  const bool fits = stored && (stored->was_sent() || !due || asks_for(*stored, *due));
  if (fits) {
    operation.stage = Stage::requested;
    // Sending it is durable.
    TRY(transaction, books.db.begin(db::Durable::with_the_next));
    TRY_OK(books.operations.update(operation, books.now_ms()));
    return transaction.commit();
  }
  TRY(requests, books.journal.requests_of(operation.id));
  if (requests.size() >= kMostRequests) {
    operation.state = OperationState::needs_attention;
    operation.note = "the mint gives its ecash to none of our claims";
    return books.operations.update(operation, books.now_ms());
  }
  TRY(transaction, books.db.begin());
  if (stored) TRY_OK(books.journal.give_up(*stored));
  TRY(claim, store_exchange(books, mint, std::move(transaction), operation, {.keep = *due}));
  stored = std::move(claim);
  return {};
}

// Whether more was paid than may lie there: then somebody has to say what is to be done.
Result<bool> note_too_much(Books& books, const KnownMint& mint, Operation& operation, Amount due) {
  const auto fits = operation.part_of ? within_cap(books, mint, due)
                                      : within_cap_of_all(books, mint, due, operation.id);
  if (fits) return false;
  if (fits.error().code != Code::denied) return fail(fits.error());
  operation.state = OperationState::needs_attention;
  operation.note =
      "the invoice was paid with " + std::to_string(due.value()) + " sat: " + fits.error().detail;
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return true;
}

// By the mint itself, with its words.
bool is_refusal(Code code) { return code == Code::not_found || code == Code::bad_input; }

// Issued, and not for a claim that is stored here.
rt::Task<> on_issued(Books& books, KnownMint& mint, Operation& operation, std::stop_token stop) {
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY(rescued, co_await rescue(books, mint, operation, nullptr, stop));
  if (rescued) co_return Result<>{};
  CO_TRY(doubted, books.recoveries.concerns(operation));
  if (doubted) co_return end_mint(books, operation, "a newer copy of this wallet had it issued");
  operation.state = OperationState::needs_attention;
  operation.note = "the mint says that it has issued the ecash, and nobody here asked for it";
  co_return books.operations.update(operation, books.now_ms());
}

}  // namespace

Result<> end_mint(Books& books, Operation& operation, std::string why) {
  TRY(transaction, books.db.begin());
  TRY(claim, unfinished_request(books, operation));
  if (claim) TRY_OK(books.journal.give_up(*claim));
  operation.state = OperationState::failed;
  operation.stage = Stage::undone;
  operation.note = std::move(why);
  TRY_OK(books.operations.update(operation, books.now_ms()));
  return transaction.commit();
}

Result<> within_cap(Books& books, const KnownMint& mint, Amount more,
                    std::optional<OperationId> except) {
  TRY(row, books.mints.find(mint.id()));
  if (!row || !row->cap) return {};
  TRY(there, books.operations.coming_sum(mint.id(), except));
  for (const ProofState state : {ProofState::spendable, ProofState::reserved}) {
    TRY(part, books.proofs.balance(mint.id(), kUnit, state));
    there = there.plus(part).value_or(there);
  }
  const auto sum = there.plus(more);
  if (sum && *sum <= *row->cap) return {};
  return fail(Code::denied, "more than the " + std::to_string(row->cap->value()) +
                                " sat that may lie at " + mint.url());
}

Result<> within_cap_of_all(Books& books, const KnownMint& mint, Amount more,
                           std::optional<OperationId> except) {
  TRY(coming, books.transfers.on_the_way(mint.id()));
  return within_cap(books, mint, more.plus(coming).value_or(more), except);
}

rt::Task<Operation> begin_mint(Books& books, KnownMint& mint, NewOperation asked,
                               std::stop_token stop) {
  if (asked.amount == Amount(0) || asked.amount.value() > INT64_MAX / 1000)
    co_return fail(Code::bad_input, "an amount of at least 1 sat");
  // The claim of a swap between mints is on the way already.
  CO_TRY_OK(asked.part_of ? within_cap(books, mint, asked.amount)
                          : within_cap_of_all(books, mint, asked.amount));
  CO_TRY_OK(co_await make_ready(books, mint, stop));
  CO_TRY_OK(check_terms(mint, asked.amount));
  asked.kind = OperationKind::mint;
  asked.mint = mint.id();
  CO_TRY(transaction, books.db.begin());
  CO_TRY(operation, books.operations.begin(asked, books.now_ms()));
  CO_TRY(index, books.operations.take_key_index());
  CO_TRY_OK(transaction.commit());
  const Beginning beginning(books, operation.id);

  const auto owner = crypto::Point::of(books.keys.quote_key(index));
  auto body = co_await mint.client().post("/v1/mint/quote/bolt11",
                                          cashu::mint_quote_body(asked.amount, kUnit, owner), stop);
  auto said = body ? cashu::parse_mint_quote(*body, asked.amount)
                   : Result<cashu::MintQuote>(fail(body.error()));
  auto checked = said ? check_invoice(*said, asked.amount) : Result<>(fail(said.error()));
  if (!checked) {
    CO_TRY_OK(end_mint(books, operation, checked.error().detail));
    co_return fail(checked.error());
  }
  CO_TRY(quoted, books.db.begin(durability_of(operation.part_of)));
  CO_TRY_OK(books.operations.put_quote(
      operation.id, {Secret<std::string>(said->id), said->invoice, asked.amount, Amount(0),
                     std::nullopt, said->expiry, index}));
  operation.stage = Stage::quoted;
  CO_TRY_OK(books.operations.update(operation, books.now_ms()));
  CO_TRY_OK(quoted.commit());
  co_return operation;
}

rt::Task<> mint_round(Books& books, KnownMint& mint, Operation& operation, rt::Duration patience,
                      std::stop_token stop) {
  if (operation.stage == Stage::begun && books.being_begun.contains(operation.id))
    co_return Result<>{};
  if (operation.stage == Stage::begun)
    co_return end_mint(books, operation, "the program ended before there was an invoice");
  if (operation.stage == Stage::quoted) {
    CO_TRY(quote, books.operations.quote(operation.id));
    if (!quote) co_return fail(Code::corrupt, "wallet.db: a quote that is not there");
    auto body = co_await mint.client().get(mint_quote_path(*quote), stop);
    const bool over = quote->expiry && books.now_s() > *quote->expiry + kLatePaymentS;
    if (!body && over && is_refusal(body.error().code)) {
      CO_TRY(claim, unfinished_request(books, operation));
      if (!claim || !claim->was_sent())
        co_return end_mint(books, operation, "the mint knows nothing of the invoice any more");
    }
    if (!body) co_return fail(body.error());
    CO_TRY(said, cashu::parse_mint_quote(*body, operation.amount));
    auto due = said.paid.minus(said.issued);
    if (due && *due == Amount(0)) due.reset();
    CO_TRY(stored, unfinished_request(books, operation));
    const bool is_issued = said.issued > Amount(0) && !test_hooks::planted("cross_skips_issued");
    if (!due && !is_issued) {
      if (over && said.paid == Amount(0))
        co_return end_mint(books, operation, "nobody paid the invoice in time");
      co_return Result<>{};
    }
    // Issued and not known here: only a claim that may have been sent can be meant.
    if (!due && !(stored && stored->was_sent()))
      co_return co_await on_issued(books, mint, operation, stop);
    CO_TRY_OK(co_await make_ready(books, mint, stop));
    if (due && *due > operation.amount) {
      CO_TRY(too_much, note_too_much(books, mint, operation, *due));
      if (too_much) co_return Result<>{};
    }
    CO_TRY_OK(store_claim(books, mint, operation, stored, due));
    if (operation.stage != Stage::requested) co_return Result<>{};
    co_return co_await exchange_round(books, mint, operation, std::move(*stored), patience, stop);
  }
  co_return co_await exchange_round(books, mint, operation, patience, stop);
}

}  // namespace archy::wallet

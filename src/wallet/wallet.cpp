#include "wallet/wallet.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "base/test_hooks.hpp"
#include "cashu/bolt11.hpp"
#include "crypto/sha256.hpp"
#include "rt/signal.hpp"
#include "wallet/backup/self_check.hpp"
#include "wallet/ledger/mint_url.hpp"
#include "wallet/ledger/words.hpp"
#include "wallet/mint_flow.hpp"
#include "wallet/receive_flow.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;

// Between two rounds of one operation, growing.
constexpr rt::Duration kFirstPause = std::chrono::milliseconds(250);
constexpr rt::Duration kLongestPause = std::chrono::seconds(8);
// Between two looks whether an invoice was paid.
constexpr rt::Duration kPaymentPause = std::chrono::seconds(1);
// To have an exact sum for a melt.
constexpr int kMostSwaps = 2;
// Of small proofs for large ones, before one request.
constexpr int kMostMerges = 3;
// Between two looks whether a target has seen a payment: for the first minute, and at most.
constexpr rt::Duration kArrivalPause = std::chrono::seconds(2);
constexpr rt::Duration kArrivalMinute = std::chrono::seconds(60);
constexpr rt::Duration kLongestArrivalPause = std::chrono::seconds(60);
// A melt is answered when the payment is through.
constexpr rt::Duration kMeltAnswer = std::chrono::seconds(90);

// What ends a round without telling anything of the operation: it is tried again.
bool is_of_the_mint(Code code) {
  switch (code) {
    case Code::unreachable:
    case Code::timed_out:
    case Code::peer_fault:
    case Code::bad_input:
    case Code::not_found:
    case Code::try_later:
    case Code::unsupported:
      return true;
    default:
      return false;
  }
}

// The request as its idempotency key is bound to it.
Sha256Digest request_digest(std::string_view kind, std::initializer_list<std::string> parts) {
  std::string all(kind);
  for (const std::string& part : parts) all += '\n' + part;
  return crypto::sha256(as_bytes(all));
}

std::string text_of(const std::optional<Amount>& amount) {
  return amount ? std::to_string(amount->value()) : "none";
}

// Of two callers at once with the same key one begins it, and the other one gets the same: `again`
// looks for it.
template <class Again>
Result<Operation> begun_or(Result<Operation> begun, Again again) {
  if (begun || begun.error().code != Code::denied) return begun;
  TRY(before, again());
  if (before) return *before;
  return begun;
}

}  // namespace

// While it lives nobody else goes on with the operation.
class Wallet::Driving {
 public:
  Driving(Wallet& wallet, OperationId id) : wallet_(wallet), id_(id) { wallet_.driven_.insert(id); }
  ~Driving() {
    wallet_.driven_.erase(id_);
    wallet_.progress_.notify();
  }
  Driving(const Driving&) = delete;

 private:
  Wallet& wallet_;
  OperationId id_;
};

Wallet::Wallet(const rt::Env& env, http::Client& http, const crypto::Bip39Seed& seed,
               std::unique_ptr<WalletDb> db, std::vector<rt::Path> backups)
    : env_(env),
      db_(std::move(db)),
      books_(*db_, seed, env.clock, env.random),
      mints_(http, books_),
      progress_(env.executor),
      shelf_(env.files, std::move(backups)),
      backup_maker_(env.files, env.random),
      backup_timer_(env.clock.make_timer()) {
  // A backup knows of each request before the mint does.
  books_.journal.on_storing([this] { return count_backup(); });
  books_.journal.on_stored([this] { put_backup_or_say(); });
}

Wallet::~Wallet() = default;

Result<std::unique_ptr<Wallet>> Wallet::open(const rt::Env& env, http::Client& http,
                                             const crypto::Bip39Seed& seed,
                                             const WalletPlace& place) {
  TRY_OK(check_it_is_there(env.files, place.database, place.openings));
  TRY(db, WalletDb::open(env.files, place.database, place.options));
  std::unique_ptr<Wallet> out(new Wallet(env, http, seed, std::move(db), place.backups));
  TRY(older, count_opening(env.files, place.openings, out->books_));
  out->is_old_copy_ = older;
  TRY_OK(out->compare_with_backups());
  out->backed_up_changes_ = out->db_->connection().total_changes();
  auto undone = out->undo_unsent_ones();
  if (!undone) {
    out->abandon();
    return fail(as_damage(undone.error()));
  }
  return out;
}

void Wallet::abandon() {
  backup_timer_->disarm();
  db_->connection().leave_as_it_is();
}

Result<> Wallet::close() {
  backup_timer_->disarm();
  keep_backup();
  return db_->close();
}

Result<> Wallet::undo_unsent_ones() {
  TRY(open, books_.operations.open());
  for (Operation& operation : open) {
    const bool spends = operation.kind == OperationKind::swap ||
                        operation.kind == OperationKind::send ||
                        operation.kind == OperationKind::melt;
    if (spends && operation.stage == Stage::requested) TRY_OK(undo_unsent(books_, operation));
    if (operation.kind == OperationKind::restore) {
      operation.state = OperationState::failed;
      operation.stage = Stage::undone;
      operation.note = "the program ended before it was through: start it again";
      TRY_OK(books_.operations.update(operation, books_.now_ms()));
    }
  }
  return {};
}

// --- mints ---------------------------------------------------------------------------------------

rt::Task<MintRow> Wallet::add_mint(std::string url, std::stop_token stop) {
  CO_TRY(known, books_.mints.find(url));
  CO_TRY(row, books_.mints.add(url, books_.now_ms()));
  CO_TRY(mint, mints_.at(row.id));
  mint->client().breaker().let_try();
  auto met = co_await mint->refresh(stop);
  auto keyset = met ? mint->for_outputs() : Result<const cashu::Keyset*>(fail(met.error()));
  if (!keyset) {
    if (!known || !known->trusted) CO_TRY_OK(books_.mints.remove(url));
    co_return fail(keyset.error());
  }
  keep_backup();
  co_return row;
}

Result<> Wallet::remove_mint(std::string_view url) {
  auto removed = books_.mints.remove(url);
  keep_backup();
  return removed;
}

Result<> Wallet::set_home(std::string_view url) {
  auto set = books_.mints.set_home(url);
  keep_backup();
  return set;
}

Result<> Wallet::set_cap(std::string_view url, std::optional<Amount> cap) {
  auto set = books_.mints.set_cap(url, cap);
  keep_backup();
  return set;
}

Result<std::vector<std::string>> Wallet::accepted_mints() {
  TRY(rows, books_.mints.list());
  std::vector<std::string> out;
  for (const MintRow& row : rows)
    if (row.trusted) out.insert(row.home ? out.begin() : out.end(), row.url);
  return out;
}

Result<std::vector<MintBalance>> Wallet::balances() {
  TRY(rows, books_.mints.list());
  std::vector<MintBalance> out;
  for (MintRow& row : rows) {
    MintBalance balance{std::move(row), {}, {}, {}, {}};
    if (KnownMint* mint = mints_.met(balance.mint.id))
      balance.breaker = mint->client().breaker_state();
    const std::pair<ProofState, Amount*> parts[] = {
        {ProofState::spendable, &balance.spendable},
        {ProofState::reserved, &balance.reserved},
        {ProofState::given, &balance.given},
        {ProofState::quarantined, &balance.quarantined}};
    for (const auto& [state, amount] : parts) {
      TRY(sum, books_.proofs.balance(balance.mint.id, kUnit, state));
      *amount = sum;
    }
    out.push_back(std::move(balance));
  }
  return out;
}

Result<std::map<std::string, Amount>> Wallet::spendable_by_mint() {
  TRY(rows, books_.mints.list());
  std::map<std::string, Amount> out;
  for (const MintRow& row : rows) {
    TRY(sum, books_.proofs.balance(row.id, kUnit, ProofState::spendable));
    if (sum > Amount(0)) out.emplace(row.url, sum);
  }
  return out;
}

// --- money ---------------------------------------------------------------------------------------

Result<std::optional<Operation>> Wallet::begun_before(const Caller& caller,
                                                      const Sha256Digest& request) {
  if (!caller.key) return std::optional<Operation>{};
  return books_.operations.find(*caller.key, request);
}

Result<NewOperation> Wallet::asked_for(const Caller& caller, const Sha256Digest& request) {
  NewOperation out;
  if (!caller.key || test_hooks::planted("wallet_key_forgotten")) return out;
  if (caller.key->empty() || caller.key->size() > 128 || caller.key->starts_with("token "))
    return fail(Code::bad_input, "an idempotency key of 1 to 128 characters");
  out.idempotency_key = caller.key;
  out.request = request;
  return out;
}

Sha256Digest Wallet::payment_digest(const PaymentTerms& terms) {
  std::string mints;
  for (const std::string& mint : terms.accepted_mints) mints += mint + '\n';
  return request_digest("payment", {std::to_string(terms.amount.value()),
                                    std::to_string(terms.most_fee.value()), mints});
}

rt::Task<Operation> Wallet::mint(Amount amount, Caller caller, std::stop_token stop) {
  const auto digest =
      request_digest("mint", {std::to_string(amount.value()), caller.mint.value_or("")});
  CO_TRY(before, begun_before(caller, digest));
  if (before) co_return *before;
  CO_TRY(mint, mints_.trusted(caller.mint));
  CO_TRY(asked, asked_for(caller, digest));
  asked.amount = amount;
  auto begun = co_await begin_mint(books_, *mint, std::move(asked), stop);
  keep_backup();  // before anybody sees the invoice
  co_return begun_or(std::move(begun), [&] { return begun_before(caller, digest); });
}

// Of a swap of ours: what it has cost, or will where that is not decided.
Result<Amount> Wallet::cost_of(OperationId swap) {
  TRY(found, books_.operations.find(swap));
  if (!found) return fail(Code::not_found, "no such operation");
  if (found->has_ended()) return found->fee;
  TRY(mint, mints_.at(found->mint));
  TRY(inputs, books_.proofs.held(swap, ProofState::reserved));
  return mint->input_fee(inputs);
}

rt::Task<Amount> Wallet::make_swap(OperationId swap, std::function<void(Amount)> on_fee,
                                   Patience patience, std::stop_token stop) {
  const auto went = co_await go_on(swap, patience, stop);
  CO_TRY(cost, cost_of(swap));
  if (on_fee) on_fee(cost);
  CO_TRY(swapped, went);
  if (swapped.state != OperationState::done)
    co_return fail(Code::try_later, "the mint has not changed the ecash yet: " + swapped.note);
  co_return cost;
}

rt::Task<Amount> Wallet::merge_small(KnownMint& mint, Amount amount, std::optional<Amount> most_fee,
                                     std::function<void(Amount)> on_fee, Patience patience,
                                     std::stop_token stop) {
  Amount cost;
  for (int i = 0; i < kMostMerges; ++i) {
    CO_TRY(purses, purses_of(books_, mint));
    if (!is_in_small_coin(purses, amount)) break;
    const auto left = most_fee ? most_fee->minus(cost) : std::nullopt;
    CO_TRY(swap, co_await begin_merge(books_, mint, left, stop));
    CO_TRY(fee, co_await make_swap(swap.id, on_fee, patience, stop));
    cost = cost.plus(fee).value_or(cost);
  }
  co_return cost;
}

rt::Task<Amount> Wallet::merge_for_melt(KnownMint& mint, const MeltTerms& terms, Patience patience,
                                        std::stop_token stop) {
  const auto invoice = cashu::parse_invoice(terms.invoice);
  if (!invoice || !invoice->amount_msat) co_return Amount(0);  // plan_melt says what is wrong
  const Amount amount(*invoice->amount_msat / 1000);
  const Amount most_fee = terms.most_fee.value_or(default_most_fee(amount));
  // The quote may ask for as much as the caller allows, and there is.
  CO_TRY(there, books_.proofs.balance(mint.id(), kUnit, ProofState::spendable));
  if (there < amount) co_return Amount(0);
  const Amount worst = std::min(amount.plus(most_fee).value_or(amount), there);
  co_return co_await merge_small(mint, worst, most_fee, terms.on_fee, patience, stop);
}

rt::Task<Operation> Wallet::melt(MeltTerms terms, Caller caller, Patience patience,
                                 std::stop_token stop) {
  const auto digest =
      request_digest("melt", {terms.invoice, text_of(terms.most_fee), caller.mint.value_or("")});
  CO_TRY(before, begun_before(caller, digest));
  if (before) co_return co_await go_on(before->id, patience, stop);
  // What lies there can be spent, trusted or not.
  CO_TRY(mint, caller.mint ? mints_.at(*caller.mint) : mints_.trusted(std::nullopt));
  CO_TRY_OK(may_spend_at(*mint));
  CO_TRY(asked, asked_for(caller, digest));
  CO_TRY(paid_before, co_await merge_for_melt(*mint, terms, patience, stop));
  CO_TRY(plan, co_await plan_melt(books_, *mint, terms, stop));
  bool exact = !plan.needs_exact;
  for (int tries = 0; !exact && tries < kMostSwaps; ++tries) {
    CO_TRY(swap, co_await begin_exact(books_, *mint, *plan.needs_exact, {}, stop));
    CO_TRY(cost, co_await make_swap(swap.id, terms.on_fee, patience, stop));
    paid_before = paid_before.plus(cost).value_or(paid_before);
    // One that ended otherwise than it began (fenced off) has made other sums.
    CO_TRY(made, is_exact(books_, *mint, plan));
    exact = made;
  }
  CO_TRY(operation, begun_or(begin_melt(books_, *mint, std::move(asked), plan, paid_before),
                             [&] { return begun_before(caller, digest); }));
  co_return co_await go_on(operation.id, patience, stop);
}

rt::Task<Operation> Wallet::swap_between_mints(std::string from, std::string to, CrossTerms terms,
                                               std::optional<std::string> key, Patience patience,
                                               std::stop_token stop) {
  CO_TRY(source, mints_.at(from));
  CO_TRY(target, mints_.trusted(to));
  const auto digest = request_digest(
      "cross swap", {std::to_string(terms.amount.value()), std::to_string(terms.most_fee.value()),
                     source->url(), target->url()});
  const Caller caller{{}, key};
  CO_TRY(before, begun_before(caller, digest));
  if (before) co_return co_await go_on(before->id, patience, stop);
  CO_TRY_OK(may_spend_at(*source));
  CO_TRY(asked, asked_for(caller, digest));
  CO_TRY(begun, begun_or(begin_cross_swap(books_, *source, *target, std::move(asked), terms),
                         [&] { return begun_before(caller, digest); }));
  if (begun.stage == Stage::begun && !driven_.contains(begun.id)) {
    for (KnownMint* mint : {source, target})
      if (patience.insists) mint->client().breaker().let_try();
    CO_TRY_OK(co_await arm_driven(begun, patience, stop));
  }
  co_return co_await go_on(begun.id, patience, stop);
}

rt::Task<> Wallet::arm_driven(Operation operation, Patience patience, std::stop_token stop) {
  const Driving driving(*this, operation.id);
  auto armed = co_await arm_cross_swap(books_, mints_, operation, patience.answer, stop);
  if (armed || armed.error().code == Code::cancelled) co_return armed;
  // What the disk says decides nothing; what a mint or the caller's own terms say ends it.
  if (is_of_the_mint(armed.error().code) || armed.error().code == Code::denied ||
      armed.error().code == Code::payment_needed)
    CO_TRY_OK(call_off(books_, operation, armed.error().detail));
  keep_backup_soon();
  co_return armed;
}

Result<Operation> Wallet::cancel(OperationId id) {
  TRY(found, books_.operations.find(id));
  if (!found || found->kind != OperationKind::cross_swap)
    return fail(Code::not_found, "no swap between mints has this number");
  if (found->has_ended()) return *found;
  if (driven_.contains(id)) return fail(Code::try_later, "it is being gone on with now");
  TRY_OK(call_off(books_, *found, "called off"));
  keep_backup();
  return *found;
}

rt::Task<Operation> Wallet::send(SendTerms terms, std::optional<std::string> memo, Caller caller,
                                 Patience patience, std::stop_token stop) {
  const auto digest =
      request_digest("send", {std::to_string(terms.amount.value()), text_of(terms.most_fee),
                              terms.include_receivers_fee ? "net" : "gross",
                              terms.lock ? cashu::to_secret(*terms.lock).reveal() : "",
                              memo.value_or(""), caller.mint.value_or("")});
  CO_TRY(before, begun_before(caller, digest));
  if (before) co_return co_await go_on(before->id, patience, stop);
  CO_TRY(mint, caller.mint ? mints_.at(*caller.mint) : mints_.trusted(std::nullopt));
  CO_TRY_OK(may_spend_at(*mint));
  CO_TRY(asked, asked_for(caller, digest));
  asked.memo = std::move(memo);
  CO_TRY(merged,
         co_await merge_small(*mint, terms.amount, terms.most_fee, terms.on_fee, patience, stop));
  if (terms.most_fee) terms.most_fee = terms.most_fee->minus(merged).value_or(Amount(0));
  auto begun = co_await begin_send(books_, *mint, std::move(asked), std::move(terms), stop);
  CO_TRY(operation, begun_or(std::move(begun), [&] { return begun_before(caller, digest); }));
  co_return co_await go_on(operation.id, patience, stop);
}

rt::Task<Operation> Wallet::receive(Secret<std::string> token, bool offline, Patience patience,
                                    std::stop_token stop) {
  if (!offline) co_return co_await redeem(std::move(token), {}, patience, std::move(stop));
  CO_TRY(parsed, cashu::parse_token(token.reveal()));
  CO_TRY(mint, mints_.trusted(parsed.mint));
  auto accepted = accept_offline(books_, *mint, parsed);
  keep_backup();
  co_return accepted;
}

rt::Task<Operation> Wallet::redeem(Secret<std::string> token, OnBegun on_begun, Patience patience,
                                   std::stop_token stop) {
  CO_TRY(parsed, cashu::parse_token(token.reveal()));
  CO_TRY(mint, mints_.trusted(parsed.mint));
  CO_TRY(operation, co_await begin_receive(books_, *mint, parsed, std::move(on_begun), stop));
  co_return co_await go_on(operation.id, patience, stop);
}

rt::Task<Operation> Wallet::take_back(OperationId sent, Patience patience, std::stop_token stop) {
  CO_TRY(found, books_.operations.find(sent));
  if (!found || found->kind != OperationKind::send)
    co_return fail(Code::not_found, "no such token of ours");
  CO_TRY(mint, mints_.at(found->mint));
  CO_TRY_OK(may_spend_at(*mint));
  CO_TRY(operation, co_await begin_take_back(books_, *mint, *found, stop));
  co_return co_await go_on(operation.id, patience, stop);
}

rt::Task<RestoreReport> Wallet::restore(std::string url, std::stop_token stop) {
  CO_TRY(mint, mints_.trusted(url));
  mint->client().breaker().let_try();
  CO_TRY_OK(co_await one_round_each(mint->id(), stop));
  CO_TRY(report, co_await restore_from(books_, *mint, stop));
  CO_TRY_OK(note_recovered(mint->id(), report));
  keep_backup();
  co_return report;
}

// --- operations ----------------------------------------------------------------------------------

rt::Task<> Wallet::round(Operation& operation, rt::Duration patience, std::stop_token stop) {
  // Asks whom it needs: a source that is away keeps no ecash from being claimed at the target.
  if (operation.kind == OperationKind::cross_swap)
    co_return co_await cross_round(books_, mints_, operation, std::max(patience, kMeltAnswer),
                                   stop);
  CO_TRY(mint, mints_.at(operation.mint));
  // What it can be asked is known before it is asked; it may have changed while nobody ran.
  CO_TRY_OK(co_await mint->meet(stop));
  switch (operation.kind) {
    case OperationKind::mint:
      co_return co_await mint_round(books_, *mint, operation, patience, stop);
    case OperationKind::melt: {
      auto went =
          co_await melt_round(books_, *mint, operation, std::max(patience, kMeltAnswer), stop);
      // Change of a cross swap that is through.
      if (went && operation.part_of) went = note_cost(books_, *operation.part_of);
      co_return went;
    }
    case OperationKind::receive:
      co_return co_await receive_round(books_, *mint, operation, patience, stop);
    case OperationKind::swap:
    case OperationKind::send:
      co_return co_await exchange_round(books_, *mint, operation, patience, stop);
    case OperationKind::restore:
    case OperationKind::cross_swap:
      break;
  }
  co_return fail(Code::internal, "an operation that has no rounds");
}

Result<OperationId> Wallet::driver_of(OperationId id) {
  TRY(found, books_.operations.find(id));
  if (!found) return fail(Code::not_found, "no such operation");
  TRY(driver, books_.transfers.driver_of(*found));
  return driver.value_or(id);
}

rt::Task<Operation> Wallet::go_on(OperationId id, Patience patience, std::stop_token stop) {
  CO_TRY(driver, driver_of(id));
  auto went = co_await drive(driver, patience, std::move(stop));
  // Before anybody sees what came of it; what went to a mint of our own nobody has seen.
  went && went->kind == OperationKind::cross_swap ? keep_backup_soon() : keep_backup();
  if (!went || driver == id) co_return went;
  CO_TRY(row, books_.operations.find(id));
  co_return *row;
}

namespace {

// Between two rounds, growing.
rt::Duration rest_before_next(const Operation& operation, rt::Duration waited,
                              rt::Duration& pause) {
  if (operation.kind == OperationKind::mint && operation.stage == Stage::quoted)
    return kPaymentPause;
  if (operation.kind == OperationKind::cross_swap && operation.stage == Stage::paid) {
    if (waited < kArrivalMinute) return kArrivalPause;
    pause = std::clamp(pause * 2, 2 * kArrivalPause, kLongestArrivalPause);
    return pause;
  }
  const rt::Duration out = pause;
  pause = std::min(pause * 2, kLongestPause);
  return out;
}

}  // namespace

rt::Task<Operation> Wallet::drive(OperationId id, Patience patience, std::stop_token stop) {
  if (patience.insists) {
    CO_TRY(asked, books_.operations.find(id));
    if (KnownMint* mint = asked ? mints_.met(asked->mint) : nullptr)
      mint->client().breaker().let_try();
  }
  const rt::Instant until = env_.clock.now() + patience.all;
  // Only one goes on with an operation; others wait for what comes of it.
  const bool alone = test_hooks::planted("wallet_two_drivers");
  while (driven_.contains(id) && !alone) {
    auto woken = co_await progress_.wait(env_.clock, until);
    if (!woken) break;
  }
  if (driven_.contains(id) && !alone) {
    CO_TRY(row, books_.operations.find(id));
    co_return *row;
  }
  const Driving driving(*this, id);
  const rt::Instant begun = env_.clock.now();
  rt::Duration pause = kFirstPause;
  for (;;) {
    // Anew each time: what a failed round has left in memory is not what is in the book.
    CO_TRY(found, books_.operations.find(id));
    if (!found) co_return fail(Code::not_found, "no such operation");
    Operation operation = std::move(*found);
    if (operation.has_ended()) co_return operation;
    auto went = co_await round(operation, patience.answer, stop);
    if (!went && went.error().code == Code::cancelled) co_return fail(went.error());
    if (!went && !is_of_the_mint(went.error().code)) co_return fail(went.error());
    CO_TRY(now, books_.operations.find(id));
    if (now->has_ended()) co_return *now;
    if (!went && now->note.empty()) now->note = went.error().detail;
    const rt::Duration rest = rest_before_next(*now, env_.clock.now() - begun, pause);
    if (env_.clock.now() + rest > until) co_return *now;
    CO_TRY_OK(co_await rt::sleep_until(env_.executor, env_.clock, env_.clock.now() + rest, stop));
  }
}

// One look tells whether an invoice was paid; who pays it nobody here can hasten.
Patience Wallet::patience_for(OperationId id, Patience patience) {
  const auto found = books_.operations.find(id);
  const bool unpaid =
      found && *found && (*found)->kind == OperationKind::mint && (*found)->stage == Stage::quoted;
  if (unpaid) patience.all = rt::Duration::zero();
  return patience;
}

rt::Task<std::vector<Operation>> Wallet::resume(Patience patience, std::stop_token stop) {
  CO_TRY_OK(co_await sweep(stop));
  CO_TRY(open, books_.operations.open());
  std::map<MintId, std::vector<OperationId>> by_mint;
  std::vector<std::vector<OperationId>> groups;
  for (const Operation& operation : open) {
    CO_TRY(driver, books_.transfers.driver_of(operation));
    if (driver) continue;
    // One that waits for two mints waits by itself.
    if (operation.kind == OperationKind::cross_swap)
      groups.push_back({operation.id});
    else
      by_mint[operation.mint].push_back(operation.id);
  }
  for (auto& [mint, ids] : by_mint) groups.push_back(std::move(ids));
  rt::Scope scope(env_.executor);
  // A mint that is away holds up nobody but its own.
  for (const std::vector<OperationId>& ids : groups)
    scope.start([](Wallet& wallet, std::vector<OperationId> all, Patience how,
                   std::stop_token s) -> boost::asio::awaitable<void> {
      for (const OperationId id : all) {
        auto went = co_await wallet.go_on(id, wallet.patience_for(id, how), s);
        (void)went;  // the operation's row says it
      }
    }(*this, ids, patience, stop));
  while (scope.running() > 0) {
    auto woken = co_await progress_.wait(env_.clock, env_.clock.now() + kPaymentPause);
    (void)woken;
  }
  co_await scope.close(env_.clock);
  std::vector<Operation> out;
  for (const Operation& operation : open) {
    CO_TRY(row, books_.operations.find(operation.id));
    out.push_back(std::move(*row));
  }
  co_return out;
}

rt::Task<> Wallet::look_after_handed(std::stop_token stop) {
  CO_TRY(handed, books_.operations.handed());
  std::optional<Error> first;
  for (Operation& sent : handed) {
    if (sent.kind != OperationKind::send) continue;
    CO_TRY(mint, mints_.at(sent.mint));
    auto went = co_await wallet::look_after_handed(books_, *mint, sent, stop);
    if (!went && !first) first = went.error();
  }
  keep_backup();
  if (first) co_return fail(*first);
  co_return Result<>{};
}

Result<OperationView> Wallet::show(OperationId id) {
  TRY(found, books_.operations.find(id));
  if (!found) return fail(Code::not_found, "no such operation");
  OperationView out{std::move(*found), {}, {}, {}, {}};
  TRY(row, books_.mints.find(out.operation.mint));
  if (row) out.mint_url = row->url;
  TRY(counterpart, counterpart_of(out.operation));
  out.counterpart_url = std::move(counterpart);
  TRY(quote, books_.operations.quote(id));
  out.quote = std::move(quote);
  TRY(requests, books_.journal.requests_of(id));
  for (const StoredRequest& request : requests)
    out.requests.push_back(
        {request.path(), request.state(), request.is_unanswered(), request.outputs().size()});
  return out;
}

Result<std::string> Wallet::counterpart_of(const Operation& operation) {
  if (!operation.part_of && operation.kind != OperationKind::cross_swap) return std::string();
  TRY(mint, books_.transfers.counterpart(operation));
  if (!mint) return std::string();
  TRY(row, books_.mints.find(*mint));
  return row ? row->url : std::string();
}

Result<std::vector<Operation>> Wallet::history(std::uint64_t limit,
                                               std::optional<OperationId> before) {
  return books_.operations.history(limit, before);
}

Result<Secret<std::string>> Wallet::token_of(OperationId id) {
  TRY(found, books_.operations.find(id));
  if (!found || found->kind != OperationKind::send)
    return fail(Code::not_found, "no such token of ours");
  if (found->state == OperationState::done && found->stage == Stage::undone)
    return fail(Code::not_found, "the token was taken back: whoever has it has nothing");
  TRY(token, books_.operations.token(id));
  if (!token) return fail(Code::not_found, "the token is not made yet");
  return *token;
}

// --- the rest ------------------------------------------------------------------------------------

std::string Wallet::lock_key() const { return crypto::Point::of(books_.keys.lock_key()).hex(); }

rt::Task<MintSummary> Wallet::examine(std::string url, std::stop_token stop) {
  CO_TRY(mint, mints_.at(url));
  MintSummary out{mint->url(), false, {}, {}, {}, {}};
  mint->client().breaker().let_try();
  auto met = co_await mint->refresh(stop);
  out.reachable = met.has_value();
  if (!met) out.why = met.error().detail;
  out.info = mint->info();
  if (auto keyset = mint->for_outputs(); keyset) {
    out.input_fee_ppk = (*keyset)->terms().input_fee_ppk;
    out.final_expiry = (*keyset)->terms().final_expiry;
  }
  co_return out;
}

Result<std::vector<std::string>> Wallet::audit() { return wallet::audit(books_); }

}  // namespace archy::wallet

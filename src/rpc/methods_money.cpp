// wallet.*: what moves money, and the operations that it is moved by.
#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/hex.hpp"
#include "cashu/bolt11.hpp"
#include "crypto/sha256.hpp"
#include "rpc/method.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

using cashu::Amount;
using wallet::OperationId;

// Longest token that is looked at. Units: bytes; a call has 1 MiB in all.
constexpr std::int64_t kTokenTextBytes = 1'000'000;
constexpr std::int64_t kPatienceS = 30;
constexpr std::int64_t kDayMs = 86'400'000;
// A payment through several hops takes its time.
constexpr std::int64_t kMeltPatienceS = 120;

Amount amount_of(const Json& params, std::string_view name) {
  return Amount(static_cast<std::uint64_t>(integer(params, name, 0)));
}

std::optional<Amount> most_fee_of(const Json& params) {
  if (!has(params, "max_fee_sats")) return std::nullopt;
  return amount_of(params, "max_fee_sats");
}

std::optional<std::string> optional_text(const Json& params, std::string_view name) {
  if (!has(params, name)) return std::nullopt;
  return text(params, name);
}

OperationId operation_of(const Json& params) {
  return OperationId(integer(params, "operation", 0));
}

wallet::Patience patience_of(const Json& params, std::int64_t fallback_s) {
  return {.all = std::chrono::seconds(integer(params, "timeout_s", fallback_s))};
}

// Each holder of a token has keys of his own: nobody gets the answer of another one's payment.
WalletApi::Caller caller_of(const Grant& grant, const Json& params) {
  WalletApi::Caller out{optional_text(params, "mint"), optional_text(params, "key")};
  if (out.key && !grant.holder.empty()) out.key->insert(0, grant.holder + " ");
  return out;
}

// What a key stands for: all that is asked for, but not how long somebody waits.
std::string request_of(const Json& params) {
  std::map<std::string, std::string> parts;
  for (const auto& [name, value] : params.items())
    if (name != "key" && name != "timeout_s") parts.emplace(name, value.dump());
  std::string all;
  for (const auto& [name, value] : parts) all += name + '=' + value + '\n';
  return to_hex(crypto::sha256(as_bytes(all)).view());
}

// A payment under the cap of the token it is asked with; nothing for whoever has no cap. One that
// ends without being settled counts as the worst.
class Capped {
 public:
  Capped() = default;
  ~Capped() {
    if (taken_) allowances_->leave(*taken_);
  }
  Capped(const Capped&) = delete;

  // `most_fee`: in, what the caller allows or the wallet's own limit; out, no more than is left.
  // Errors: denied.
  Result<> take(Context& context, const Grant& grant, const Json& params, Amount amount,
                std::optional<Amount>& most_fee) {
    if (!grant.is_capped() || !grant.token || !context.tokens) return {};
    allowances_ = &context.tokens->allowances();
    TRY(taken, allowances_->take({.token = *grant.token,
                                  .cap_sats = grant.cap_sats.value_or(UINT64_MAX),
                                  .day_cap_sats = grant.day_cap_sats.value_or(UINT64_MAX),
                                  .day = context.clock.unix_ms() / kDayMs,
                                  .amount_sats = amount.value(),
                                  .most_fee_sats = most_fee ? most_fee->value() : UINT64_MAX,
                                  .key = text(params, "key"),
                                  .request = request_of(params)}));
    taken_ = taken;
    most_fee = Amount(taken.most_fee_sats);
    return {};
  }
  // Hears of what is paid before the operation itself is begun. Lifetime: within this one's.
  std::function<void(Amount)> on_fee() {
    if (!taken_) return {};
    return [this](Amount fee) {
      if (taken_) allowances_->add(*taken_, fee.value());
    };
  }
  // What came of it. What is open, or nobody can tell, counts as the worst.
  void settle(const Result<wallet::OperationView>& view) {
    if (!taken_) return;
    if (view) {
      const wallet::Operation& one = view->operation;
      if (one.state == wallet::OperationState::done) settle(one.amount.value() + one.fee.value());
      if (one.state == wallet::OperationState::failed) settle(one.fee.value());
      return;
    }
    switch (view.error().code) {
      case Code::bad_input:
      case Code::not_found:
      case Code::denied:
      case Code::payment_needed:
      case Code::unreachable:
      case Code::timed_out:
      case Code::peer_fault:
      case Code::unsupported:
        return settle(std::nullopt);
      default:
        return;
    }
  }

 private:
  void settle(std::optional<std::uint64_t> cost_sats) {
    allowances_->settle(*std::exchange(taken_, std::nullopt), cost_sats);
  }

  Allowances* allowances_ = nullptr;
  std::optional<Allowances::Taken> taken_;
};

rt::Task<Json> mint(Context& context, const Grant& grant, const Json& params) {
  const Amount amount = amount_of(params, "amount_sats");
  CO_TRY(view, co_await context.node.wallet().mint(amount, caller_of(grant, params), context.stop));
  Json out = operation_json(view);
  const bool ends = view.quote && view.quote->expiry;
  out["expires_unix_s"] = ends ? Json(*view.quote->expiry) : Json(nullptr);
  co_return out;
}

rt::Task<Json> melt(Context& context, const Grant& grant, const Json& params) {
  wallet::MeltTerms terms{text(params, "invoice"), most_fee_of(params)};
  Capped capped;
  if (grant.is_capped()) {
    CO_TRY(invoice, cashu::parse_invoice(terms.invoice));
    const Amount amount((invoice.amount_msat.value_or(0) + 999) / 1000);
    if (!terms.most_fee) terms.most_fee = wallet::default_most_fee(amount);
    CO_TRY_OK(capped.take(context, grant, params, amount, terms.most_fee));
    terms.on_fee = capped.on_fee();
  }
  const wallet::Patience patience = patience_of(params, kMeltPatienceS);
  auto view = co_await context.node.wallet().melt(std::move(terms), caller_of(grant, params),
                                                  patience, context.stop);
  capped.settle(view);
  if (!view) co_return fail(view.error());
  co_return operation_json(*view);
}

Result<std::optional<cashu::SpendingCondition>> lock_of(const Json& params) {
  std::optional<cashu::SpendingCondition> out;
  if (!has(params, "lock")) return out;
  auto key = crypto::Point::parse_hex(text(params, "lock"));
  if (!key) return fail(Code::bad_input, "lock: wants a public key, 66 hex digits");
  out.emplace();
  out->key = *key;
  return out;
}

// With the token once it is made; the rest says how far it is.
Result<Json> with_token(WalletApi& wallet, const wallet::OperationView& view) {
  Json out = operation_json(view);
  out["token"] = nullptr;
  if (view.operation.state != wallet::OperationState::done) return out;
  if (view.operation.stage == wallet::Stage::undone) return out;  // taken back since
  TRY(token, wallet.token_of(view.operation.id));
  out["token"] = token.reveal();
  return out;
}

rt::Task<Json> send(Context& context, const Grant& grant, const Json& params) {
  wallet::SendTerms terms;
  terms.amount = amount_of(params, "amount_sats");
  terms.most_fee = most_fee_of(params);
  terms.include_receivers_fee = flag(params, "include_fee");
  CO_TRY(lock, lock_of(params));
  terms.lock = std::move(lock);
  if (terms.include_receivers_fee && grant.is_capped())
    co_return fail(Code::unsupported, "include_fee: not with a token that has a cap");
  Capped capped;
  CO_TRY_OK(capped.take(context, grant, params, terms.amount, terms.most_fee));
  terms.on_fee = capped.on_fee();
  WalletApi& wallet = context.node.wallet();
  auto view =
      co_await wallet.send(std::move(terms), optional_text(params, "memo"),
                           caller_of(grant, params), patience_of(params, kPatienceS), context.stop);
  capped.settle(view);
  if (!view) co_return fail(view.error());
  co_return with_token(wallet, *view);
}

rt::Task<Json> token(Context& context, const Grant&, const Json& params) {
  const OperationId id = operation_of(params);
  CO_TRY(token, context.node.wallet().token_of(id));
  co_return Json{{"operation", id.value()}, {"token", token.reveal()}};
}

rt::Task<Json> receive(Context& context, const Grant&, const Json& params) {
  Secret<std::string> token(text(params, "token"));
  CO_TRY(view, co_await context.node.wallet().receive(
                   token, flag(params, "offline"), patience_of(params, kPatienceS), context.stop));
  co_return operation_json(view);
}

rt::Task<Json> take_back(Context& context, const Grant&, const Json& params) {
  CO_TRY(view, co_await context.node.wallet().take_back(
                   operation_of(params), patience_of(params, kPatienceS), context.stop));
  co_return operation_json(view);
}

rt::Task<Json> go_on(Context& context, const Grant&, const Json& params) {
  CO_TRY(view, co_await context.node.wallet().go_on(operation_of(params),
                                                    patience_of(params, kPatienceS), context.stop));
  co_return operation_json(view);
}

Json list_of(const std::vector<WalletLine>& lines) {
  Json out = Json::array();
  for (const WalletLine& line : lines) out.push_back(operation_json(line));
  return out;
}

rt::Task<Json> resume(Context& context, const Grant&, const Json& params) {
  CO_TRY(lines,
         co_await context.node.wallet().resume(patience_of(params, kPatienceS), context.stop));
  co_return Json{{"operations", list_of(lines)}};
}

rt::Task<Json> operation(Context& context, const Grant&, const Json& params) {
  CO_TRY(view, context.node.wallet().show(operation_of(params)));
  co_return operation_json(view);
}

rt::Task<Json> history(Context& context, const Grant&, const Json& params) {
  const std::int64_t limit = integer(params, "limit", 50);
  std::optional<OperationId> before;
  if (has(params, "before")) before = OperationId(integer(params, "before", 0));
  CO_TRY(lines, context.node.wallet().history(static_cast<std::uint64_t>(limit), before));
  co_return Json{{"operations", list_of(lines)}};
}

constexpr Param kKey{"key",
                     Type::text,
                     false,
                     "a name of yours for it: with the same one the same operation is answered, "
                     "and nothing is done twice",
                     1,
                     100};
constexpr Param kMint{"mint", Type::text, false, "its URL; default: the home mint", 0, 2048};
constexpr Param kMaxFee{
    "max_fee_sats", Type::integer, false, "refused when it could cost more than this", 0,
    kMostSats};
constexpr std::string_view kTimeout = "until it is answered as open, default 30";

std::vector<ResultField> and_field(std::vector<ResultField> fields, ResultField more) {
  fields.push_back(std::move(more));
  return fields;
}

const std::vector<Code> kErrors = {Code::not_found,   Code::denied,    Code::payment_needed,
                                   Code::unreachable, Code::timed_out, Code::peer_fault,
                                   Code::unsupported, Code::try_later};

}  // namespace

std::vector<Method> money_methods() {
  return {
      {.name = "wallet.mint",
       .scope = Scope::spend,
       .changes = true,
       .help = "An invoice; what is paid to it becomes ecash, by wallet.go_on or by itself while "
               "the node runs.",
       .params = {amount_param(), kMint, kKey},
       .result = and_field(operation_view_fields(), {"expires_unix_s", "of the invoice, or null"}),
       .errors = kErrors,
       .handler = mint},
      {.name = "wallet.melt",
       .scope = Scope::spend,
       .changes = true,
       .help = "Pays a Lightning invoice.",
       .params = {{"invoice", Type::text, true, "with an amount", 1, 8192},
                  kMint,
                  {"max_fee_sats", Type::integer, false,
                   "refused when it could cost more than this; default 5 %, at least 20", 0,
                   kMostSats},
                  kKey,
                  timeout_param("until it is answered as open, default 120")},
       .result = operation_view_fields(),
       .errors = kErrors,
       .handler = melt},
      {.name = "wallet.send",
       .scope = Scope::spend,
       .changes = true,
       .help = "A token for somebody else. Whoever reads it can spend it.",
       .params = {amount_param(),
                  kMint,
                  {"memo", Type::text, false, "anybody with the token can read it", 0, 1024},
                  {"lock", Type::text, false,
                   "the public key of whom it is for; nobody else can spend it then", 0, 66},
                  {"include_fee", Type::boolean, false,
                   "so much that the receiver has the amount after the mint's fee"},
                  kMaxFee,
                  kKey,
                  timeout_param(kTimeout)},
       .result = and_field(operation_view_fields(),
                           {"token", "null while it is open, and when it was taken back"}),
       .errors = kErrors,
       .handler = send},
      {.name = "wallet.token",
       .scope = Scope::admin,
       .help = "The token of a send again.",
       .params = {operation_param()},
       .result = {{"operation", ""}, {"token", ""}},
       .errors = {Code::not_found},
       .handler = token},
      {.name = "wallet.receive",
       .scope = Scope::spend,
       .changes = true,
       .help = "Makes somebody's token ours. Its mint has to be trusted.",
       .params = {{"token", Type::text, true, "cashuA.. or cashuB..", 1, kTokenTextBytes},
                  {"offline", Type::boolean, false,
                   "without its mint, for tokens that are locked to wallet.lock_key alone"},
                  timeout_param(kTimeout)},
       .result = operation_view_fields(),
       .errors = kErrors,
       .handler = receive},
      {.name = "wallet.take_back",
       .scope = Scope::admin,
       .changes = true,
       .help = "Takes a token back that nobody has redeemed. Whoever has it has nothing then.",
       .params = {operation_param(), timeout_param(kTimeout)},
       .result = operation_view_fields(),
       .errors = kErrors,
       .handler = take_back},
      {.name = "wallet.go_on",
       .scope = Scope::spend,
       .changes = true,
       .help = "Goes on with an open operation until it is at an end.",
       .params = {operation_param(), timeout_param(kTimeout)},
       .result = operation_view_fields(),
       .errors = {Code::not_found},
       .handler = go_on},
      {.name = "wallet.resume",
       .scope = Scope::spend,
       .changes = true,
       .help = "Goes on with all open operations, those of different mints at once.",
       .params = {timeout_param(kTimeout)},
       .result = operation_fields("operations[]."),
       .errors = {Code::not_found},
       .handler = resume},
      {.name = "wallet.operation",
       .scope = Scope::read,
       .help = "One operation. Never its token.",
       .params = {operation_param()},
       .result = operation_view_fields(),
       .errors = {Code::not_found},
       .handler = operation},
      {.name = "wallet.history",
       .scope = Scope::read,
       .help = "The last operations, newest first.",
       .params = {{"limit", Type::integer, false, "default 50", 1, 1000},
                  {"before", Type::integer, false, "only older ones than this one", 1, INT64_MAX}},
       .result = operation_fields("operations[]."),
       .errors = {Code::not_found},
       .handler = history},
  };
}

}  // namespace archy::rpc

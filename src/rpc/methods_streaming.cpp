// streaming.*: paying for content.
#include <chrono>
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"
#include "rpc/params.hpp"
#include "rpc/wallet_json.hpp"
#include "settings/table.hpp"

namespace archy::rpc {
namespace {

using cashu::Amount;

constexpr std::int64_t kPatienceS = 60;

Json declined(std::string_view reason, std::string_view detail) {
  Json out{{"status", "declined"}, {"reason", reason}, {"detail", detail}};
  for (const char* name : {"token", "mint", "amount_sats", "fee_sats", "operation"})
    out[name] = nullptr;
  return out;
}

// What the call allows, or else the operator's setting.
std::uint64_t limit_of(Context& context, const Json& params, std::string_view name,
                       settings::Key<std::int64_t> setting) {
  const std::int64_t fallback = context.node.settings().get(setting);
  return static_cast<std::uint64_t>(integer(params, name, fallback));
}

rt::Task<Json> prepare_payment(Context& context, const Grant& grant, const Json& params) {
  if (grant.is_capped())
    co_return fail(Code::unsupported, "streaming.prepare-payment: not with a token that has a cap");
  const auto price = static_cast<std::uint64_t>(integer(params, "price_sats", 0));
  if (price > limit_of(context, params, "budget_sats", settings::kPaymentBudgetSats))
    co_return declined("price_over_budget", "the price is more than the budget");
  wallet::PaymentTerms terms{
      texts(params, "accepted_mints"), Amount(price),
      Amount(limit_of(context, params, "max_fee_sats", settings::kPaymentMaxFeeSats))};
  std::optional<std::string> key;
  if (has(params, "key")) {
    key = text(params, "key");
    if (!grant.holder.empty()) key->insert(0, grant.holder + " ");
  }
  const wallet::Patience patience{
      .all = std::chrono::seconds(integer(params, "timeout_s", kPatienceS))};
  WalletApi& wallet = context.node.wallet();
  CO_TRY(outcome, co_await wallet.build_payment_token(std::move(terms), std::move(key), patience,
                                                      context.stop));
  if (const auto* none = std::get_if<wallet::NoPayment>(&outcome))
    co_return declined(to_string(none->reason), none->why);
  const auto& payment = std::get<wallet::Payment>(outcome);
  CO_TRY(token, wallet.token_of(payment.token));
  co_return Json{{"status", "ready"},
                 {"token", token.reveal()},
                 {"mint", payment.mint},
                 {"amount_sats", payment.amount.value()},
                 {"fee_sats", payment.fee.value()},
                 {"operation", payment.token.value()},
                 {"reason", nullptr},
                 {"detail", nullptr}};
}

}  // namespace

std::vector<Method> streaming_methods() {
  return {
      {.name = "streaming.prepare-payment",
       .scope = Scope::spend,
       .changes = true,
       .help = "A token for a seller who takes ecash of these mints: of what is held, or of ecash "
               "that is swapped over first. Declined is no error: the caller goes to the free "
               "origin.",
       .params = {{"accepted_mints", Type::text_list, true, "URLs, as the seller lists them", 0,
                   64},
                  {"price_sats", Type::integer, true, "that the seller has after his own swap", 1,
                   kMostSats},
                  {"budget_sats", Type::integer, false,
                   "more is declined; default payment.budget_sats", 0, kMostSats},
                  {"max_fee_sats", Type::integer, false,
                   "over the price, all fees together; default payment.max_fee_sats", 0, kMostSats},
                  {"key", Type::text, false,
                   "a name of yours for it: with the same one the same token is answered", 1, 90},
                  timeout_param("until it is declined as under way, default 60")},
       .result = {{"status", "ready or declined"},
                  {"token", "whoever reads it can spend it; null: declined"},
                  {"mint", "whose ecash it is, or null"},
                  {"amount_sats", "of the token, the seller's own fee in it; or null"},
                  {"fee_sats", "what it cost over the price, or null"},
                  {"operation", "the send (wallet.take_back takes it back), or null"},
                  {"reason",
                   "null: ready; price_over_budget, fee_over_cap, untrusted, no_mint, no_balance, "
                   "no_restore, outside_limits, left_alone, mint_away, swap_failed, or "
                   "swap_under_way: the ecash arrives later"},
                  {"detail", "for people, or null"}},
       .errors = {Code::not_found, Code::denied},
       .handler = prepare_payment},
  };
}

}  // namespace archy::rpc

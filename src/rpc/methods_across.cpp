// wallet.*: from one mint to another, and how somebody would be paid.
#include <chrono>
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"
#include "rpc/params.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

using cashu::Amount;

// Quotes, a payment, and a target that hears of it a little later.
constexpr std::int64_t kPatienceS = 120;

Amount amount_of(const Json& params, std::string_view name) {
  return Amount(static_cast<std::uint64_t>(integer(params, name, 0)));
}

rt::Task<Json> swap(Context& context, const Grant& grant, const Json& params) {
  if (grant.is_capped())
    co_return fail(Code::unsupported, "wallet.swap: not with a token that has a cap");
  WalletApi::Route route{text(params, "from"),
                         text(params, "to"),
                         {amount_of(params, "amount_sats"), amount_of(params, "max_fee_sats")},
                         {}};
  if (has(params, "key")) {
    route.key = text(params, "key");
    if (!grant.holder.empty()) route.key->insert(0, grant.holder + " ");
  }
  const wallet::Patience patience{
      .all = std::chrono::seconds(integer(params, "timeout_s", kPatienceS))};
  CO_TRY(view, co_await context.node.wallet().swap_between_mints(std::move(route), patience,
                                                                 context.stop));
  co_return operation_json(view);
}

rt::Task<Json> cancel(Context& context, const Grant&, const Json& params) {
  CO_TRY(view, context.node.wallet().cancel(wallet::OperationId(integer(params, "operation", 0))));
  co_return operation_json(view);
}

Json way_json(const wallet::CostedWay& way) {
  const bool refused = way.refusal != wallet::Refusal::none;
  const bool known = way.facts.expected_fee < Amount(static_cast<std::uint64_t>(kMostSats));
  return {{"kind", way.is_direct() ? "direct" : "swap"},
          {"from", way.from},
          {"to", way.to},
          {"expected_fee_sats", known ? Json(way.facts.expected_fee.value()) : Json(nullptr)},
          {"score", way.facts.score},
          {"proven", way.facts.proven},
          {"refused", refused ? Json(to_string(way.refusal)) : Json(nullptr)}};
}

std::string_view name_of(const wallet::PaymentPlan& plan) {
  if (std::holds_alternative<wallet::Direct>(plan)) return "direct";
  return std::holds_alternative<wallet::CrossSwap>(plan) ? "swap" : "insufficient";
}

rt::Task<Json> plan(Context& context, const Grant&, const Json& params) {
  wallet::PaymentTerms terms{texts(params, "accepted_mints"), amount_of(params, "amount_sats"),
                             Amount(static_cast<std::uint64_t>(kMostSats))};
  if (has(params, "max_fee_sats")) terms.most_fee = amount_of(params, "max_fee_sats");
  CO_TRY(costed, context.node.wallet().plan_payment(std::move(terms)));
  Json ways = Json::array();
  for (const wallet::CostedWay& way : costed.ways) ways.push_back(way_json(way));
  const bool none = costed.refusal != wallet::Refusal::none;
  co_return Json{{"plan", name_of(costed.plan)},
                 {"reason", none ? Json(to_string(costed.refusal)) : Json(nullptr)},
                 {"ways", ways}};
}

rt::Task<Json> routes(Context& context, const Grant&, const Json&) {
  CO_TRY(rows, context.node.wallet().routes());
  const std::int64_t now_ms = context.clock.unix_ms();
  Json list = Json::array();
  for (const auto& row : rows) {
    const wallet::Route& route = row.route;
    list.push_back(
        {{"from", row.from},
         {"to", row.to},
         {"below_sats",
          row.bucket < 63 ? std::uint64_t{1} << row.bucket : std::uint64_t{INT64_MAX}},
         {"successes_milli", route.successes},
         {"failures_milli", route.failures},
         {"score", wallet::target_liquidity_score(route, now_ms)},
         {"proven", wallet::is_proven(route, now_ms)},
         {"usual_ms", route.usual_ms},
         {"usual_fee_ppm", route.usual_fee_ppm},
         {"most_done_sats", route.most_done.value()},
         {"least_failed_sats",
          route.least_failed ? Json(route.least_failed->value()) : Json(nullptr)},
         {"left_alone_ms", route.left_until_ms > now_ms ? route.left_until_ms - now_ms : 0},
         {"note", route.last_note}});
  }
  co_return Json{{"routes", list}};
}

constexpr Param kFrom{"from", Type::text, true, "URL of the mint where the ecash is", 1, 2048};
constexpr Param kTo{"to", Type::text, true, "URL of a trusted mint where it is to be", 1, 2048};

}  // namespace

std::vector<Method> across_methods() {
  return {
      {.name = "wallet.swap",
       .scope = Scope::spend,
       .changes = true,
       .help = "Ecash of one mint becomes ecash of another, over Lightning. Nothing is sent when "
               "it could cost more than max_fee_sats.",
       .params = {kFrom,
                  kTo,
                  {"amount_sats", Type::integer, true, "that is to arrive", 1, kMostSats},
                  {"max_fee_sats", Type::integer, true,
                   "the most that may be lost on the way, all fees together", 0, kMostSats},
                  {"key", Type::text, false,
                   "a name of yours for it: with the same one the same operation is answered, "
                   "and nothing is done twice",
                   1, 100},
                  timeout_param("until it is answered as open, default 120")},
       .result = operation_view_fields(),
       .errors = {Code::not_found, Code::denied, Code::payment_needed, Code::unreachable,
                  Code::timed_out, Code::peer_fault, Code::unsupported, Code::try_later},
       .handler = swap},
      {.name = "wallet.cancel",
       .scope = Scope::spend,
       .changes = true,
       .help = "Ends a cross_swap of which nothing was sent. Money that is on its way is not "
               "called back.",
       .params = {operation_param()},
       .result = operation_view_fields(),
       .errors = {Code::not_found, Code::denied, Code::try_later},
       .handler = cancel},
      {.name = "wallet.plan",
       .scope = Scope::read,
       .help = "How somebody who takes ecash of these mints would be paid now. Nobody is asked.",
       .params = {amount_param(),
                  {"accepted_mints", Type::text_list, true, "URLs, as he lists them", 0, 64},
                  {"max_fee_sats", Type::integer, false, "dearer ways are none", 0, kMostSats}},
       .result = {{"plan", "direct, swap or insufficient"},
                  {"reason", "why it is insufficient, or null"},
                  {"ways[].kind", "direct: ecash that is held already; swap"},
                  {"ways[].from", ""},
                  {"ways[].to", ""},
                  {"ways[].expected_fee_sats", "over the amount, all in all; null: not enough"},
                  {"ways[].score", "0 to 1000: how likely it is to work; 500: nothing is known"},
                  {"ways[].proven", "it has worked lately"},
                  {"ways[].refused",
                   "null, or no_balance, untrusted, no_restore, outside_limits, left_alone, "
                   "mint_away, fee_over_cap"}},
       .errors = {Code::not_found},
       .handler = plan},
      {.name = "wallet.routes",
       .scope = Scope::read,
       .help = "What is remembered of swaps between mints; weights halve every six hours.",
       .params = {},
       .result = {{"routes[].from", ""},
                  {"routes[].to", ""},
                  {"routes[].below_sats", "it is about sums from the half of this to this"},
                  {"routes[].successes_milli", "thousandths of a swap"},
                  {"routes[].failures_milli", ""},
                  {"routes[].score", "0 to 1000"},
                  {"routes[].proven", ""},
                  {"routes[].usual_ms", "from the payment to the ecash"},
                  {"routes[].usual_fee_ppm", ""},
                  {"routes[].most_done_sats", "the largest sum that arrived"},
                  {"routes[].least_failed_sats", "the smallest that did not lately, or null"},
                  {"routes[].left_alone_ms", "for so long from now"},
                  {"routes[].note", "of the last failure"}},
       .errors = {Code::not_found},
       .handler = routes},
  };
}

}  // namespace archy::rpc

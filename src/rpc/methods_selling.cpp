// streaming.*: what is sold, to whom, and what came of it.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"
#include "rpc/params.hpp"
#include "rpc/seller_api.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

using cashu::Amount;
using streaming::Service;
using streaming::UsageLine;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMostDays = 3660;

Json mints_json(const std::optional<std::vector<std::string>>& mints) {
  return mints ? Json(*mints) : Json(nullptr);
}

Json service_json(const Service& service) {
  return {{"service", to_string(service.id)},
          {"enabled", service.enabled},
          {"metric", to_string(service.price.metric)},
          {"step_size", service.price.step_size},
          {"price_per_step_sats", service.price.per_step.value()},
          {"min_steps", service.price.min_steps},
          {"accepted_mints", mints_json(service.accepted_mints)},
          {"revision", service.revision}};
}

std::vector<ResultField> service_fields(const std::string& prefix) {
  return {{prefix + "service", "content-download, film or relay"},
          {prefix + "enabled", "off: what is not marked paid is free"},
          {prefix + "metric", "what a unit is: bytes, milliseconds or requests"},
          {prefix + "step_size", "units in a step"},
          {prefix + "price_per_step_sats", "0: free"},
          {prefix + "min_steps", "the smallest purchase"},
          {prefix + "accepted_mints", "URLs, of the wallet's mints; null: all of those"},
          {prefix + "revision", "grows with every change"}};
}

rt::Task<Json> list_services(Context& context, const Grant&, const Json&) {
  CO_TRY(services, context.node.seller().services());
  Json list = Json::array();
  for (const Service& service : services) list.push_back(service_json(service));
  co_return Json{{"services", list}};
}

rt::Task<Json> configure_service(Context& context, const Grant&, const Json& params) {
  SellerApi& seller = context.node.seller();
  CO_TRY(id, streaming::parse_service(text(params, "service")));
  CO_TRY(services, seller.services());
  const auto found = std::ranges::find(services, id, &Service::id);
  Service service = found != services.end() ? *found : Service{.id = id};
  service.enabled = flag(params, "enabled", service.enabled);
  streaming::Price& price = service.price;
  if (has(params, "metric")) {
    CO_TRY(metric, streaming::parse_metric(text(params, "metric")));
    price.metric = metric;
  }
  const auto number = [&](std::string_view name, std::uint64_t fallback) {
    return static_cast<std::uint64_t>(integer(params, name, static_cast<std::int64_t>(fallback)));
  };
  price.step_size = number("step_size", price.step_size);
  price.per_step = Amount(number("price_per_step_sats", price.per_step.value()));
  price.min_steps = number("min_steps", price.min_steps);
  if (has(params, "accepted_mints")) service.accepted_mints = texts(params, "accepted_mints");
  if (flag(params, "any_mint")) service.accepted_mints.reset();
  CO_TRY(stored, seller.configure(std::move(service), number("revision", 0)));
  co_return service_json(stored);
}

rt::Task<Json> quote(Context& context, const Grant&, const Json& params) {
  CO_TRY(id, streaming::parse_service(text(params, "service")));
  CO_TRY(quoted,
         context.node.seller().quote(id, static_cast<std::uint64_t>(integer(params, "units", 0))));
  co_return Json{
      {"price_sats", quoted.price.value()},  {"metric", to_string(quoted.terms.metric)},
      {"step_size", quoted.terms.step_size}, {"price_per_step_sats", quoted.terms.per_step.value()},
      {"min_steps", quoted.terms.min_steps}, {"accepted_mints", quoted.accepted_mints}};
}

Json session_json(const streaming::SessionView& session) {
  return {{"session", session.id},
          {"peer", session.peer.hex()},
          {"service", to_string(session.service)},
          {"blake3", session.hash.hex()},
          {"credit_msat", session.credit.value()},
          {"used_msat", session.used.value()},
          {"units", session.units},
          {"opened_ms", session.opened_ms},
          {"expires_ms", session.expires_ms},
          {"closed", session.closed},
          {"refund_operation", session.refund ? Json(session.refund->value()) : Json(nullptr)}};
}

std::vector<ResultField> session_fields(const std::string& prefix) {
  return {{prefix + "session", "its number"},
          {prefix + "peer", "who has paid"},
          {prefix + "service", ""},
          {prefix + "blake3", "for what: a blob, or a sequence with its children"},
          {prefix + "credit_msat", "paid in, after mints' fees"},
          {prefix + "used_msat", "of it"},
          {prefix + "units", "delivered"},
          {prefix + "opened_ms", "since 1970"},
          {prefix + "expires_ms", "nothing is delivered for it after that"},
          {prefix + "closed", ""},
          {prefix + "refund_operation", "the send that gave back what was left, or null"}};
}

rt::Task<Json> sessions(Context& context, const Grant&, const Json& params) {
  CO_TRY(views, context.node.seller().sessions(!flag(params, "closed_too")));
  Json list = Json::array();
  for (const streaming::SessionView& view : views) list.push_back(session_json(view));
  co_return Json{{"sessions", list}};
}

rt::Task<Json> session_close(Context& context, const Grant&, const Json& params) {
  const auto id = static_cast<std::uint64_t>(integer(params, "session", 0));
  CO_TRY(closed, co_await context.node.seller().close_session(id, context.stop));
  Json out = session_json(closed.session);
  out["token"] = closed.token ? Json(closed.token->reveal()) : Json(nullptr);
  co_return out;
}

struct Days {
  std::int64_t from = 0, to = 0;
};
// The last ones, today among them.
Days days_of(Context& context, const Json& params, std::int64_t fallback) {
  const std::int64_t today = context.clock.unix_ms() / kDayMs;
  return {today + 1 - integer(params, "days", fallback), today};
}

rt::Task<Json> usage(Context& context, const Grant&, const Json& params) {
  const Days days = days_of(context, params, 30);
  CO_TRY(lines, context.node.seller().usage(days.from, days.to));
  Json list = Json::array();
  for (const UsageLine& line : lines)
    list.push_back({{"service", to_string(line.service)},
                    {"day", line.day},
                    {"units_paid", line.units_paid},
                    {"grace_bytes", line.units_grace},
                    {"sessions", line.sessions},
                    {"earned_sats", line.earned.value()},
                    {"refunded_sats", line.refunded.value()}});
  co_return Json{{"usage", list}};
}

// Sums of what others have paid: none of them is near the end of 64 bits.
struct Profit {
  std::uint64_t earned = 0, refunded = 0, units = 0, sessions = 0;
};

Json profit_json(std::string_view service, const Profit& profit) {
  const std::uint64_t kept = profit.earned - std::min(profit.earned, profit.refunded);
  return {{"service", service}, {"earned_sats", profit.earned}, {"refunded_sats", profit.refunded},
          {"kept_sats", kept},  {"units_paid", profit.units},   {"sessions", profit.sessions}};
}

rt::Task<Json> profits(Context& context, const Grant&, const Json& params) {
  const Days days = days_of(context, params, kMostDays);
  CO_TRY(lines, context.node.seller().usage(days.from, days.to));
  std::map<streaming::ServiceId, Profit> of;
  Profit all;
  for (const UsageLine& line : lines)
    for (Profit* profit : {&of[line.service], &all}) {
      profit->earned += line.earned.value();
      profit->refunded += line.refunded.value();
      profit->units += line.units_paid;
      profit->sessions += line.sessions;
    }
  Json list = Json::array();
  for (const auto& [service, profit] : of) list.push_back(profit_json(to_string(service), profit));
  const std::uint64_t kept = all.earned - std::min(all.earned, all.refunded);
  co_return Json{{"services", list},
                 {"earned_sats", all.earned},
                 {"refunded_sats", all.refunded},
                 {"kept_sats", kept}};
}

constexpr Param kService{"service", Type::text, true, "content-download, film or relay", 1, 32};
constexpr Param kDays{"days", Type::integer, false, "the last ones, by UTC", 1, kMostDays};

template <class... More>
std::vector<ResultField> with(std::vector<ResultField> fields, More... more) {
  (fields.push_back(more), ...);
  return fields;
}

}  // namespace

std::vector<Method> selling_methods() {
  return {
      {.name = "streaming.list-services",
       .scope = Scope::read,
       .help = "What is sold here, and for how much.",
       .result = service_fields("services[]."),
       .handler = list_services},
      {.name = "streaming.configure-service",
       .scope = Scope::admin,
       .changes = true,
       .help = "Changes what is given, and leaves the rest. A service that is on makes what is "
               "offered and not marked metered.",
       .params = {kService,
                  {"revision", Type::integer, true, "as last seen; another one by now: try_later",
                   0, INT64_MAX},
                  {"enabled", Type::boolean, false, ""},
                  {"metric", Type::text, false, "bytes, milliseconds or requests", 1, 16},
                  {"step_size", Type::integer, false, "units in a step", 1, INT64_MAX},
                  {"price_per_step_sats", Type::integer, false, "", 0, kMostSats},
                  {"min_steps", Type::integer, false, "the smallest purchase", 1, INT64_MAX},
                  {"accepted_mints", Type::text_list, false,
                   "URLs of mints that the wallet trusts: it takes no others", 0, 64},
                  {"any_mint", Type::boolean, false, "again all that the wallet trusts"}},
       .result = service_fields(""),
       .errors = {Code::not_found, Code::try_later},
       .handler = configure_service},
      {.name = "streaming.quote",
       .scope = Scope::read,
       .help = "What so many units would cost somebody now.",
       .params = {kService, {"units", Type::integer, true, "", 0, INT64_MAX}},
       .result = {{"price_sats", ""},
                  {"metric", ""},
                  {"step_size", ""},
                  {"price_per_step_sats", ""},
                  {"min_steps", ""},
                  {"accepted_mints", "URLs"}},
       .errors = {Code::not_found},
       .handler = quote},
      {.name = "streaming.sessions",
       .scope = Scope::read,
       .help = "Who has paid for what, and how much of it is left.",
       .params = {{"closed_too", Type::boolean, false, ""}},
       .result = session_fields("sessions[]."),
       .errors = {Code::not_found},
       .handler = sessions},
      {.name = "streaming.session-close",
       .scope = Scope::admin,
       .changes = true,
       .help = "Ends a session and gives back what is left, as a token for its peer. Again: the "
               "same token.",
       .params = {{"session", Type::integer, true, "its number", 1, INT64_MAX}},
       .result = with(session_fields(""),
                      ResultField{"token",
                                  "whoever reads it can spend it; null: less than a sat "
                                  "was left"}),
       .errors = {Code::not_found, Code::try_later},
       .handler = session_close},
      {.name = "streaming.usage",
       .scope = Scope::read,
       .help = "What was delivered and earned, by service and day; the last 30 days.",
       .params = {kDays},
       .result = {{"usage[].service", ""},
                  {"usage[].day", "since 1970"},
                  {"usage[].units_paid", ""},
                  {"usage[].grace_bytes", "sent unpaid while an error kept the gate from knowing"},
                  {"usage[].sessions", "opened"},
                  {"usage[].earned_sats", "after mints' fees"},
                  {"usage[].refunded_sats", "with what giving it back took"}},
       .errors = {Code::not_found},
       .handler = usage},
      {.name = "streaming.profits",
       .scope = Scope::read,
       .help = "What each service has earned.",
       .params = {kDays},
       .result = {{"services[].service", ""},
                  {"services[].earned_sats", "after mints' fees"},
                  {"services[].refunded_sats", "with what giving it back took"},
                  {"services[].kept_sats", "earned, less refunded"},
                  {"services[].units_paid", ""},
                  {"services[].sessions", ""},
                  {"earned_sats", "all of them"},
                  {"refunded_sats", ""},
                  {"kept_sats", ""}},
       .errors = {Code::not_found},
       .handler = profits},
  };
}

}  // namespace archy::rpc

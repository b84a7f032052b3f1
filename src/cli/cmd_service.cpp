// service, profits: what this node sells, and what that has brought.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"
#include "cli/wallet_caller.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

// What is not given stays as it is.
struct ServiceOptions {
  std::string name, metric, price, step, min_steps;
  std::vector<std::string> mints;
  bool on = false, off = false, any_mint = false;
};

std::string service_line(const Json& service) {
  std::string out = fmt::format("{}  {}  {} sat for {} {}", string_of(service, "service"),
                                service.at("enabled").get<bool>() ? "on" : "off",
                                number_of(service, "price_per_step_sats"),
                                number_of(service, "step_size"), string_of(service, "metric"));
  if (number_of(service, "min_steps") > 1)
    out += fmt::format(", at least {} times", number_of(service, "min_steps"));
  const Json& mints = service.at("accepted_mints");
  if (mints.is_null()) return out;
  out += "  at";
  for (const Json& mint : mints) out += " " + mint.get<std::string>();
  return out;
}

int service_list(const GlobalOptions& global) {
  return call_wallet(
      global, "streaming.list-services", kNothing,
      [](const Output& out, const Json& answer) {
        for (const Json& service : answer.at("services")) show(out, service, service_line(service));
        return kOk;
      },
      WalletCaller::Missing::leave);
}

// Errors: bad_input.
Result<> put_number(Json& params, const char* name, const std::string& text) {
  if (text.empty()) return {};
  const bool digits = text.size() <= 18 && text.find_first_not_of("0123456789") == text.npos;
  if (!digits) return fail(Code::bad_input, fmt::format("{} is no number", text));
  params[name] = std::stoull(text);
  return {};
}

Result<Json> params_of(const ServiceOptions& options) {
  Json params{{"service", options.name}};
  if (options.on || options.off) params["enabled"] = options.on;
  if (!options.metric.empty()) params["metric"] = options.metric;
  TRY_OK(put_number(params, "price_per_step_sats", options.price));
  TRY_OK(put_number(params, "step_size", options.step));
  TRY_OK(put_number(params, "min_steps", options.min_steps));
  if (!options.mints.empty()) params["accepted_mints"] = options.mints;
  if (options.any_mint) params["any_mint"] = true;
  return params;
}

Result<Json> set(const GlobalOptions& global, const ServiceOptions& options) {
  if (options.on && options.off) return fail(Code::bad_input, "on and off at once");
  TRY(params, params_of(options));
  TRY(wallet, WalletCaller::open(global));
  TRY(answer, wallet.call("streaming.list-services", kNothing));
  for (const Json& service : answer.at("services"))
    if (service.at("service") == options.name) params["revision"] = service.at("revision");
  if (!params.contains("revision"))
    return fail(Code::not_found, "a service is content-download, film or relay");
  return wallet.call("streaming.configure-service", params);
}

int service_set(const GlobalOptions& global, const ServiceOptions& options) {
  const Output out = global.output();
  const auto stored = set(global, options);
  if (!stored) return wallet_error(out, stored.error());
  show(out, *stored, service_line(*stored));
  return kOk;
}

int profits(const GlobalOptions& global, std::uint64_t days) {
  Json params = Json::object();
  if (days > 0) params["days"] = days;
  return call_wallet(
      global, "streaming.profits", params,
      [](const Output& out, const Json& answer) {
        if (out.json()) {
          show(out, answer, "");
          return kOk;
        }
        for (const Json& service : answer.at("services"))
          out.text_line(
              fmt::format("{}  {} sat earned, {} given back, {} sessions",
                          string_of(service, "service"), number_of(service, "earned_sats"),
                          number_of(service, "refunded_sats"), number_of(service, "sessions")));
        out.text_line(fmt::format("{} sat kept", number_of(answer, "kept_sats")));
        return kOk;
      },
      WalletCaller::Missing::leave);
}

}  // namespace

void register_service(CLI::App& app, const GlobalOptions& global, int& exit) {
  Subcommand service(app, "service", "what this node sells, and for how much");
  Subcommand list = service.below("list", "all services: what is on, and its price");
  list.run([&global, &exit] { exit = service_list(global); });

  auto options = std::make_shared<ServiceOptions>();
  Subcommand set = service.below("set", "sell something, or change its price; the rest stays");
  set.required("name", options->name, "content-download, film or relay");
  set.flag("--on", options->on, "what is offered and not marked otherwise costs something then");
  set.flag("--off", options->off, "what is not marked paid is free again");
  set.option("--price", options->price, "sat for a step");
  set.option("--step", options->step, "units in a step (1048576)");
  set.option("--metric", options->metric, "what a unit is: bytes, milliseconds or requests");
  set.option("--min-steps", options->min_steps, "the smallest purchase");
  set.option("--mint", options->mints, "URL of a mint whose ecash is taken (all that are trusted)");
  set.flag("--any-mint", options->any_mint, "again all that the wallet trusts");
  set.run([&global, &exit, options] { exit = service_set(global, *options); });

  auto days = std::make_shared<std::uint64_t>(0);
  Subcommand profit(app, "profits", "what selling has brought");
  profit.option("--days", *days, "the last ones (all)");
  profit.run([&global, &exit, days] { exit = profits(global, *days); });
}

}  // namespace archy::cli

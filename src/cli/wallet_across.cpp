// wallet: from one mint to another, and how somebody would be paid.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/exit_code.hpp"
#include "cli/wallet_caller.hpp"
#include "cli/wallet_commands.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

// Where nobody says: 2 % and 2 sat, as mints reserve, and as much again for their other fees.
std::uint64_t default_max_fee(std::uint64_t amount) {
  return std::max<std::uint64_t>(5, amount / 25 + 4);
}

std::string way_line(const Json& way) {
  const bool direct = way.at("kind") == "direct";
  const Json& fee = way.at("expected_fee_sats");
  std::string out = direct ? fmt::format("from {} as it is", string_of(way, "from"))
                           : fmt::format("{} -> {}", string_of(way, "from"), string_of(way, "to"));
  if (!fee.is_null()) out += fmt::format("  about {} sat", fee.get<std::uint64_t>());
  if (!direct) {
    out += fmt::format("  score {}{}", number_of(way, "score"),
                       way.at("proven").get<bool>() ? ", proven" : "");
  }
  if (!way.at("refused").is_null()) out += "  no: " + string_of(way, "refused");
  return out;
}

std::string route_line(const Json& route) {
  std::string out =
      fmt::format("{} -> {}  below {} sat  score {}{}  usually {} ms and {} ppm",
                  string_of(route, "from"), string_of(route, "to"), number_of(route, "below_sats"),
                  number_of(route, "score"), route.at("proven").get<bool>() ? ", proven" : "",
                  number_of(route, "usual_ms"), number_of(route, "usual_fee_ppm"));
  if (const auto left = number_of(route, "left_alone_ms"); left > 0)
    out += fmt::format("  left alone for {} s", (left + 999) / 1000);
  const std::string note = string_of(route, "note");
  return note.empty() ? out : out + "  " + note;
}

}  // namespace

int wallet_swap(const GlobalOptions& global, const SwapOptions& options) {
  Json params{{"from", options.from},
              {"to", options.to},
              {"amount_sats", options.amount},
              {"max_fee_sats", options.max_fee.value_or(default_max_fee(options.amount))}};
  if (!options.key.empty()) params["key"] = options.key;
  return call_wallet(global, "wallet.swap", params, [](const Output& out, const Json& row) {
    return show_ended(out, row,
                      fmt::format("{} sat are at {} now, from {}, fee {} sat",
                                  number_of(row, "amount_sats"), string_of(row, "counterpart"),
                                  string_of(row, "mint"), number_of(row, "fee_sats")));
  });
}

int wallet_cancel(const GlobalOptions& global, std::uint64_t operation) {
  return call_wallet(global, "wallet.cancel", Json{{"operation", operation}},
                     [](const Output& out, const Json& row) {
                       show(out, row, operation_line(row));
                       return kOk;
                     });
}

int wallet_plan(const GlobalOptions& global, const PlanOptions& options) {
  Json params{{"amount_sats", options.amount}, {"accepted_mints", options.accepted}};
  if (options.max_fee) params["max_fee_sats"] = *options.max_fee;
  return call_wallet(global, "wallet.plan", params, [](const Output& out, const Json& answer) {
    if (out.json()) {
      show(out, answer, "");
    } else {
      out.text_line(answer.at("reason").is_null()
                        ? string_of(answer, "plan")
                        : fmt::format("insufficient: {}", string_of(answer, "reason")));
      for (const Json& way : answer.at("ways")) out.text_line("  " + way_line(way));
    }
    return answer.at("plan") == "insufficient" ? kInsufficient : kOk;
  });
}

int wallet_routes(const GlobalOptions& global) {
  return call_wallet(global, "wallet.routes", kNothing, [](const Output& out, const Json& answer) {
    for (const Json& route : answer.at("routes")) show(out, route, route_line(route));
    if (answer.at("routes").empty()) note(out, "nothing was swapped between mints yet");
    return kOk;
  });
}

}  // namespace archy::cli

#include "cli/receipt.hpp"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

namespace archy::cli {
namespace {

using rpc::Json;

struct Bill {
  std::uint64_t payments = 0, paid = 0, fees = 0, lost = 0, open = 0, had_back = 0;
};

std::map<std::string, Bill> bills_of(const Json& purchases) {
  std::map<std::string, Bill> out;
  for (const Json& one : purchases) {
    if (one.at("state") == "none" && one.at("fee_sats") == 0) continue;
    Bill& bill = out[one.at("seller").get<std::string>()];
    const auto amount = one.at("amount_sats").get<std::uint64_t>();
    const auto state = one.at("state").get<std::string>();
    bill.payments += state == "paid" || state == "open" || state == "lost" ? 1 : 0;
    bill.had_back += state == "had_back" ? 1 : 0;
    bill.paid += amount;
    bill.fees += one.at("fee_sats").get<std::uint64_t>();
    if (state == "lost") bill.lost += amount;
    if (state == "open") bill.open += amount;
  }
  return out;
}

std::string line_of(const std::string& seller, const Bill& bill) {
  std::string out = fmt::format("  {}: {} sat in {} payments, {} in fees", seller.substr(0, 10),
                                bill.paid, bill.payments, bill.fees);
  if (bill.lost > 0) out += fmt::format(", {} of it for nothing", bill.lost);
  if (bill.open > 0) out += fmt::format(", {} of it not decided yet", bill.open);
  if (bill.had_back > 0) out += fmt::format(", {} payments had back", bill.had_back);
  return out;
}

}  // namespace

void print_receipt(const Output& out, const Json& explained) {
  const auto bills = bills_of(explained.at("purchases"));
  if (bills.empty()) return;
  for (const auto& [seller, bill] : bills) {
    out.line({{"seller", seller},
              {"paid_sats", bill.paid},
              {"fees_sats", bill.fees},
              {"payments", bill.payments},
              {"lost_sats", bill.lost},
              {"open_sats", bill.open},
              {"had_back", bill.had_back}},
             line_of(seller, bill));
  }
  const auto paid = explained.at("paid_sats").get<std::uint64_t>();
  const auto fees = explained.at("fees_sats").get<std::uint64_t>();
  out.line({{"paid_sats", paid}, {"fees_sats", fees}},
           fmt::format("  paid {} sat, and {} in fees", paid, fees));
}

}  // namespace archy::cli

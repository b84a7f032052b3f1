// How the wallet's rows are shown. Never a token, words, or a quote's id: whoever lists operations
// sees nothing that can be spent.
#pragma once

#include <string>
#include <vector>

#include "rpc/json.hpp"
#include "rpc/method.hpp"
#include "rpc/wallet_api.hpp"

namespace archy::rpc {

Json operation_json(const WalletLine& line);
// With its invoice, its preimage, and its requests.
Json operation_json(const wallet::OperationView& view);

// What is said of one operation, here and in a list of them.
std::vector<ResultField> operation_fields(const std::string& prefix = {});
std::vector<ResultField> operation_view_fields();

// A file of ours: all of its path for our own user, its name alone for anybody else.
std::string shown_path(const rt::Path& path, const Grant& grant);

Json balance_json(const wallet::MintBalance& balance);
Json mint_json(const wallet::MintBalance& balance);

// Parameters that several methods take. Units: sat, seconds.
inline constexpr std::int64_t kMostSats = 2'100'000'000'000'000;  // all there will ever be
constexpr Param amount_param() { return {"amount_sats", Type::integer, true, "", 1, kMostSats}; }
constexpr Param operation_param() {
  return {"operation", Type::integer, true, "its number", 1, INT64_MAX};
}
constexpr Param url_param() { return {"url", Type::text, true, "of the mint", 0, 2048}; }
constexpr Param timeout_param(std::string_view help) {
  return {"timeout_s", Type::integer, false, help, 0, 3600};
}

}  // namespace archy::rpc

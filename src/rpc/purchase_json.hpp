// Purchases as the methods tell of them: each, and their sums as a receipt.
#pragma once

#include <span>

#include "rpc/json.hpp"
#include "rpc/method.hpp"
#include "streaming/buyer.hpp"

namespace archy::rpc {

Json purchase_json(const streaming::PurchaseView& purchase);
std::vector<ResultField> purchase_fields(const std::string& prefix);

// paid_sats and fees_sats. What is not decided counts as paid.
void add_sums(Json& to, std::span<const streaming::PurchaseView> purchases);
std::vector<ResultField> sum_fields();

}  // namespace archy::rpc

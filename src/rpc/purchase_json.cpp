#include "rpc/purchase_json.hpp"

#include <nlohmann/json.hpp>

namespace archy::rpc {
namespace {

using streaming::PurchaseState;
using streaming::PurchaseView;

std::string_view state_of(const PurchaseView& purchase) {
  switch (purchase.state) {
    case PurchaseState::begun:
    case PurchaseState::handed:
      return "open";
    case PurchaseState::taken:
      return purchase.undelivered ? "lost" : "paid";
    case PurchaseState::none:
      return "none";
    case PurchaseState::had_back:
      return "had_back";
    case PurchaseState::lost:
      return "lost";
  }
  return "open";
}

std::uint64_t sum(std::span<const PurchaseView> purchases,
                  streaming::Amount PurchaseView::* member) {
  streaming::Amount out;
  for (const PurchaseView& one : purchases) out = out.plus(one.*member).value_or(out);
  return out.value();
}

}  // namespace

Json purchase_json(const PurchaseView& purchase) {
  return {{"purchase", purchase.id.value()},
          {"blake3", purchase.what.blob.hex()},
          {"seller", purchase.what.seller.hex()},
          {"state", state_of(purchase)},
          {"amount_sats", purchase.amount.value()},
          {"fee_sats", purchase.fee.value()},
          {"receipt", purchase.payment.empty() ? Json(nullptr) : Json(purchase.payment)},
          {"at_unix_ms", purchase.at_ms}};
}

std::vector<ResultField> purchase_fields(const std::string& prefix) {
  return {{prefix + "purchase", "its number"},
          {prefix + "blake3", "the root that it is for"},
          {prefix + "seller", "a peer's id"},
          {prefix + "state",
           "paid; open: not decided yet; none: no token was made; had_back: not redeemed, it is "
           "ecash again; lost: redeemed, and nothing came for it"},
          {prefix + "amount_sats", "that the seller has after his mint's fee"},
          {prefix + "fee_sats", "what it cost over that"},
          {prefix + "receipt", "the seller's name for the payment, or null"},
          {prefix + "at_unix_ms", ""}};
}

void add_sums(Json& to, std::span<const PurchaseView> purchases) {
  to["paid_sats"] = sum(purchases, &PurchaseView::amount);
  to["fees_sats"] = sum(purchases, &PurchaseView::fee);
}

std::vector<ResultField> sum_fields() {
  return {{"paid_sats", "to all sellers, what they took for nothing in it"},
          {"fees_sats", "of mints and Lightning, over that"}};
}

}  // namespace archy::rpc

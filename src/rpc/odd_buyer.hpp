// The buyer of the fuzzer's node, as odd as its wallet.
#pragma once

#include <functional>

#include "rpc/buyer_api.hpp"

namespace archy::rpc {

class OddBuyer final : public BuyerApi {
 public:
  OddBuyer(std::function<std::optional<Error>()> refusal, std::function<std::uint64_t()> number)
      : refusal_(std::move(refusal)), number_(std::move(number)) {}

  Result<std::vector<streaming::PurchaseView>> purchases(std::optional<Blake3Hash> blob,
                                                         std::uint64_t) override {
    if (auto refused = refusal_()) return fail(*refused);
    streaming::PurchaseView one;
    one.id = streaming::PurchaseId(static_cast<std::int64_t>(number_() >> 1));
    one.what.blob = blob.value_or(Blake3Hash{});
    one.state = static_cast<streaming::PurchaseState>(number_() % 6);
    one.amount = streaming::Amount(number_());
    one.fee = streaming::Amount(number_());
    one.payment = "\xc3 is no UTF-8";
    one.at_ms = INT64_MIN;
    return std::vector{one, one};
  }

 private:
  std::function<std::optional<Error>()> refusal_;
  std::function<std::uint64_t()> number_;
};

}  // namespace archy::rpc

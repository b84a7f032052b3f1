// The seller of the fuzzer's node, as odd as its wallet.
#pragma once

#include "rpc/odd_wallet.hpp"
#include "rpc/seller_api.hpp"

namespace archy::rpc {

class OddSeller final : public SellerApi {
 public:
  OddSeller(std::function<std::optional<Error>()> refusal, std::function<std::uint64_t()> number)
      : refusal_(std::move(refusal)), number_(std::move(number)) {}

  Result<std::vector<streaming::Service>> services() override {
    return or_refusal(std::vector<streaming::Service>{service(), service()});
  }
  Result<streaming::Service> configure(streaming::Service, std::uint64_t) override {
    return or_refusal(service());
  }
  Result<streaming::Quote> quote(streaming::ServiceId, std::uint64_t) override {
    return or_refusal(streaming::Quote{"odd", cashu::Amount(number_()), price(), {"odd"}, -1});
  }
  Result<std::vector<streaming::SessionView>> sessions(bool) override {
    return or_refusal(std::vector<streaming::SessionView>{session()});
  }
  rt::Task<streaming::Gate::Closed> close_session(std::uint64_t, std::stop_token) override {
    streaming::Gate::Closed out{session(), {}};
    if (odd()) out.token = Secret<std::string>(std::string(OddWallet::kToken));
    co_return or_refusal(std::move(out));
  }
  Result<std::vector<streaming::UsageLine>> usage(std::int64_t, std::int64_t) override {
    streaming::UsageLine line;
    line.service = streaming::kServices[number_() % 3];
    line.day = odd() ? INT64_MIN : INT64_MAX;
    line.units_paid = number_();
    line.earned = cashu::Amount(number_());
    line.refunded = cashu::Amount(number_());
    return or_refusal(std::vector<streaming::UsageLine>{line, line});
  }

 private:
  bool odd() { return number_() % 2 == 1; }
  template <class T>
  Result<T> or_refusal(T value) {
    if (auto refused = refusal_()) return fail(*refused);
    return value;
  }
  streaming::Price price() {
    return {static_cast<streaming::Metric>(number_() % 3), number_(), cashu::Amount(number_()),
            number_()};
  }
  streaming::Service service() {
    streaming::Service out{.id = streaming::kServices[number_() % 3]};
    out.price = price();
    if (odd()) out.accepted_mints = std::vector<std::string>{"\xc3 is no UTF-8"};
    out.revision = number_();
    return out;
  }
  streaming::SessionView session() {
    streaming::SessionView out;
    out.id = number_();
    out.service = streaming::kServices[number_() % 3];
    out.credit = streaming::Msat(number_());
    out.used = streaming::Msat(number_());
    if (odd()) out.refund = wallet::OperationId(INT64_MAX);
    return out;
  }

  std::function<std::optional<Error>()> refusal_;
  std::function<std::uint64_t()> number_;
};

}  // namespace archy::rpc

// The gate of a node, and what the methods see of it.
#pragma once

#include "rpc/seller_api.hpp"
#include "rt/scope.hpp"
#include "streaming/gate.hpp"

namespace archy::app {

// Thread: the loop. Lifetime: `env` and `purse` outlive it; close() has been awaited before the
// purse's and before the destructor.
class Seller final : public rpc::SellerApi {
 public:
  Seller(const rt::Env& env, streaming::Purse& purse)
      : env_(env), gate_(env, purse), scope_(env_.executor) {}

  streaming::Gate& gate() { return gate_; }
  // From here on what was used is written as often, also while nothing happens.
  void look_after_used(rt::Duration every = std::chrono::minutes(1));
  boost::asio::awaitable<void> close();

  // What the content port wants to know, which has no gate. Errors: try_later: it cannot be read.
  Result<bool> standard_is_free() {
    const auto sold = gate_.is_on(streaming::ServiceId::content_download);
    if (!sold) return fail(Code::try_later, "whether content is sold now cannot be read");
    return !*sold;
  }

  Result<std::vector<streaming::Service>> services() override { return gate_.services(); }
  Result<streaming::Service> configure(streaming::Service service,
                                       std::uint64_t expected_revision) override {
    return gate_.configure(std::move(service), expected_revision);
  }
  Result<streaming::Quote> quote(streaming::ServiceId service, std::uint64_t units) override {
    return gate_.quote(service, units);
  }
  Result<std::vector<streaming::SessionView>> sessions(bool open_only) override {
    return gate_.sessions(open_only);
  }
  rt::Task<streaming::Gate::Closed> close_session(std::uint64_t id, std::stop_token stop) override {
    return gate_.close_session(id, std::move(stop));
  }
  Result<std::vector<streaming::UsageLine>> usage(std::int64_t from_day,
                                                  std::int64_t to_day) override {
    return gate_.usage(from_day, to_day);
  }

 private:
  boost::asio::awaitable<void> look_after(rt::Duration every, std::stop_token stop);

  rt::Env env_;
  streaming::Gate gate_;
  rt::Scope scope_;
};

}  // namespace archy::app

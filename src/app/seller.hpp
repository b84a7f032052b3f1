// The gate of a node, and what the methods see of it.
#pragma once

#include "base/log.hpp"
#include "rpc/seller_api.hpp"
#include "streaming/gate.hpp"

namespace archy::app {

// Thread: the loop. Lifetime: `env` and `purse` outlive it; close() before the purse's.
class Seller final : public rpc::SellerApi {
 public:
  Seller(const rt::Env& env, streaming::Purse& purse) : gate_(env, purse) {}

  streaming::Gate& gate() { return gate_; }
  void close() {
    if (auto closed = gate_.close(); !closed)
      log::warn("streaming", "what was used is not written: {}", to_string(closed.error()));
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
  streaming::Gate gate_;
};

}  // namespace archy::app

// What the negotiation and the blob requests ask of the gate. Nothing of it is called for public
// content.
#pragma once

#include "streaming/gate.hpp"

namespace archy::paid {

// Thread: the loop. As the functions of streaming::Gate.
class Till {
 public:
  virtual ~Till() = default;
  virtual boost::asio::awaitable<streaming::GateAnswer> ask(
      streaming::Want want, std::optional<Secret<std::string>> token, std::stop_token stop) = 0;
  virtual streaming::Gate::Begun begin(const streaming::Want& want) = 0;
  virtual streaming::MeterAnswer take(streaming::GateTicket ticket, std::uint64_t payload) = 0;
  virtual void settle(streaming::GateTicket ticket) = 0;
};

// Lifetime: the gate outlives it.
class GateTill final : public Till {
 public:
  explicit GateTill(streaming::Gate& gate) : gate_(gate) {}
  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want want,
                                                    std::optional<Secret<std::string>> token,
                                                    std::stop_token stop) override {
    return gate_.ask(std::move(want), std::move(token), std::move(stop));
  }
  streaming::Gate::Begun begin(const streaming::Want& want) override { return gate_.begin(want); }
  streaming::MeterAnswer take(streaming::GateTicket ticket, std::uint64_t payload) override {
    return gate_.take(ticket, payload);
  }
  void settle(streaming::GateTicket ticket) override { gate_.settle(ticket); }

 private:
  streaming::Gate& gate_;
};

}  // namespace archy::paid

// Real UDP: one file descriptor a socket, readiness from Asio, trains through the kernel's GSO and
// GRO where it has them.
#pragma once

#include "rt/datagram.hpp"
#include "rt/task.hpp"

namespace archy::rt {

class AsioDatagramNetwork final : public DatagramNetwork {
 public:
  explicit AsioDatagramNetwork(Executor executor) : executor_(std::move(executor)) {}
  Result<std::unique_ptr<DatagramSocket>> bind(const Address& address,
                                               DatagramOptions options) override;
  std::vector<Address> interface_addresses() override;

 private:
  Executor executor_;
};

}  // namespace archy::rt

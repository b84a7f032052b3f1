// A port in front of a mint elsewhere: faults on the way to a real one.
#pragma once

#include <functional>

#include "http/client.hpp"
#include "testmint/fault_port.hpp"

namespace archy::testmint {

class ProxyPort final : public FaultPort {
 public:
  // `upstream`: the mint's URL without a slash at its end.
  ProxyPort(rt::Executor executor, rt::Clock& clock, PortOptions options, http::Client& client,
            std::string upstream, std::function<void()> shut_down)
      : FaultPort(std::move(executor), clock, options),
        client_(client),
        upstream_(std::move(upstream)),
        shut_down_(std::move(shut_down)) {}

  Result<> add_faults(std::string_view json) { return script_.add(json); }

 protected:
  FaultScript& script() override { return script_; }
  // Errors: as the client's: the upstream was not reached, or broke off.
  rt::Task<Reply> execute(const PortRequest& request, const Carriage& carriage) override;
  // faults, and POST shutdown.
  Reply control(const PortRequest& request, std::string_view name) override;

 private:
  http::Client& client_;
  const std::string upstream_;
  std::function<void()> shut_down_;
  FaultScript script_;
};

}  // namespace archy::testmint

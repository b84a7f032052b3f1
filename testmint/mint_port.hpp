// One mint on a port.
#pragma once

#include "testmint/control.hpp"

namespace archy::testmint {

class MintPort final : public FaultPort {
 public:
  MintPort(rt::Executor executor, rt::Clock& clock, PortOptions options, Mint& mint,
           Control& control)
      : FaultPort(std::move(executor), clock, options), mint_(mint), control_(control) {}

 protected:
  FaultScript& script() override { return mint_.faults(); }
  rt::Task<Reply> execute(const PortRequest& request, const Carriage& carriage) override {
    co_return mint_.handle(request.method, request.path, request.body, clock_.unix_ms(),
                           carriage.inside);
  }
  Reply control(const PortRequest& request, std::string_view name) override {
    return control_.handle(mint_, request, name, clock_.unix_ms());
  }

 private:
  Mint& mint_;
  Control& control_;
};

}  // namespace archy::testmint

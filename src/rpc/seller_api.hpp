// What the methods streaming.* need of whoever sells. Owned by rpc, its user; implemented by app
// over the gate.
#pragma once

#include "streaming/gate.hpp"

namespace archy::rpc {

// Thread: the loop. Lifetime: outlives every call. Errors: as streaming::Gate's.
class SellerApi {
 public:
  virtual ~SellerApi() = default;
  virtual Result<std::vector<streaming::Service>> services() = 0;
  virtual Result<streaming::Service> configure(streaming::Service service,
                                               std::uint64_t expected_revision) = 0;
  virtual Result<streaming::Quote> quote(streaming::ServiceId service, std::uint64_t units) = 0;
  virtual Result<std::vector<streaming::SessionView>> sessions(bool open_only) = 0;
  virtual rt::Task<streaming::Gate::Closed> close_session(std::uint64_t id,
                                                          std::stop_token stop) = 0;
  virtual Result<std::vector<streaming::UsageLine>> usage(std::int64_t from_day,
                                                          std::int64_t to_day) = 0;
};

}  // namespace archy::rpc

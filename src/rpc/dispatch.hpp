// One text in, one text out: calls of a message run in order, each only if the caller's scope
// reaches it. The same code for the TCP port, the Unix socket and a command without a node.
#pragma once

#include <string>

#include "rpc/message.hpp"
#include "rpc/method.hpp"

namespace archy::rpc {

// How calls ended, for /metrics. Names of the table only, so it cannot grow.
struct CallCounts {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
};

// Thread: the loop. Lifetime: context outlives it.
class Dispatcher {
 public:
  explicit Dispatcher(Context context) : context_(context) {}

  // The answer's text; empty when nothing is to be answered (notifications only).
  // Requires: `text` stays valid until then. `stop`: the caller has gone.
  boost::asio::awaitable<std::string> answer(std::string_view text, Grant grant,
                                             std::stop_token stop = {});
  const std::map<std::string_view, CallCounts>& counts() const { return counts_; }

 private:
  boost::asio::awaitable<std::string> answer_one(const Call& call, const Grant& grant,
                                                 Context& context);

  Context context_;
  std::map<std::string_view, CallCounts> counts_;
};

}  // namespace archy::rpc

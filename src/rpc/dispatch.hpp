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

// For callers in this program: the text of a call, and its result or error out of the answer.
// Errors: what the other side answered, as the code its name says; peer_fault when it is no answer.
// The code that is called so; bad_input for a name that is none of ours.
Code code_named(std::string_view name);
std::string call_text(std::string_view method, std::string_view params);
Result<Json> result_of(std::string_view answer);

}  // namespace archy::rpc

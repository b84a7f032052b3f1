// Oracle: whatever is read as a call is JSON that says the same when it is read again. Every
// message is answered, for the operator and for a stranger, by a node whose every reply may be a
// refusal or odd: with JSON or, for notifications, with nothing; the stranger reads nothing of the
// operator's disk, and who may only read no token and no words. The same bytes are tried as a token
// and as the answer of a node.
//
// covers: rpc/answer.cpp
// covers: rpc/dispatch.cpp
// covers: rpc/message.cpp
// covers: rpc/method.cpp
// covers: rpc/params.cpp
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "rpc/answer.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/message.hpp"
#include "rpc/method.hpp"
#include "rpc/odd_node.hpp"
#include "rt/asio/asio_clock.hpp"

namespace {

using namespace archy;

class FixedRandom final : public rt::Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = 7;
  }
};

std::uint32_t sum_of(std::string_view text) {
  std::uint32_t sum = 2166136261u;  // FNV-1a
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 16777619u;
  return sum;
}

std::string answer_to(std::string_view text, const rpc::Grant& grant) {
  boost::asio::io_context loop;
  rt::AsioClock clock(loop.get_executor());
  rpc::OddNode node(sum_of(text));
  rpc::Events events(loop.get_executor());
  FixedRandom random;
  rpc::Tokens tokens(random);
  rpc::Dispatcher dispatcher({.node = node, .events = events, .tokens = &tokens, .clock = clock});
  std::optional<std::string> answer;
  boost::asio::co_spawn(loop, dispatcher.answer(text, grant),
                        [&](std::exception_ptr thrown, std::string out) {
                          CHECK(!thrown);
                          answer = std::move(out);
                        });
  loop.run();
  CHECK(answer.has_value());
  return *answer;
}

void answered(std::string_view text, bool notifications_only) {
  for (const rpc::Grant& grant :
       {rpc::Grant::own_user(), rpc::Grant{rpc::Scope::admin, {}},
        rpc::Grant{rpc::Scope::spend, {}}, rpc::Grant{rpc::Scope::read, {}},
        rpc::Grant{rpc::Scope::read, "blob.get"}}) {
    const std::string answer = answer_to(text, grant);
    CHECK(answer.empty() == notifications_only);
    if (answer.empty()) continue;
    const rpc::Json json = rpc::parse_trusted(answer);
    CHECK(json.is_object() || json.is_array());
    const std::string asked = rpc::to_text(rpc::parse_trusted(text));
    const auto tells = [&](std::string_view what) {
      return asked.find(what) == std::string::npos && answer.find(what) != std::string::npos;
    };
    CHECK(grant.local || !tells(rpc::OddNode::kPrivatePath));
    CHECK(grant.scope == rpc::Scope::admin || !tells(rpc::OddWallet::kWords));
    CHECK(grant.scope >= rpc::Scope::spend || !tells(rpc::OddWallet::kToken));
    if (json.is_object()) (void)rpc::result_of(answer);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  FixedRandom random;
  const rpc::Tokens tokens(random);
  CHECK(!tokens.check(text, 0) || text.size() >= 64);
  (void)rpc::narrow(text, {});
  (void)rpc::result_of(text);
  auto message = rpc::parse_message(text);
  if (!message) {
    answered(text, false);
    return 0;
  }
  CHECK(!message->calls.empty() && message->calls.size() <= rpc::kBatch);
  bool notifications_only = true;
  for (const rpc::Call& call : message->calls) {
    notifications_only = notifications_only && call.id.empty();
    if (call.invalid || call.id.empty()) continue;
    CHECK(rpc::parse_trusted(call.params).is_object());
    auto again = rpc::parse_message(rpc::call_text(call.method, call.params));
    CHECK(again && again->calls[0].method == call.method && again->calls[0].params == call.params);
  }
  answered(text, notifications_only);
  return 0;
}

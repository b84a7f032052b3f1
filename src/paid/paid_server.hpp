// The seller's side of `archy/paid-blobs/1`: reads a question, looks the content up, asks the gate,
// answers. What is public is granted before any gate or token is looked at.
#pragma once

#include <memory>
#include <unordered_map>

#include "paid/catalog.hpp"
#include "paid/frame.hpp"
#include "paid/till.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"

namespace archy::paid {

// Questions of one peer that are answered at once, over all its connections; more of them wait.
inline constexpr std::size_t kQuestionsAtOnce = 8;

// What a gate's answer is on the wire. `now_ms`: since 1970.
PaidAnswer answer_of(streaming::GateAnswer answer, std::int64_t now_ms);

// Thread: the loop. Lifetime: outlives every serve() it started; what it was given outlives it.
class PaidServer {
 public:
  PaidServer(const rt::Env& env, Catalog& catalog, Till& till, FrameLimits limits = {});
  // Answers until the connection ends; all answers have ended when this returns. A stop request
  // closes the connection.
  boost::asio::awaitable<void> serve(std::shared_ptr<quic::Connection> connection,
                                     std::stop_token stop);

 private:
  struct Slots {
    explicit Slots(rt::Executor executor) : freed(std::move(executor)) {}
    std::size_t taken = 0;
    rt::Signal freed;
  };
  std::shared_ptr<Slots> slots_of(const EndpointId& peer);
  struct Who {
    EndpointId peer;
    std::string prefix;  // of the address
  };
  boost::asio::awaitable<void> handle(std::shared_ptr<quic::Stream> stream, Who who,
                                      std::shared_ptr<Slots> slots, std::stop_token stop);
  // None: the question was none.
  boost::asio::awaitable<std::optional<std::string>> answer_to(std::shared_ptr<quic::Stream> stream,
                                                               Who who, std::stop_token stop);
  boost::asio::awaitable<PaidAnswer> decide(Who who, PaidRequest request, std::stop_token stop);

  rt::Env env_;
  Catalog& catalog_;
  Till& till_;
  FrameLimits limits_;
  std::unordered_map<EndpointId, std::weak_ptr<Slots>> slots_;
};

}  // namespace archy::paid

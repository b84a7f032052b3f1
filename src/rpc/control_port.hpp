// The control API over HTTP: POST /rpc/v1, GET /events, GET /metrics; the same handler for the
// loopback port and the Unix socket.
//
// Every request passes authorize() (guard.hpp) before anything else of it is looked at. Never sets
// a cookie, never answers with CORS headers, never repeats what it was sent.
#pragma once

#include <string>
#include <vector>

#include "http/server.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/guard.hpp"
#include "rt/random.hpp"

namespace archy::rpc {

// Requests by how they ended, for /metrics.
struct ControlCounts {
  std::uint64_t served = 0;
  std::map<std::string_view, std::uint64_t> refused;  // by the check that refused
};

struct ContentCounts;

struct ControlOptions {
  // After a wrong token. The connection ends, too: a guess costs a connection and this long.
  rt::Duration wrong_token_delay = std::chrono::milliseconds(250);
  rt::Duration keep_alive = std::chrono::seconds(15);  // of an event stream without events
  const ContentCounts* content = nullptr;  // of the content port, for /metrics; outlives this
};

// Thread: the loop. Lifetime: outlives the servers that were given it; the context outlives it.
class ControlPort final : public http::Handler {
 public:
  ControlPort(Context context, rt::Executor executor, ControlOptions options = {});

  // Which names the loopback port answers to, once its number is known: 127.0.0.1, localhost and
  // [::1] with it, and `further` as they are.
  void set_hosts(std::uint16_t port, const std::vector<std::string>& further);
  rt::Task<> handle(http::ServerExchange& exchange) override;

  const Dispatcher& dispatcher() const { return dispatcher_; }
  const ControlCounts& counts() const { return counts_; }

 private:
  rt::Task<> refuse(http::ServerExchange& exchange, const Verdict& verdict);
  rt::Task<> call(http::ServerExchange& exchange, Grant grant);
  rt::Task<> events(http::ServerExchange& exchange);
  rt::Task<> metrics(http::ServerExchange& exchange);

  Context context_;
  rt::Executor executor_;
  ControlOptions options_;
  Dispatcher dispatcher_;
  GuardPolicy policy_;
  ControlCounts counts_;
};

}  // namespace archy::rpc

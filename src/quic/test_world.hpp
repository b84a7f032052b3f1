// A loop, real sockets on loopback and endpoints with numbered keys, for tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "quic/tuning.hpp"
#include "rt/real_env.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"

namespace archy::quic {

inline constexpr const char* kAlpn = "/test/1";

inline crypto::Ed25519Seed seed_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(n);
  return crypto::Ed25519Seed(bytes);
}

inline Config server_config() {
  Config out;
  out.bind = {rt::Address::loopback(0)};
  out.alpns = {kAlpn};
  return out;
}
inline Config client_config() {
  Config out;
  out.bind = {rt::Address::loopback(0)};
  return out;
}

// Runs flows to their end; a test that hangs is stopped and fails.
struct World : rt::RealEnv {
  rt::Scope scope{loop.get_executor()};

  std::unique_ptr<Endpoint> endpoint(std::uint8_t key, Config config, EndpointTuning tuning = {}) {
    auto made = make_tuned_endpoint(env, seed_of(key), std::move(config), std::move(tuning));
    if (!made) {
      ADD_FAILURE() << to_string(made.error());
      std::abort();
    }
    return std::move(*made);
  }

  // Runs `flow` and everything started in `scope` meanwhile until `flow` is done.
  void run(boost::asio::awaitable<void> flow) {
    bool done = false;
    boost::asio::co_spawn(loop, std::move(flow), [&](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
      done = true;
      loop.stop();
    });
    loop.restart();
    loop.run_for(std::chrono::seconds(60));
    ASSERT_TRUE(done) << "the flow did not end";
  }

  ~World() {
    scope.request_stop();
    // What endpoints posted while going must run before the loop goes.
    loop.restart();
    loop.poll();
  }
};

// Echoes every stream of every connection until the endpoint closes.
inline boost::asio::awaitable<void> echo_stream(std::shared_ptr<Stream> stream) {
  for (;;) {
    auto got = co_await stream->fill(1);
    if (!got || *got == 0) break;
    Bytes bytes = to_bytes(stream->buffered());
    stream->consume(bytes.size());
    auto written = co_await stream->write(std::move(bytes));
    if (!written) co_return;
  }
  stream->finish();
  (void)co_await stream->drained();
}

inline boost::asio::awaitable<void> echo_connection(rt::Scope& scope,
                                                    std::shared_ptr<Connection> connection) {
  for (;;) {
    auto stream = co_await connection->accept_bi();
    if (!stream) co_return;
    scope.start(echo_stream(std::move(*stream)));
  }
}

inline boost::asio::awaitable<void> echo_server(rt::Scope& scope, Endpoint& endpoint) {
  for (;;) {
    auto connection = co_await endpoint.accept();
    if (!connection) co_return;
    scope.start(echo_connection(scope, std::move(*connection)));
  }
}

}  // namespace archy::quic

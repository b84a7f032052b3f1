// M2: authenticated connections that do nothing, held open against a server whose memory is watched
// from outside:
//   idle_bench ID@IP:PORT COUNT STEPS
// Opens COUNT connections in STEPS equal parts. After each part prints {"open": N} and goes on when
// a line comes in on standard input; ends when that closes.
#include <cstdlib>
#include <iostream>
#include <vector>

#include "bench/bench_client.hpp"
#include "rt/signal.hpp"

namespace {

using namespace archy;

struct Options {
  fetch::PeerAddress peer;
  std::size_t count = 0;
  std::size_t steps = 1;
};

Result<Options> parse(int argc, char** argv) {
  if (argc != 4) return fail(Code::bad_input, "idle_bench ID@IP:PORT COUNT STEPS");
  Options options;
  TRY(peer, app::parse_peer(argv[1]));
  options.peer = std::move(peer);
  options.count = std::strtoul(argv[2], nullptr, 10);
  options.steps = std::strtoul(argv[3], nullptr, 10);
  if (options.steps == 0 || options.count < options.steps) {
    return fail(Code::bad_input, "COUNT and STEPS must be positive");
  }
  return options;
}

// The loop stands still while it waits for a line; keep-alives are due only every few seconds.
bool go_on(std::size_t open) {
  fmt::print("{{\"open\": {}}}\n", open);
  std::fflush(stdout);
  std::string line;
  return static_cast<bool>(std::getline(std::cin, line));
}

rt::Task<> hold(bench::Client& client, Options options) {
  std::vector<std::shared_ptr<quic::Connection>> held;
  while (held.size() < options.count) {
    CO_TRY(connection, co_await client.connect(options.peer));
    held.push_back(std::move(connection));
    if (held.size() % (options.count / options.steps) != 0) continue;
    // Until the handshake's last packets are through on both sides.
    const rt::Instant settled = client.clock().now() + std::chrono::milliseconds(300);
    CO_TRY_OK(co_await rt::sleep_until(client.env().executor, client.clock(), settled,
                                       std::stop_token{}));
    if (!go_on(held.size())) break;
  }
  co_return Result<>{};
}

Result<> run(const Options& options) {
  bench::Client client;
  TRY_OK(client.open());
  return client.run(hold(client, options));
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

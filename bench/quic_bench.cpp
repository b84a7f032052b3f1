// QUIC alone: unverified bytes over loopback between two processes, and connects.
// Expected (2 cores, AES-NI): 1.4-1.6 CPU-s/GiB for both sides, >= 1.2 GB/s; a connect ~1 ms, of
// which 0.21 ms a side are X25519, Ed25519 sign and verify.
//
// Usage: quic_bench [--mib N] [--streams N] [--no-gso] [--no-gro] [--bbr] [--connects N] [--runs N]
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "quic/types.hpp"
#include "rt/real_env.hpp"
#include "rt/scope.hpp"

namespace archy {
namespace {

struct Plan {
  std::size_t mib = 1024;
  std::size_t streams = 1;
  std::size_t connects = 500;
  std::size_t runs = 3;
  quic::Config config;
};

struct World : rt::RealEnv {
  rt::Scope scope{loop.get_executor()};
};

crypto::Ed25519Seed seed_of(std::uint8_t n) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(n);
  return crypto::Ed25519Seed(bytes);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  (void)sched_setaffinity(0, sizeof set, &set);
  (void)prctl(PR_SET_TIMERSLACK, 1);
}

// What the two processes tell each other.
struct Shared {
  rt::Address address;
  EndpointId id;
};
void put(int fd, const void* bytes, std::size_t n) {
  if (::write(fd, bytes, n) != static_cast<ssize_t>(n)) std::abort();
}
void get(int fd, void* bytes, std::size_t n) {
  if (::read(fd, bytes, n) != static_cast<ssize_t>(n)) std::abort();
}

// Server: 8 bytes ask for so many; an empty request ends the connection's business.
boost::asio::awaitable<void> serve_stream(std::shared_ptr<quic::Stream> stream) {
  auto asked = co_await stream->fill(8);
  if (!asked || *asked < 8) co_return;
  const std::uint64_t total = load_u64_le(stream->buffered().data());
  stream->consume(8);
  for (std::uint64_t sent = 0; sent < total; sent += 65536) {
    Bytes piece(65536);
    auto written = co_await stream->write(std::move(piece));
    if (!written) co_return;
  }
  stream->finish();
  (void)co_await stream->drained();
}

boost::asio::awaitable<void> serve(World& world, quic::Endpoint& endpoint) {
  auto connection_flow = [](World& w,
                            std::shared_ptr<quic::Connection> c) -> boost::asio::awaitable<void> {
    for (;;) {
      auto stream = co_await c->accept_bi();
      if (!stream) co_return;
      w.scope.start(serve_stream(std::move(*stream)));
    }
  };
  for (;;) {
    auto connection = co_await endpoint.accept();
    if (!connection) co_return;
    world.scope.start(connection_flow(world, std::move(*connection)));
  }
}

// One letter on the pipe: report the CPU time so far; closed: stop.
void run_server(const Plan& plan, int in, int out) {
  pin(0);
  World world;
  quic::Config config = plan.config;
  config.bind = {rt::Address::loopback(0)};
  config.alpns = {"/bench"};
  auto made = quic::make_endpoint(world.env, seed_of(1), config);
  if (!made) std::abort();
  const Shared shared{(*made)->bound_addresses().front(), (*made)->id()};
  put(out, &shared, sizeof shared);
  world.scope.start(serve(world, **made));
  std::jthread questions([&] {
    char letter;
    while (::read(in, &letter, 1) == 1) {
      const double cpu = cpu_seconds();
      put(out, &cpu, sizeof cpu);
    }
    world.loop.stop();
  });
  world.loop.run();
  std::_Exit(0);
}

boost::asio::awaitable<void> fetch(std::shared_ptr<quic::Connection> connection,
                                   std::uint64_t bytes, std::uint64_t& got) {
  auto opened = co_await connection->open_bi();
  if (!opened) co_return;
  auto stream = std::move(*opened);
  Bytes request(8);
  store_u64_le(request.data(), bytes);
  (void)co_await stream->write(std::move(request));
  stream->finish();
  for (;;) {
    auto filled = co_await stream->fill(16384);
    if (!filled || *filled == 0) break;
    got += *filled;
    stream->consume(*filled);
  }
}

boost::asio::awaitable<void> transfer(World& world, const Plan& plan, quic::Endpoint& endpoint,
                                      Shared peer, int ask, int answer) {
  auto server_cpu = [&] {
    put(ask, "?", 1);
    double cpu = 0;
    get(answer, &cpu, sizeof cpu);
    return cpu;
  };
  for (std::size_t run = 0; run < plan.runs; ++run) {
    std::vector<rt::Address> addresses{peer.address};
    auto connection = co_await endpoint.connect(peer.id, addresses, "/bench");
    if (!connection) std::abort();
    const double client0 = cpu_seconds(), server0 = server_cpu();
    const auto start = world.clock.now();
    std::uint64_t got = 0;
    rt::Scope streams(world.loop.get_executor());
    const std::uint64_t each = (static_cast<std::uint64_t>(plan.mib) << 20) / plan.streams;
    for (std::size_t i = 0; i < plan.streams; ++i) streams.start(fetch(*connection, each, got));
    co_await streams.close(world.clock);
    const double wall = std::chrono::duration<double>(world.clock.now() - start).count();
    const double gib = static_cast<double>(got) / (1u << 30);
    const double send = (server_cpu() - server0) / gib, receive = (cpu_seconds() - client0) / gib;
    const auto stats = (*connection)->stats();
    std::printf(
        "transfer %zu MiB, %zu stream(s): %.2f GB/s, CPU s/GiB %.2f send + %.2f receive = %.2f "
        "(mtu %zu, rtt %.2f ms)\n",
        plan.mib, plan.streams, static_cast<double>(got) / wall / 1e9, send, receive,
        send + receive, stats.path_mtu, static_cast<double>(stats.smoothed_rtt.count()) / 1e6);
    std::fflush(stdout);
    (*connection)->close(0, {});
  }
  std::vector<double> times;
  const double client0 = cpu_seconds(), server0 = server_cpu();
  for (std::size_t i = 0; i < plan.connects; ++i) {
    const auto start = world.clock.now();
    std::vector<rt::Address> addresses{peer.address};
    auto connection = co_await endpoint.connect(peer.id, addresses, "/bench");
    if (!connection) std::abort();
    times.push_back(std::chrono::duration<double, std::milli>(world.clock.now() - start).count());
    (*connection)->close(0, {});
  }
  if (times.empty()) co_return;
  std::sort(times.begin(), times.end());
  const double n = static_cast<double>(times.size());
  std::printf(
      "connect x%zu: p50 %.3f ms, p99 %.3f ms, CPU a handshake %.3f ms client, %.3f ms server\n",
      times.size(), times[times.size() / 2], times[times.size() * 99 / 100],
      (cpu_seconds() - client0) / n * 1e3, (server_cpu() - server0) / n * 1e3);
}

void run_client(const Plan& plan, int in, int out) {
  pin(1);
  Shared peer;
  get(in, &peer, sizeof peer);
  World world;
  quic::Config config = plan.config;
  config.bind = {rt::Address::loopback(0)};
  auto made = quic::make_endpoint(world.env, seed_of(2), config);
  if (!made) std::abort();
  auto flow = transfer(world, plan, **made, peer, out, in);
  boost::asio::co_spawn(world.loop, std::move(flow),
                        [&](std::exception_ptr) { world.loop.stop(); });
  world.loop.run();
}

}  // namespace
}  // namespace archy

int main(int argc, char** argv) {
  archy::Plan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 1; };
    if (word == "--mib") plan.mib = number();
    if (word == "--streams") plan.streams = std::max(1ull, number());
    if (word == "--connects") plan.connects = number();
    if (word == "--runs") plan.runs = number();
    if (word == "--no-gso") plan.config.gso = false;
    if (word == "--no-gro") plan.config.gro = false;
    if (word == "--bbr") plan.config.congestion = archy::quic::Congestion::bbr;
  }
  int to_server[2], to_client[2];
  if (pipe(to_server) != 0 || pipe(to_client) != 0) return 1;
  const pid_t server = fork();
  if (server == 0) {
    close(to_server[1]);
    close(to_client[0]);
    archy::run_server(plan, to_server[0], to_client[1]);
    return 0;
  }
  close(to_server[0]);
  close(to_client[1]);
  archy::run_client(plan, to_client[0], to_server[1]);
  close(to_server[1]);
  int status = 0;
  waitpid(server, &status, 0);
  return status;
}

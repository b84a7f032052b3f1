// T6: QUIC over a bottleneck of 500 Mb/s and 20 ms there and back, in virtual time: what comes out
// depends on the code and the seed, not on the machine.
//   link_bench alone cubic|bbr LOSS_PPM   1 GiB through the link, LOSS_PPM of the datagrams lost
//   link_bench share                      one bbr and one cubic sender at the link for 30 s
// Prints one JSON object. alone: "goodput" by the link's rate, and the part of all datagrams that
// the queue before the link had no room for. share: the bbr sender's part of the bytes, from the
// fifth second on.
#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "bench/bench_main.hpp"
#include "quic/types.hpp"
#include "rt/scope.hpp"
#include "sim/world.hpp"

namespace {

using namespace archy;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kAlpn = "/link";
constexpr std::uint64_t kLinkBytesPerS = 500'000'000 / 8;
constexpr rt::Duration kOneWay = milliseconds(10);
constexpr std::uint64_t kQueueBytes = kLinkBytesPerS * 20 / 1000;  // what one round trip carries
constexpr std::uint64_t kBytes = std::uint64_t{1} << 30;

struct Options {
  bool share = false;
  quic::Congestion congestion = quic::Congestion::cubic;
  std::uint64_t loss_ppm = 0;
};

Result<Options> parse(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "share" && argc == 2) return Options{.share = true};
  const std::string_view algorithm = argc == 4 ? argv[2] : "";
  const bool known = algorithm == "cubic" || algorithm == "bbr";
  if (what != "alone" || !known)
    return fail(Code::bad_input, "link_bench alone cubic|bbr LOSS_PPM, or link_bench share");
  Options out;
  if (algorithm == "bbr") out.congestion = quic::Congestion::bbr;
  const std::string_view loss = argv[3];
  const auto read = std::from_chars(loss.begin(), loss.end(), out.loss_ppm);
  if (read.ec != std::errc() || read.ptr != loss.end())
    return fail(Code::bad_input, "LOSS_PPM is no number");
  return out;
}

// One connection, one stream: zeros without end.
boost::asio::awaitable<void> serve(quic::Endpoint& endpoint) {
  auto connection = co_await endpoint.accept();
  if (!connection) co_return;
  auto stream = co_await (*connection)->accept_bi();
  if (!stream) co_return;
  for (;;) {
    if (auto written = co_await (*stream)->write(Bytes(65536)); !written) co_return;
  }
}

boost::asio::awaitable<Result<>> take(quic::Endpoint& client, const quic::Endpoint& server,
                                      std::uint64_t& got) {
  const std::vector<rt::Address> addresses(1, server.bound_addresses().front());
  CO_TRY(connection, co_await client.connect(server.id(), addresses, kAlpn));
  CO_TRY(stream, co_await connection->open_bi());
  CO_TRY_OK(co_await stream->write(Bytes(1)));
  for (;;) {
    CO_TRY(filled, co_await stream->fill(16384));
    got += filled;
    stream->consume(filled);
  }
}

// Two machines and the link between them.
struct Bottleneck {
  explicit Bottleneck(std::uint64_t loss_ppm) {
    const sim::Link back{.loss_ppm = loss_ppm, .delay = kOneWay};
    sim::Link there = back;
    there.bytes_per_s = kLinkBytesPerS;
    there.queue_bytes = kQueueBytes;
    world.network.set_link(sender.host->ip(), receiver.host->ip(), there);
    world.network.set_link(receiver.host->ip(), sender.host->ip(), back);
  }

  struct Flow {
    std::unique_ptr<quic::Endpoint> server, client;
    std::uint64_t got = 0;
    std::optional<Error> error;
  };
  Result<> start(quic::Congestion congestion) {
    const auto number = static_cast<std::uint8_t>(flows.size());
    Flow& flow = *flows.emplace_back(std::make_unique<Flow>());
    quic::Config config{.bind = {sender.host->ip()}, .alpns = {kAlpn}, .congestion = congestion};
    TRY(server, quic::make_endpoint(sender_env, seed_of(2 * number + 1), config));
    config = {.bind = {receiver.host->ip()}, .alpns = {}};
    TRY(client, quic::make_endpoint(receiver_env, seed_of(2 * number + 2), config));
    flow.server = std::move(server);
    flow.client = std::move(client);
    scope.start(serve(*flow.server));
    scope.start([](Flow& of) -> boost::asio::awaitable<void> {
      auto ended = co_await take(*of.client, *of.server, of.got);
      if (!ended) of.error = ended.error();
    }(flow));
    return {};
  }
  // Until `done`, for so long at most. Errors: what ended a flow.
  Result<> run(const std::function<bool()>& done, rt::Duration limit) {
    auto over = [&] {
      return done() ||
             std::ranges::any_of(flows, [](auto& flow) { return flow->error.has_value(); });
    };
    (void)world.time.run_until(over, world.time.now() + limit);
    for (const auto& flow : flows) {
      if (flow->error) return std::unexpected(*flow->error);
    }
    return {};
  }
  static crypto::Ed25519Seed seed_of(int n) {
    std::array<std::uint8_t, 32> bytes;
    bytes.fill(static_cast<std::uint8_t>(n));
    return crypto::Ed25519Seed(bytes);
  }

  sim::World world{1};
  sim::Machine sender{world, 1}, receiver{world, 2};
  rt::Env sender_env = sender.env(), receiver_env = receiver.env();
  rt::Scope scope{world.time.executor()};
  std::vector<std::unique_ptr<Flow>> flows;
};

Result<> alone(Bottleneck& link, quic::Congestion congestion) {
  TRY_OK(link.start(congestion));
  const rt::Instant began = link.world.time.now();
  TRY_OK(link.run([&] { return link.flows[0]->got >= kBytes; }, std::chrono::hours(1)));
  const double took = std::chrono::duration<double>(link.world.time.now() - began).count();
  const auto goodput = static_cast<double>(link.flows[0]->got) / took / kLinkBytesPerS;
  const auto full = link.world.counters.of(sim::Fault::datagram_queue_full);
  const auto sent = link.world.network.datagrams_sent();
  fmt::print("{{\"goodput\": {:.4f}, \"queue_dropped\": {:.5f}}}\n", goodput,
             static_cast<double>(full) / static_cast<double>(sent));
  return {};
}

Result<> shared(Bottleneck& link) {
  TRY_OK(link.start(quic::Congestion::bbr));
  TRY_OK(link.start(quic::Congestion::cubic));
  const auto never = [] { return false; };
  TRY_OK(link.run(never, seconds(5)));
  const std::uint64_t bbr = link.flows[0]->got, cubic = link.flows[1]->got;
  TRY_OK(link.run(never, seconds(25)));
  const auto by_bbr = static_cast<double>(link.flows[0]->got - bbr);
  const auto by_cubic = static_cast<double>(link.flows[1]->got - cubic);
  fmt::print("{{\"bbr_share\": {:.4f}, \"link_use\": {:.4f}}}\n", by_bbr / (by_bbr + by_cubic),
             (by_bbr + by_cubic) / 25 / kLinkBytesPerS);
  return {};
}

Result<> run(const Options& options) {
  Bottleneck link(options.loss_ppm);
  const auto done = options.share ? shared(link) : alone(link, options.congestion);
  std::fflush(stdout);
  if (done) std::_Exit(0);  // nothing here outlives the process
  return done;
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

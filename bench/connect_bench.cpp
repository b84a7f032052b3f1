// L1, L2: what a connection costs, and what the first verified 16 KiB cost on top:
//   connect_bench ID@IP:PORT COUNT [HASH]
// COUNT connects one after another from one endpoint (full handshakes: there is no resumption).
// With HASH every second one also gets and verifies the first group, so that both spreads come from
// one run. Prints
// {"connect_ms": {p10, p50, p90, max}, "first_16k_ms": ..., "cpu_ms_each"}. Expected: 0.8 ms to
// connect, 0.3 ms more to the bytes.
#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/bench_client.hpp"
#include "blobs/getter.hpp"

namespace {

using namespace archy;

struct Options {
  fetch::PeerAddress peer;
  std::size_t count = 0;
  std::optional<Blake3Hash> hash;
};

Result<Options> parse(int argc, char** argv) {
  if (argc != 3 && argc != 4) return fail(Code::bad_input, "connect_bench ID@IP:PORT COUNT [HASH]");
  Options options;
  TRY(peer, app::parse_peer(argv[1]));
  options.peer = std::move(peer);
  options.count = static_cast<std::size_t>(std::max(2, std::atoi(argv[2])));
  if (argc == 4) {
    TRY(hash, Blake3Hash::parse_hex(argv[3]));
    options.hash = hash;
  }
  return options;
}

struct Figures {
  std::vector<double> connect_ms;
  std::vector<double> first_16k_ms;
};

double ms(rt::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

rt::Task<> connects(bench::Client& client, Options options, Figures& figures) {
  for (std::size_t i = 0; i < options.count; ++i) {
    const rt::Instant start = client.clock().now();
    CO_TRY(connection, co_await client.connect(options.peer));
    const rt::Instant connected = client.clock().now();
    if (options.hash && i % 2 == 1) {
      blobs::NullSink sink;
      blobs::GetStats stats;
      blobs::GetOptions how{.clock = client.clock(), .stats = &stats};
      bao::ChunkRanges first = bao::ChunkRanges::from_bytes(0, bao::kGroupBytes);
      CO_TRY_OK(co_await blobs::get_blob(connection, *options.hash, std::move(first), sink,
                                         std::move(how)));
      if (stats.payload_bytes != bao::kGroupBytes) co_return fail(Code::peer_fault, "not 16 KiB");
      figures.first_16k_ms.push_back(ms(client.clock().now() - start));
    } else {
      figures.connect_ms.push_back(ms(connected - start));
    }
    connection->close(0, "done");
  }
  co_return Result<>{};
}

std::string spread(std::vector<double> times) {
  if (times.empty()) return "null";
  std::ranges::sort(times);
  const auto part = [&](double p) {
    return times[static_cast<std::size_t>(std::lround(static_cast<double>(times.size() - 1) * p))];
  };
  return fmt::format("{{\"p10\": {:.4f}, \"p50\": {:.4f}, \"p90\": {:.4f}, \"max\": {:.4f}}}",
                     part(0.1), part(0.5), part(0.9), part(1.0));
}

Result<> run(const Options& options) {
  bench::Client client;
  TRY_OK(client.open());
  Figures figures;
  const double cpu = bench::cpu_seconds();
  TRY_OK(client.run(connects(client, options, figures)));
  const double each = (bench::cpu_seconds() - cpu) * 1e3 / static_cast<double>(options.count);
  fmt::print("{{\"connect_ms\": {}, \"first_16k_ms\": {}, \"cpu_ms_each\": {:.3f}}}\n",
             spread(figures.connect_ms), spread(figures.first_16k_ms), each);
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

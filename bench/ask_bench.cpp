// L3: what one more request costs on a connection that is there:
//   ask_bench ID@IP:PORT HASH SIZE COUNT
// COUNT verified 16 KiB groups at random places of a blob of SIZE bytes, one after another. Prints
// {"p50", "p99"} in milliseconds, from the question to the last of its bytes. Expected: 0.15 ms.
#include <algorithm>
#include <charconv>
#include <vector>

#include "bench/bench_client.hpp"
#include "blobs/getter.hpp"

namespace {

using namespace archy;

struct Options {
  fetch::PeerAddress peer;
  Blake3Hash hash;
  std::uint64_t size = 0;
  std::size_t count = 0;
};

Result<Options> parse(int argc, char** argv) {
  if (argc != 5) return fail(Code::bad_input, "ask_bench ID@IP:PORT HASH SIZE COUNT");
  Options options;
  TRY(peer, app::parse_peer(argv[1]));
  TRY(hash, Blake3Hash::parse_hex(argv[2]));
  options.peer = std::move(peer);
  options.hash = hash;
  options.size = std::strtoull(argv[3], nullptr, 10);
  options.count = std::strtoul(argv[4], nullptr, 10);
  if (options.size < bao::kGroupBytes || options.count == 0)
    return fail(Code::bad_input, "SIZE is a group at least, COUNT positive");
  return options;
}

rt::Task<> ask(bench::Client& client, Options options, std::vector<double>& times) {
  CO_TRY(connection, co_await client.connect(options.peer));
  const std::uint64_t groups = options.size / bao::kGroupBytes;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < options.count; ++i) {
    at = (at * 6364136223846793005u + 1442695040888963407u);
    const std::uint64_t first = (at >> 20) % groups * bao::kGroupBytes;
    blobs::NullSink sink;
    blobs::GetStats stats;
    blobs::GetOptions how{.clock = client.clock(), .stats = &stats};
    bao::ChunkRanges one = bao::ChunkRanges::from_bytes(first, first + bao::kGroupBytes);
    const rt::Instant start = client.clock().now();
    CO_TRY_OK(
        co_await blobs::get_blob(connection, options.hash, std::move(one), sink, std::move(how)));
    const rt::Duration took = client.clock().now() - start;
    if (stats.payload_bytes != bao::kGroupBytes) co_return fail(Code::peer_fault, "not 16 KiB");
    times.push_back(std::chrono::duration<double, std::milli>(took).count());
  }
  connection->close(0, "done");
  co_return Result<>{};
}

Result<> run(const Options& options) {
  bench::Client client;
  TRY_OK(client.open());
  std::vector<double> times;
  TRY_OK(client.run(ask(client, options, times)));
  std::ranges::sort(times);
  fmt::print("{{\"p50\": {:.4f}, \"p99\": {:.4f}}}\n", times[times.size() / 2],
             times[times.size() * 99 / 100]);
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

// What a blob request costs that is paid for:
//   pay_bench ID@IP:PORT HASH SIZE RANGE COUNT [TOKEN_FILE]
// COUNT verified ranges of RANGE bytes (whole groups) of a blob of SIZE bytes, one after another on
// one connection, each behind the one before. With a token, it is paid first, for that blob and by
// this program's key. Prints {"seconds"}, the requests alone.
#include <charconv>
#include <fstream>
#include <iterator>

#include "bench/bench_client.hpp"
#include "blobs/getter.hpp"
#include "paid/asker.hpp"

namespace {

using namespace archy;

struct Options {
  fetch::PeerAddress peer;
  Blake3Hash hash;
  std::uint64_t size = 0;
  std::uint64_t range = 0;
  std::size_t count = 0;
  std::string token;
};

Result<Options> parse(int argc, char** argv) {
  if (argc != 6 && argc != 7)
    return fail(Code::bad_input, "pay_bench ID@IP:PORT HASH SIZE RANGE COUNT [TOKEN_FILE]");
  Options options;
  TRY(peer, app::parse_peer(argv[1]));
  TRY(hash, Blake3Hash::parse_hex(argv[2]));
  options.peer = std::move(peer);
  options.hash = hash;
  options.size = std::strtoull(argv[3], nullptr, 10);
  options.range = std::strtoull(argv[4], nullptr, 10);
  options.count = std::strtoul(argv[5], nullptr, 10);
  if (options.range == 0 || options.range % bao::kGroupBytes != 0 || options.size < options.range ||
      options.count == 0)
    return fail(Code::bad_input, "RANGE is whole groups within SIZE, COUNT positive");
  if (argc == 7) {
    std::ifstream file(argv[6]);
    options.token.assign(std::istreambuf_iterator<char>(file), {});
    while (!options.token.empty() && options.token.back() == '\n') options.token.pop_back();
    if (options.token.empty()) return fail(Code::bad_input, "no token in the file");
  }
  return options;
}

rt::Task<> pay(bench::Client& client, const Options& options) {
  paid::Asker asker(client.clock(), client.endpoint(), options.peer);
  CO_TRY(answer, co_await asker.ask({options.hash, Secret<std::string>(options.token)}, {}));
  if (std::holds_alternative<paid::Granted>(answer)) co_return Result<>{};
  co_return fail(Code::denied, paid::to_json(answer, true));
}

rt::Task<> ask(bench::Client& client, Options options, double& seconds) {
  if (!options.token.empty()) CO_TRY_OK(co_await pay(client, options));
  CO_TRY(connection, co_await client.connect(options.peer));
  const std::uint64_t ranges = options.size / options.range;
  const rt::Instant start = client.clock().now();
  for (std::size_t i = 0; i < options.count; ++i) {
    const std::uint64_t first = i % ranges * options.range;
    blobs::NullSink sink;
    blobs::GetStats stats;
    blobs::GetOptions how{.clock = client.clock(), .stats = &stats};
    bao::ChunkRanges one = bao::ChunkRanges::from_bytes(first, first + options.range);
    CO_TRY_OK(
        co_await blobs::get_blob(connection, options.hash, std::move(one), sink, std::move(how)));
    if (stats.payload_bytes != options.range) co_return fail(Code::peer_fault, "not the range");
  }
  seconds = std::chrono::duration<double>(client.clock().now() - start).count();
  connection->close(0, "done");
  co_return Result<>{};
}

Result<> run(const Options& options) {
  bench::Client client;
  TRY_OK(client.open());
  double seconds = 0;
  TRY_OK(client.run(ask(client, options, seconds)));
  fmt::print("{{\"seconds\": {:.6f}}}\n", seconds);
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

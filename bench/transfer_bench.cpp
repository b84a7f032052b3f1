// T2, T3, T4: one verified fetch over QUIC from a running node, as one process to be timed from
// outside:
//   transfer_bench ID@IP:PORT HASH [--store DIR]
// Every byte is verified. Without --store it is then dropped (the figures that must not depend on
// what new page-cache pages cost); with it the bytes go into a partial blob of a store in DIR,
// durable at the end, which is `get` without its final SHA-256 pass. Prints {"bytes", "connect_ms",
// "wall_s", "cpu_s"}: wall and CPU from the request to the last verified byte. Expected: 1.1 CPU
// seconds a GiB discarded, 0.9 GB/s on two cores.
#include <string_view>

#include "bench/bench_client.hpp"
#include "blobs/getter.hpp"
#include "store/file_store.hpp"

namespace {

using namespace archy;

struct Options {
  fetch::PeerAddress peer;
  Blake3Hash hash;
  rt::Path store;  // empty: discard
};

Result<Options> parse(int argc, char** argv) {
  if (argc != 3 && argc != 5)
    return fail(Code::bad_input, "transfer_bench ID@IP:PORT HASH [--store DIR]");
  Options options;
  TRY(peer, app::parse_peer(argv[1]));
  TRY(hash, Blake3Hash::parse_hex(argv[2]));
  options.peer = std::move(peer);
  options.hash = hash;
  if (argc == 5) {
    if (std::string_view(argv[3]) != "--store") return fail(Code::bad_input, "what is this?");
    options.store = argv[4];
  }
  return options;
}

struct Figures {
  double connect_ms = 0;
  double wall_s = 0;
  double cpu_s = 0;
  blobs::GetStats stats;
};

double seconds(rt::Duration duration) { return std::chrono::duration<double>(duration).count(); }

rt::Task<> fetch(bench::Client& client, Options options, blobs::BlobSink& sink,
                 store::PartialBlob* partial, Figures& figures) {
  const rt::Instant start = client.clock().now();
  CO_TRY(connection, co_await client.connect(options.peer));
  const rt::Instant connected = client.clock().now();
  const double cpu = bench::cpu_seconds();
  blobs::GetOptions how{.clock = client.clock(), .stats = &figures.stats};
  bao::ChunkRanges all = bao::ChunkRanges::all();
  CO_TRY_OK(
      co_await blobs::get_blob(connection, options.hash, std::move(all), sink, std::move(how)));
  if (partial != nullptr) CO_TRY_OK(partial->checkpoint());
  figures.connect_ms = seconds(connected - start) * 1e3;
  figures.wall_s = seconds(client.clock().now() - connected);
  figures.cpu_s = bench::cpu_seconds() - cpu;
  connection->close(0, "done");
  co_return Result<>{};
}

Result<> run(const Options& options) {
  bench::Client client;
  TRY_OK(client.open());
  std::unique_ptr<store::BlobStore> store;
  std::shared_ptr<store::PartialBlob> partial;
  std::unique_ptr<blobs::BlobSink> sink = std::make_unique<blobs::NullSink>();
  if (!options.store.empty()) {
    TRY(opened, store::open_file_store(client.env(), options.store, {}));
    store = std::move(opened);
    TRY(begun, store->partial(options.hash));
    partial = begun;
    sink = std::make_unique<blobs::PartialSink>(partial);
  }
  Figures figures;
  TRY_OK(client.run(fetch(client, options, *sink, partial.get(), figures)));
  fmt::print("{{\"bytes\": {}, \"connect_ms\": {:.3f}, \"wall_s\": {:.4f}, \"cpu_s\": {:.4f}}}\n",
             figures.stats.payload_bytes, figures.connect_ms, figures.wall_s, figures.cpu_s);
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

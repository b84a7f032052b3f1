// S1, S2, S4: what many small blobs cost, as one process to be timed from outside:
//   store_scale_bench FOLDER import COUNT   blobs of 4 KiB into the store, durable in batches of
//   1000 store_scale_bench FOLDER bare COUNT     the same bytes as rows of a bare SQLite table,
//   committed alike store_scale_bench FOLDER lookup COUNT   finds blobs of an import: info, and a
//   reader with its bytes store_scale_bench FOLDER open           opens the store, nothing else
// Prints one JSON object: seconds and CPU seconds of the part itself, for look-ups the median in
// microseconds, and the resident memory at the end. Expected: 20,000 blobs a second, 4 us a
// look-up.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "bench/bench_main.hpp"
#include "crypto/blake3.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "rt/real_env.hpp"
#include "store/file_store.hpp"

namespace {

using namespace archy;

constexpr std::size_t kBlobBytes = 4096;
constexpr std::uint64_t kBatch = 1000;
constexpr std::uint64_t kLookups = 20'000;

struct Options {
  rt::Path folder;
  std::string_view what;
  std::uint64_t count = 0;
};

Result<Options> parse(int argc, char** argv) {
  if (argc < 3) {
    return fail(Code::bad_input,
                "store_scale_bench FOLDER import|bare|lookup COUNT, or FOLDER open");
  }
  Options out{argv[1], argv[2], 0};
  if (argc > 3) out.count = std::strtoull(argv[3], nullptr, 10);
  if (out.what != "open" && out.count == 0) return fail(Code::bad_input, "COUNT must be positive");
  return out;
}

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

// The n-th blob: all differ, none compresses.
void fill(std::uint64_t n, Bytes& out) {
  std::uint64_t x = n * 0x9e3779b97f4a7c15u + 1;
  for (std::size_t i = 0; i < out.size(); i += 8) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    store_u64_le(out.data() + i, x);
  }
}

class Part {
 public:
  void print(std::string_view more) const {
    fmt::print("{{\"seconds\": {:.4f}, \"cpu\": {:.4f}, \"rss_kib\": {}{}}}\n",
               seconds(CLOCK_MONOTONIC) - wall_, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_,
               resident_kib(), more);
  }

 private:
  double wall_ = seconds(CLOCK_MONOTONIC);
  double cpu_ = seconds(CLOCK_PROCESS_CPUTIME_ID);
};

Result<> import(store::BlobStore& store, std::uint64_t count) {
  Bytes blob(kBlobBytes);
  const Part part;
  {
    TRY(batch, store.batch());
    for (std::uint64_t n = 0; n < count; ++n) {
      fill(n, blob);
      TRY_OK(store.add_bytes(blob));
      if ((n + 1) % kBatch == 0) TRY_OK(batch->commit());
    }
    TRY_OK(batch->commit());
  }
  part.print("");
  return {};
}

Result<> bare(rt::Files& files, const rt::Path& folder, std::uint64_t count) {
  static constexpr const char* kSteps[] = {
      "CREATE TABLE blobs (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL)"};
  static constexpr db::Schema kSchema{"bare.db", 0x62617265, kSteps};
  TRY_OK(files.make_directories(folder));
  TRY(connection, db::Connection::open(files, folder / "bare.db", kSchema, {}));
  Bytes blob(kBlobBytes);
  const Part part;
  for (std::uint64_t n = 0; n < count;) {
    TRY(transaction, db::Transaction::begin(*connection));
    for (const auto end = std::min(count, n + kBatch); n < end; ++n) {
      fill(n, blob);
      TRY_OK(connection->run("INSERT INTO blobs (hash, data) VALUES (?, ?)", crypto::blake3(blob),
                             ByteView(blob)));
    }
    TRY_OK(transaction.commit());
  }
  part.print("");
  return connection->close();
}

double median_us(std::vector<double>& times) {
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2] * 1e6;
}

Result<> look_up(store::BlobStore& store, std::uint64_t count) {
  Bytes blob(kBlobBytes);
  std::vector<double> info, read;
  const Part part;
  for (std::uint64_t i = 0; i < 2 * kLookups; ++i) {
    // Any order that repeats nothing soon.
    const std::uint64_t n = i * 0x9e3779b97f4a7c15u % count;
    fill(n, blob);
    const Blake3Hash hash = crypto::blake3(blob);
    const double begin = seconds(CLOCK_MONOTONIC);
    TRY(found, store.info(hash));
    const double known = seconds(CLOCK_MONOTONIC);
    if (!found || found->size != kBlobBytes) return fail(Code::not_found, "a blob is missing");
    TRY(reader, store.reader(hash));
    TRY(bytes, reader->data(0, kBlobBytes));
    const double end = seconds(CLOCK_MONOTONIC);
    if (!equal(bytes, blob)) return fail(Code::corrupt, "other bytes");
    if (i < kLookups) continue;  // the first half warms the caches
    info.push_back(known - begin);
    read.push_back(end - known);
  }
  part.print(
      fmt::format(", \"info_us\": {:.2f}, \"read_us\": {:.2f}", median_us(info), median_us(read)));
  return {};
}

Result<> run(const Options& options) {
  rt::RealEnv real;
  if (options.what == "bare") return bare(real.files, options.folder, options.count);
  const Part part;
  TRY(store, store::open_file_store(real.env, options.folder, {}));
  if (options.what == "import") return import(*store, options.count);
  if (options.what == "lookup") return look_up(*store, options.count);
  if (options.what != "open") return fail(Code::bad_input, "import, bare, lookup or open");
  part.print("");
  return {};
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

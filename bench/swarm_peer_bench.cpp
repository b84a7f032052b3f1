// One peer of a given quality, for the swarm figures:
//   swarm_peer_bench FILE QUALITY [BYTES_PER_S]
// good: serves FILE, no faster than BYTES_PER_S (0: as fast as it can), whoever asks. lies_at_end,
// corrupt, drips, stalls: the simulator's lying peers on a real socket. Prints {"peer", "blake3"}
// and serves until its standard input closes.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>

#include "bench/bench_client.hpp"
#include "blobs/provider.hpp"
#include "sim/evil_peer.hpp"
#include "store/memory_store.hpp"

namespace {

using namespace archy;

struct Options {
  std::string file;
  std::optional<sim::PeerMood> mood;  // none: good
  double bytes_per_s = 0;
};

Result<Options> parse(int argc, char** argv) {
  static const std::map<std::string_view, std::optional<sim::PeerMood>> kQualities{
      {"good", std::nullopt},
      {"corrupt", sim::PeerMood::wrong_bytes},
      {"lies_at_end", sim::PeerMood::wrong_last_group},
      {"drips", sim::PeerMood::drips},
      {"stalls", sim::PeerMood::stalls}};
  const auto quality = argc > 2 ? kQualities.find(argv[2]) : kQualities.end();
  if (quality == kQualities.end() || argc > 4)
    return fail(Code::bad_input,
                "swarm_peer_bench FILE good|corrupt|lies_at_end|drips|stalls [BYTES_PER_S]");
  Options options{argv[1], quality->second};
  if (argc == 4) {
    const std::string_view text = argv[3];
    const auto read = std::from_chars(text.begin(), text.end(), options.bytes_per_s);
    if (read.ec != std::errc() || read.ptr != text.end() || options.bytes_per_s < 0)
      return fail(Code::bad_input, "BYTES_PER_S is no number");
  }
  return options;
}

// All askers together get so many bytes a second.
class Paced final : public blobs::Admission {
 public:
  Paced(rt::Clock& clock, double bytes_per_s) : clock_(clock), bytes_per_s_(bytes_per_s) {}
  blobs::Verdict on_connection(const EndpointId&) override { return blobs::Verdict::allow; }
  blobs::Verdict on_request(const blobs::RequestContext&) override { return blobs::Verdict::allow; }
  blobs::Verdict on_child(const blobs::RequestContext&, const Blake3Hash&) override {
    return blobs::Verdict::allow;
  }
  blobs::GroupVerdict on_group(const blobs::RequestContext&, std::size_t payload) override {
    if (bytes_per_s_ <= 0) return {};
    const rt::Instant now = clock_.now();
    if (free_at_ > now) return {blobs::GroupVerdict::Action::wait, free_at_};
    free_at_ = std::max(free_at_, now - kBurst) +
               std::chrono::duration_cast<rt::Duration>(
                   std::chrono::duration<double>(static_cast<double>(payload) / bytes_per_s_));
    return {};
  }

 private:
  static constexpr rt::Duration kBurst = std::chrono::milliseconds(10);  // what a late timer lost
  rt::Clock& clock_;
  double bytes_per_s_;
  rt::Instant free_at_{};
};

boost::asio::awaitable<void> until_input_closes(rt::RealEnv& real) {
  boost::asio::posix::stream_descriptor input(real.loop, 0);
  char byte;
  boost::system::error_code error;
  while (!error) {
    co_await input.async_read_some(boost::asio::buffer(&byte, 1),
                                   boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
  (void)input.release();
  real.loop.stop();
}

void say_hello(const quic::Endpoint& endpoint, const Blake3Hash& hash) {
  fmt::print("{{\"peer\":\"{}@{}\",\"blake3\":\"{}\"}}\n", endpoint.id().hex(),
             rt::to_string(endpoint.bound_addresses().front()), hash.hex());
  std::fflush(stdout);
}

Result<> run(const Options& options) {
  rt::RealEnv real;
  std::array<std::uint8_t, 32> seed{};
  real.random.fill(seed);
  const rt::Address bind = rt::Address::v4(127, 0, 0, 1, 0);
  rt::Scope scope(real.loop.get_executor());
  scope.start(until_input_closes(real));
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return fail(Code::io, options.file + " cannot be read");
  Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (options.mood) {
    const sim::Truth truth = sim::Truth::of(std::move(bytes));
    sim::EventLog log;
    sim::Counters counters;
    sim::EvilPeer peer(real.env, *options.mood, sim::SeededRandom(1), log, counters);
    peer.serve(truth);
    TRY_OK(peer.start(crypto::Ed25519Seed(seed), bind));
    say_hello(peer.endpoint(), truth.hash);
    real.loop.run();
    std::_Exit(0);
  }
  auto store = store::make_memory_store(real.files, real.clock, real.random, "/tmp");
  TRY(added, store->add_bytes(bytes));
  quic::Config config;
  config.bind = {bind};
  config.alpns = {std::string(blobs::kAlpn)};
  TRY(endpoint, quic::make_endpoint(real.env, crypto::Ed25519Seed(seed), config));
  Paced admission(real.clock, options.bytes_per_s);
  blobs::Provider provider(real.env, *store, admission);
  scope.start(provider.serve_endpoint(*endpoint, scope.stop_token()));
  say_hello(*endpoint, added.hash);
  real.loop.run();
  std::_Exit(0);  // nothing here outlives the process
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

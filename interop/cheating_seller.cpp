// A seller that cheats, for scenes and cases: a test tool, never shipped.
//   cheating_seller FILE HOW PRICE_SATS MINT_URL
// Asks for PRICE_SATS a MiB. HOW: denies (keeps the token, grants nothing), stalls (grants, and
// sends nothing), dearer (asks for twice as much after the first payment). Prints {"peer",
// "blake3"}, then each token that it was given as {"token"}, and answers to it when a line comes on
// standard input: whoever runs it may redeem the token before. Ends when standard input closes.
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <fstream>
#include <iterator>

#include "bench/bench_main.hpp"
#include "blobs/provider.hpp"
#include "paid/frame.hpp"
#include "quic/types.hpp"
#include "rt/real_env.hpp"
#include "rt/scope.hpp"
#include "store/memory_store.hpp"

namespace {

using namespace archy;

enum class How : unsigned char { denies, stalls, dearer };
constexpr std::uint64_t kStep = 1u << 20;

struct Options {
  std::string file;
  How how{};
  std::uint64_t price = 0;
  std::string mint;
};

Result<Options> parse(int argc, char** argv) {
  constexpr const char* kUsage = "cheating_seller FILE denies|stalls|dearer PRICE_SATS MINT_URL";
  if (argc != 5) return fail(Code::bad_input, kUsage);
  Options out{argv[1], How::denies, 0, argv[4]};
  const std::string_view how = argv[2], price = argv[3];
  if (how == "stalls")
    out.how = How::stalls;
  else if (how == "dearer")
    out.how = How::dearer;
  else if (how != "denies")
    return fail(Code::bad_input, kUsage);
  const auto read = std::from_chars(price.begin(), price.end(), out.price);
  if (read.ec != std::errc() || read.ptr != price.end()) return fail(Code::bad_input, kUsage);
  return out;
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

class Cheat final : public blobs::Admission {
 public:
  Cheat(rt::RealEnv& real, Options options, store::BlobStore& store)
      : real_(real), options_(std::move(options)), store_(store), heard_(real.env.executor) {}

  blobs::Verdict on_connection(const EndpointId&) override { return blobs::Verdict::allow; }
  blobs::Verdict on_request(const blobs::RequestContext&) override {
    if (options_.how == How::stalls && paid_ > 0) return blobs::Verdict::allow;
    if (options_.how == How::dearer && paid_ > 0) return blobs::Verdict::allow;
    return blobs::Verdict::deny;
  }
  blobs::Verdict on_child(const blobs::RequestContext&, const Blake3Hash&) override {
    return blobs::Verdict::deny;
  }
  // `dearer` sends what the first payment was for.
  blobs::GroupVerdict on_group(const blobs::RequestContext&, std::size_t payload) override {
    using Action = blobs::GroupVerdict::Action;
    if (options_.how == How::stalls) return {Action::wait, real_.env.clock.now() + kLook};
    if (sent_ + payload > bought_) return {Action::refuse, {}, blobs::Verdict::deny};
    sent_ += payload;
    return {};
  }

  boost::asio::awaitable<void> serve(std::shared_ptr<quic::Connection> connection,
                                     rt::Scope& scope) {
    for (;;) {
      auto stream = co_await connection->accept_bi();
      if (!stream) co_return;
      scope.start(answer(std::move(*stream)));
    }
  }
  void heard() {
    ++words_;
    heard_.notify();
  }

 private:
  static constexpr auto kLook = std::chrono::milliseconds(50);

  boost::asio::awaitable<void> answer(std::shared_ptr<quic::Stream> stream) {
    auto frame = co_await paid::read_frame(real_.env.clock, *stream, {}, {});
    if (!frame) co_return;
    auto asked = paid::parse_request(frame->reveal());
    if (!asked) co_return;
    paid::PaidAnswer out = required(*asked);
    if (asked->token) {
      say(fmt::format("{{\"token\":\"{}\"}}", asked->token->reveal()));
      const int before = words_;
      while (words_ == before) (void)co_await heard_.wait(real_.env.clock);
      ++paid_;
      bought_ += asked->bytes.value_or(kStep);
      if (options_.how == How::denies)
        out = paid::Denied{"nothing was paid"};
      else
        out = paid::Granted{};
    }
    Secret<std::string> json(paid::to_json(out, asked->version.has_value()));
    auto written = co_await paid::write_frame(*stream, std::move(json));
    if (written) (void)co_await stream->drained();
  }
  paid::PaidAnswer required(const paid::PaidRequest& asked) const {
    const std::uint64_t price =
        options_.how == How::dearer && paid_ > 0 ? 2 * options_.price : options_.price;
    const auto info = store_.info(asked.want);
    if (!info || !*info) return paid::Denied{"not found"};
    paid::PaymentRequired out;
    out.price_sats = ((*info)->size + kStep - 1) / kStep * price;
    out.accepted_mints = {options_.mint};
    streaming::Price terms;
    terms.step_size = kStep;
    terms.per_step = streaming::Amount(price);
    out.terms = terms;
    return out;
  }

  rt::RealEnv& real_;
  Options options_;
  store::BlobStore& store_;
  rt::Signal heard_;
  int words_ = 0, paid_ = 0;
  std::uint64_t bought_ = 0, sent_ = 0;
};

boost::asio::awaitable<void> listen(rt::RealEnv& real, Cheat& cheat) {
  boost::asio::posix::stream_descriptor input(real.loop, 0);
  char byte = 0;
  boost::system::error_code error;
  while (!error) {
    co_await input.async_read_some(boost::asio::buffer(&byte, 1),
                                   boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error && byte == '\n') cheat.heard();
  }
  (void)input.release();
  real.loop.stop();
}

boost::asio::awaitable<void> accept_all(quic::Endpoint& endpoint, Cheat& cheat,
                                        blobs::Provider& provider, rt::Scope& scope) {
  for (;;) {
    auto accepted = co_await endpoint.accept();
    if (!accepted) co_return;
    std::shared_ptr<quic::Connection> connection = std::move(*accepted);
    if (connection->alpn() == paid::kAlpn)
      scope.start(cheat.serve(std::move(connection), scope));
    else
      scope.start(provider.serve(std::move(connection), scope.stop_token()));
  }
}

Result<> run(const Options& options) {
  rt::RealEnv real;
  std::array<std::uint8_t, 32> seed{};
  real.random.fill(seed);
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return fail(Code::io, options.file + " cannot be read");
  const Bytes bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto store = store::make_memory_store(real.files, real.clock, real.random, "/tmp");
  TRY(added, store->add_bytes(bytes));
  quic::Config config;
  config.bind = {rt::Address::v4(127, 0, 0, 1, 0)};
  config.alpns = {std::string(blobs::kAlpn), std::string(paid::kAlpn)};
  TRY(endpoint, quic::make_endpoint(real.env, crypto::Ed25519Seed(seed), config));
  rt::Scope scope(real.loop.get_executor());
  Cheat cheat(real, options, *store);
  blobs::Provider provider(real.env, *store, cheat);
  scope.start(listen(real, cheat));
  scope.start(accept_all(*endpoint, cheat, provider, scope));
  say(fmt::format("{{\"peer\":\"{}@{}\",\"blake3\":\"{}\"}}", endpoint->id().hex(),
                  rt::to_string(endpoint->bound_addresses().front()), added.hash.hex()));
  real.loop.run();
  std::_Exit(0);  // nothing here outlives the process
}

}  // namespace

int main(int argc, char** argv) { return bench::run_main(parse(argc, argv), run); }

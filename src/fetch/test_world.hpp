// What the tests of this module share: a blob with its tree, a real store on disk, an origin that
// serves well or badly, peers that are honest or not. Only test files include it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "bao/encoder.hpp"
#include "bao/outboard.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/origin_source.hpp"
#include "http/content_range.hpp"
#include "http/test_server.hpp"
#include "rt/real_env.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"
#include "store/file_store.hpp"

namespace archy::fetch {

using namespace std::chrono_literals;

struct Blob {
  Bytes bytes;
  Bytes outboard;
  Blake3Hash hash;

  explicit Blob(std::size_t size, std::uint32_t seed = 1) : bytes(size) {
    std::uint32_t x = seed * 2654435761u + 12345u;
    for (auto& byte : bytes) {
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
      byte = static_cast<std::uint8_t>(x);
    }
    outboard.resize(bao::Tree(size).outboard_bytes());
    bao::OutboardBuilder builder(size, [this](std::uint64_t first, ByteView pairs) -> Result<> {
      std::copy(pairs.begin(), pairs.end(),
                outboard.begin() + static_cast<std::ptrdiff_t>(first * bao::kPairBytes));
      return {};
    });
    CHECK(builder.update(bytes).has_value());
    hash = *builder.finish();
  }
};

class BlobMemoryReader final : public bao::Reader {
 public:
  explicit BlobMemoryReader(const Blob& blob) : blob_(blob) {}
  Result<ByteView> data(std::uint64_t offset, std::size_t length) override {
    return ByteView(blob_.bytes).subspan(offset, length);
  }
  Result<bao::Pair> pair(std::uint64_t index) override {
    bao::Pair out;
    std::copy_n(blob_.outboard.begin() + static_cast<std::ptrdiff_t>(index * bao::kPairBytes),
                bao::kPairBytes, out.begin());
    return out;
  }

 private:
  const Blob& blob_;
};

// A peer that answers with real bao bytes, changed as the test says.
struct ScriptedPeer final : Source {
  ScriptedPeer(const Blob& b, rt::Clock& c, rt::Executor e) : blob(b), clock(c), executor(e) {}

  const Blob& blob;
  rt::Clock& clock;
  rt::Executor executor;
  std::string label = "peer";
  bao::ChunkRanges holds = bao::ChunkRanges::all();
  std::optional<Error> refuses;             // instead of any answer
  std::optional<std::size_t> flip;          // byte of the encoded answer
  std::optional<std::uint64_t> claims;      // another size header
  std::optional<std::size_t> stalls_after;  // encoded bytes
  std::optional<std::size_t> drops_after;   // encoded bytes
  std::function<void()> on_asked;
  std::optional<rt::Duration> pace;  // a group each
  int asked = 0;
  std::uint64_t sent_bytes = 0;  // of groups
  std::vector<bao::ChunkRanges> asked_for;

  std::string name() const override { return label; }
  SourceKind kind() const override { return SourceKind::peer; }
  rt::Task<> fetch(Attempt& attempt) override {
    ++asked;
    if (on_asked) on_asked();
    asked_for.push_back(attempt.wanted);
    if (refuses) co_return fail(*refuses);
    const auto wanted = attempt.wanted & holds;
    if (wanted != attempt.wanted) attempt.has = holds;
    BlobMemoryReader reader(blob);
    bao::Encoder encoder(blob.hash, blob.bytes.size(), wanted, reader);
    Bytes out;
    while (!encoder.done()) CO_TRY_OK(encoder.step(out));
    if (flip && *flip < out.size()) out[*flip] ^= 1;
    if (claims) store_u64_le(out.data(), *claims);
    bao::Decoder decoder(blob.hash, wanted);
    std::vector<bao::VerifiedParent> parents;
    for (std::size_t at = 0; !decoder.done();) {
      if (attempt.stop.stop_requested()) co_return fail(Code::cancelled, "");
      const auto n = decoder.next_size();
      if (stalls_after && at + n > *stalls_after) {
        co_return co_await rt::sleep_until(executor, clock, rt::kNever, attempt.stop);
      }
      if (at + n > std::min(out.size(), drops_after.value_or(out.size()))) {
        co_return fail(Code::unreachable, "connection lost");
      }
      CO_TRY(event, decoder.step(ByteView(out).subspan(at, n)));
      at += n;
      if (const auto* parent = std::get_if<bao::VerifiedParent>(&event)) parents.push_back(*parent);
      const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event);
      if (!leaf) continue;
      // As the real one: no size before a leaf, and the blob's own where two are claimed.
      if (attempt.target->size() != decoder.claimed_size())
        CO_TRY_OK(attempt.target->claim_size(decoder.claimed_size()));
      for (const auto& held : parents) CO_TRY_OK(attempt.target->write(held));
      parents.clear();
      CO_TRY_OK(attempt.target->write(*leaf));
      sent_bytes += leaf->bytes().size();
      if (pace) {
        CO_TRY_OK(attempt.target->flush());
        CO_TRY_OK(co_await rt::sleep_until(executor, clock, clock.now() + *pace, attempt.stop));
      }
    }
    if (decoder.size_verified()) CO_TRY_OK(attempt.target->mark_size_verified());
    co_return Result<>{};
  }
};

// How one answer of the origin goes wrong.
struct Fault {
  std::optional<int> status;
  std::string extra_headers;
  std::optional<std::uint64_t> flip;   // offset in the file
  std::optional<std::uint64_t> cut;    // body bytes until the connection ends
  bool reset = false;                  // with a reset instead of an orderly end
  std::optional<std::uint64_t> stall;  // body bytes until nothing more comes
  bool drip = false;                   // one byte each 5 ms
  std::optional<rt::Duration> slow;    // a pause behind each 64 KiB
  bool ignore_range = false;
  bool shift_range = false;
  bool chunked = false;
  bool endless = false;
  std::int64_t announce = 0;  // this many bytes more (or fewer) than there are, everywhere
  std::string etag = "\"v1\"";
};

// Serves one blob at /blob, its outboard at /blob.obao4.
class BlobOrigin {
 public:
  explicit BlobOrigin(const Blob& blob)
      : blob_(blob), server_([this](auto& r, auto& c) { answer(r, c); }) {}

  bool sidecar = true;
  // The fault of the n-th request (from 0) for the file; the default is none.
  std::function<Fault(int n)> fault = [](int) { return Fault{}; };
  std::function<Fault(int n)> sidecar_fault = [](int) { return Fault{}; };
  std::atomic<std::uint64_t> body_bytes = 0;  // of the file, not of the sidecar

  std::string url() const { return server_.url("/blob"); }
  const http::TestServer& server() const { return server_; }

 private:
  using Request = http::TestServer::Request;
  using Connection = http::TestServer::Connection;

  void answer(const Request& request, Connection& to) {
    const bool wants_sidecar = request.target == "/blob.obao4";
    if ((request.target != "/blob" && !wants_sidecar) || (wants_sidecar && !sidecar)) {
      to.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (wants_sidecar) return serve(request, to, blob_.outboard, sidecar_fault(sidecars_++), false);
    serve(request, to, blob_.bytes, fault(files_++), true);
  }

  void serve(const Request& request, Connection& to, const Bytes& content, const Fault& how,
             bool count) {
    if (how.status) {
      to.write("HTTP/1.1 " + std::to_string(*how.status) + " X\r\nContent-Length: 0\r\n" +
               how.extra_headers + "\r\n");
      return;
    }
    Bytes body = content;
    if (how.flip) body.at(*how.flip) ^= 1;
    body.resize(static_cast<std::size_t>(static_cast<std::int64_t>(body.size()) + how.announce));
    std::size_t first = 0, last = body.size();
    bool partial = false;
    const auto range = request.header("range");
    const auto if_range = request.header("if-range");
    if (!range.empty() && !how.ignore_range && (if_range.empty() || if_range == how.etag)) {
      partial = true;
      const auto dash = range.find('-');
      first = std::stoull(range.substr(6, dash - 6));
      if (dash + 1 < range.size())
        last = std::min<std::size_t>(last, std::stoull(range.substr(dash + 1)) + 1);
      if (first >= body.size()) {
        to.write("HTTP/1.1 416 X\r\nContent-Length: 0\r\nContent-Range: bytes */" +
                 std::to_string(body.size()) + "\r\n\r\n");
        return;
      }
    }
    std::string head = partial ? "HTTP/1.1 206 Partial\r\n" : "HTTP/1.1 200 OK\r\n";
    const std::size_t shift = how.shift_range ? 1 : 0;
    if (partial) {
      head += "Content-Range: bytes " + std::to_string(first + shift) + "-" +
              std::to_string(last - 1 + shift) + "/" + std::to_string(body.size() + shift) + "\r\n";
    }
    const bool chunked = how.chunked || how.endless;
    head += chunked ? "Transfer-Encoding: chunked\r\n"
                    : "Content-Length: " + std::to_string(last - first) + "\r\n";
    if (!how.etag.empty()) head += "ETag: " + how.etag + "\r\n";
    to.write(head + how.extra_headers + "\r\n");
    send_body(to, ByteView(body).subspan(first, last - first), how, count);
  }

  void send_body(Connection& to, ByteView body, const Fault& how, bool count) {
    const bool chunked = how.chunked || how.endless;
    const std::uint64_t stop_at =
        std::min(how.cut.value_or(~std::uint64_t{0}), how.stall.value_or(~std::uint64_t{0}));
    std::uint64_t sent = 0;
    bool alive = true;
    while (alive && sent < body.size() && sent < stop_at) {
      const std::size_t piece = how.drip ? 1 : 65536;
      const auto n = static_cast<std::size_t>(
          std::min<std::uint64_t>({piece, body.size() - sent, stop_at - sent}));
      alive = write(to, as_text(body.subspan(sent, n)), chunked);
      sent += n;
      if (count) body_bytes += n;
      if (how.drip) std::this_thread::sleep_for(5ms);
      if (how.slow) std::this_thread::sleep_for(*how.slow);
    }
    if (how.stall) return to.stall();
    if (how.cut) {
      to.close();
      if (how.reset) to.reset();
      return;
    }
    const std::string zeros(65536, '\0');
    while (alive && how.endless) alive = write(to, zeros, true);
    if (chunked) to.write("0\r\n\r\n");
  }

  static bool write(Connection& to, std::string_view bytes, bool chunked) {
    if (!chunked) return to.write(bytes);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return to.write(size + std::string(bytes) + "\r\n");
  }

  const Blob& blob_;
  std::atomic<int> files_ = 0;
  std::atomic<int> sidecars_ = 0;
  http::TestServer server_;
};

struct FetchWorld : testing::Test, rt::RealEnv {
  FetchWorld() {
    char folder[] = "/tmp/archy-fetch-XXXXXX";
    CHECK(::mkdtemp(folder) != nullptr);
    directory = folder;
    auto opened = store::open_file_store(files, clock, random, directory, {});
    CHECK(opened.has_value());
    store = std::move(*opened);
    // Honest sources keep going on a busy machine; tests of stalls ask for less.
    options.no_progress_limit = 10s;
    options.skeleton_limit = 10s;
    options.scheduler.back_off = {5ms, 20ms};
    origin_options.min_free_bytes = 0;
  }
  ~FetchWorld() override {
    store.reset();
    std::filesystem::remove_all(directory);
  }

  std::shared_ptr<ScriptedPeer> peer(const Blob& blob, std::string label = "peer") {
    auto out = std::make_shared<ScriptedPeer>(blob, clock, loop.get_executor());
    out->label = std::move(label);
    return out;
  }
  std::shared_ptr<Source> origin(const std::string& url) {
    return make_origin_source(env, *client, *store, url, origin_options);
  }
  FetchReport fetch(const Blob& blob, std::vector<std::shared_ptr<Source>> peers,
                    std::vector<std::shared_ptr<Source>> origins) {
    FetchReport out;
    auto flow = [](boost::asio::awaitable<FetchReport> task,
                   FetchReport& to) -> boost::asio::awaitable<void> {
      to = co_await std::move(task);
    };
    scope.start(flow(fetch_content_addressed(env, *store, blob.hash, std::move(peers),
                                             std::move(origins), options),
                     out));
    loop.restart();
    loop.run();
    return out;
  }
  // The whole blob is in the store, byte for byte; nothing of the way there is left.
  void expect_held(const Blob& blob) {
    auto info = store->info(blob.hash);
    ASSERT_TRUE(info && *info && (*info)->complete);
    EXPECT_EQ((*info)->size, blob.bytes.size());
    auto reader = store->reader(blob.hash);
    ASSERT_TRUE(reader);
    for (std::size_t at = 0; at < blob.bytes.size();) {
      const auto n = std::min<std::size_t>(blob.bytes.size() - at, 65536);
      auto bytes = (*reader)->data(at, n);
      ASSERT_TRUE(bytes);
      ASSERT_TRUE(equal(*bytes, ByteView(blob.bytes).subspan(at, n))) << "at " << at;
      at += n;
    }
    expect_no_temporary_files();
  }
  void expect_no_temporary_files() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "tmp")) {
      EXPECT_TRUE(entry.is_directory()) << entry.path() << " is left";
    }
  }
  void expect_not_held(const Blob& blob) {
    auto info = store->info(blob.hash);
    ASSERT_TRUE(info);
    EXPECT_FALSE(*info && (*info)->complete);
  }

  std::filesystem::path directory;
  std::unique_ptr<store::BlobStore> store;
  std::unique_ptr<http::Client> client = http::make_curl_client(loop.get_executor(), clock);
  rt::Scope scope{loop.get_executor()};
  FetchOptions options;
  OriginOptions origin_options;
};

}  // namespace archy::fetch

// The content port over a real store and real sockets: what clients see, byte for byte.
#include "rpc/content_port.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "bao/held_blob.hpp"
#include "http/server_fixture.hpp"
#include "rpc/content_store_source.hpp"
#include "rpc/content_target.hpp"
#include "rt/signal.hpp"
#include "store/file_store.hpp"
#include "store/layout.hpp"
#include "store/store_fixture.hpp"

namespace archy::rpc {
namespace {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string("(none)") : found->second;
  }
};

Answer parse(const std::string& raw) {
  Answer out;
  const auto end = raw.find("\r\n\r\n");
  if (end == std::string::npos) return out;
  out.status = std::atoi(raw.c_str() + 9);
  out.body = raw.substr(end + 4);
  for (auto at = raw.find("\r\n") + 2; at < end + 2;) {
    const auto next = raw.find("\r\n", at);
    const auto line = raw.substr(at, next - at);
    const auto colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    out.headers[name] = line.substr(colon + 2);
    at = next + 2;
  }
  return out;
}

struct ContentPortTest : testing::Test {
  void SetUp() override {
    auto opened = store::open_file_store(files, wall, random, dir, {});
    ASSERT_OK(opened);
    blobs = std::move(*opened);
    source = std::make_unique<StoreContentSource>(
        *blobs, [this] { return standard_is_free; },
        [this](const Blake3Hash& hash) { damaged.push_back(hash); });
    port = std::make_unique<ContentPort>(*source);
    world.listen(*port);
  }
  void TearDown() override {
    if (world.server) world.close();
  }

  Blake3Hash add(const Bytes& bytes, bool offer = true) {
    auto added = blobs->add_bytes(bytes);
    EXPECT_OK(added);
    if (offer) EXPECT_OK(blobs->ensure_offered({added->hash}));
    return added->hash;
  }
  std::string raw(const std::string& method, const std::string& path,
                  const std::string& headers = "") {
    http::RawClient client(world.address());
    client.say(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
               "\r\n");
    return client.hear_all();
  }
  Answer ask(const std::string& method, const std::string& path, const std::string& headers = "") {
    return parse(raw(method, path, headers));
  }
  Answer get(const Blake3Hash& hash, const std::string& headers = "") {
    return ask("GET", "/blobs/" + hash.hex(), headers);
  }
  void flip(const rt::Path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 1));
  }

  Result<bool> standard_is_free = true;
  store::TempFolder folder;
  rt::PosixFiles files;
  store::HandClock wall;
  rt::OsRandom random;
  const rt::Path dir = folder.path / "node";
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<StoreContentSource> source;
  std::unique_ptr<ContentPort> port;
  std::vector<Blake3Hash> damaged;
  http::ServerWorld world;
};

std::string text(const Bytes& bytes, std::size_t from = 0, std::size_t n = std::string::npos) {
  return std::string(as_text(bytes)).substr(from, n);
}

TEST_F(ContentPortTest, ServesABlobOfAnySizeWhole) {
  for (const std::size_t size : {0u, 1u, 1024u, 16383u, 16384u, 16385u, 300'000u, 1'048'577u}) {
    const Bytes bytes = store::some_bytes(size, size + 1);
    const auto hash = add(bytes);
    const auto answer = get(hash);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == text(bytes)) << size;
    EXPECT_EQ(answer.header("content-length"), std::to_string(size));
    EXPECT_EQ(answer.header("etag"), "\"" + hash.hex() + "\"");
    EXPECT_EQ(answer.header("accept-ranges"), "bytes");
    EXPECT_EQ(answer.header("cache-control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(answer.header("content-type"), "application/octet-stream");
    const auto head = ask("HEAD", "/blobs/" + hash.hex());
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-length"), std::to_string(size));
    EXPECT_EQ(head.body, "");
  }
}

TEST_F(ContentPortTest, ServesEveryRange) {
  const std::size_t size = 600'000;
  const Bytes bytes = store::some_bytes(size);
  const auto hash = add(bytes);
  for (const auto& [first, last] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 0},
                                                        {0, size - 1},
                                                        {size - 1, size - 1},
                                                        {16383, 16384},
                                                        {16384, 32767},
                                                        {100, 300'100},
                                                        {262'143, 262'145},
                                                        {599'000, 700'000}}) {
    const auto range = std::to_string(first) + "-" + std::to_string(last);
    const auto answer = get(hash, "Range: bytes=" + range + "\r\n");
    const auto end = std::min(last, size - 1);
    EXPECT_EQ(answer.status, 206) << range;
    EXPECT_EQ(answer.header("content-range"),
              "bytes " + std::to_string(first) + "-" + std::to_string(end) + "/600000");
    EXPECT_TRUE(answer.body == text(bytes, first, end - first + 1)) << range;
  }
  EXPECT_TRUE(get(hash, "Range: bytes=-5\r\n").body == text(bytes, size - 5));
  EXPECT_TRUE(get(hash, "Range: bytes=599990-\r\n").body == text(bytes, size - 10));
}

TEST_F(ContentPortTest, ServesSeveralRangesAsParts) {
  const Bytes bytes = store::some_bytes(100'000);
  const auto hash = add(bytes);
  const auto answer =
      ask("GET", "/blobs/" + hash.hex() + ".mp4", "Range: bytes=50000-50002, 0-1,-3\r\n");
  const auto part = [&](std::size_t first, std::size_t n) {
    return "--" + hash.hex() + "\r\nContent-Type: video/mp4\r\nContent-Range: bytes " +
           std::to_string(first) + "-" + std::to_string(first + n - 1) + "/100000\r\n\r\n" +
           text(bytes, first, n) + "\r\n";
  };
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.header("content-type"), "multipart/byteranges; boundary=" + hash.hex());
  EXPECT_EQ(answer.header("content-range"), "(none)");
  EXPECT_TRUE(answer.body ==
              part(50'000, 3) + part(0, 2) + part(99'997, 3) + "--" + hash.hex() + "--\r\n");
  EXPECT_EQ(answer.header("content-length"), std::to_string(answer.body.size()));
}

TEST_F(ContentPortTest, AnswersOddRangesAsTheRulesSay) {
  const Bytes bytes = store::some_bytes(1000);
  const auto hash = add(bytes);
  const auto etag = "\"" + hash.hex() + "\"";
  struct Case {
    std::string headers;
    int status;
    std::size_t body;
  };
  std::string many = "Range: bytes=0-0";
  for (int i = 1; i < 1000; ++i) many += "," + std::to_string(i) + "-" + std::to_string(i);
  const Case cases[] = {
      {"Range: bytes=1000-\r\n", 416, 14},
      {"Range: bytes=99999999999999999999-\r\n", 416, 14},
      {"Range: bytes=-0\r\n", 416, 14},
      {"Range: bytes=5-4\r\n", 200, 1000},
      {"Range: rows=0-1\r\n", 200, 1000},
      {"Range: bytes=0-1\r\nRange: bytes=2-3\r\n", 200, 1000},
      {"Range: bytes=0-1\r\nIf-Range: " + etag + "\r\n", 206, 2},
      {"Range: bytes=0-1\r\nIf-Range: W/" + etag + "\r\n", 200, 1000},
      {"Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200, 1000},
      {"Range: bytes=2000-\r\nIf-Range: \"other\"\r\n", 200, 1000},
      {many + "\r\n", 206, 1000},
  };
  for (const auto& [headers, status, body] : cases) {
    const auto answer = get(hash, headers);
    EXPECT_EQ(answer.status, status) << headers;
    EXPECT_EQ(answer.body.size(), body) << headers;
    if (status == 416) EXPECT_EQ(answer.header("content-range"), "bytes */1000") << headers;
  }
  const auto head = ask("HEAD", "/blobs/" + hash.hex(), "Range: bytes=0-1\r\n");
  EXPECT_EQ(head.status, 200);  // ranges are for GET
  EXPECT_EQ(head.header("content-length"), "1000");
}

TEST_F(ContentPortTest, HonoursConditions) {
  const auto hash = add(store::some_bytes(100));
  const auto etag = "\"" + hash.hex() + "\"";
  for (const auto& tag : {etag, "W/" + etag, std::string("*"), "\"x\", " + etag}) {
    const auto answer = get(hash, "If-None-Match: " + tag + "\r\n");
    EXPECT_EQ(answer.status, 304) << tag;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.header("etag"), etag);
  }
  EXPECT_EQ(get(hash, "If-None-Match: \"x\"\r\n").status, 200);
  EXPECT_EQ(get(hash, "If-Match: \"x\"\r\n").status, 412);
  EXPECT_EQ(get(hash, "If-Match: W/" + etag + "\r\n").status, 412);
  EXPECT_EQ(get(hash, "If-Match: " + etag + "\r\n").status, 200);
}

TEST_F(ContentPortTest, HasWhatIsFreeAndNothingElse) {
  struct Case {
    store::OfferClass offered;
    Result<bool> standard_is_free;
    int status;
  };
  const Result<bool> unknown = fail(Code::try_later, "not read");
  const Case cases[] = {
      {store::OfferClass::public_, true, 200},    {store::OfferClass::public_, false, 200},
      {store::OfferClass::public_, unknown, 200}, {store::OfferClass::standard, true, 200},
      {store::OfferClass::standard, false, 404},  {store::OfferClass::standard, unknown, 503},
      {store::OfferClass::metered, true, 404},    {store::OfferClass::metered, unknown, 404},
      {store::OfferClass::paid, true, 404},       {store::OfferClass::paid, false, 404}};
  const Blake3Hash hash = add(store::some_bytes(50'000), false);
  for (const Case& one : cases) {
    EXPECT_OK(blobs->set_offer({hash}, one.offered));
    standard_is_free = one.standard_is_free;
    EXPECT_EQ(get(hash).status, one.status) << to_string(one.offered);
    EXPECT_EQ(ask("GET", "/blobs/" + hash.hex() + ".obao4").status, one.status)
        << to_string(one.offered);
  }
}

TEST_F(ContentPortTest, FindsOnlyWhatIsHeldAndOffered) {
  const auto held = add(store::some_bytes(50'000), false);
  const auto paid = add(store::some_bytes(50'000, 2));
  EXPECT_OK(blobs->set_offer({paid}, store::OfferClass::paid));
  const auto offered = add(store::some_bytes(50'000, 3)).hex();
  auto upper = offered;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto unknown = get(Blake3Hash{});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(get(held).body, unknown.body);
  EXPECT_EQ(get(held).status, 404);
  EXPECT_EQ(get(paid).status, 404);
  for (const auto& path :
       {std::string("/"), std::string("/blobs/"), "/blobs/" + upper, "/blobs/" + offered + "/",
        "/blobs/" + offered + ".", "/blobs/" + offered + ".a/b", "//blobs/" + offered,
        "/blobs/../blobs/" + offered, "/blobs/%2e%2e/" + offered, "/blobs/" + offered.substr(1),
        "/blobs/" + offered + "0", "/blobs/" + offered + ".mp4.mp4", "/BLOBS/" + offered,
        "/blobs/" + held.hex() + ".obao4", std::string("/rpc/v1"), std::string("/metrics")}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
    EXPECT_EQ(ask("HEAD", path).status, 404) << path;
  }
  EXPECT_EQ(ask("GET", "/blobs/" + offered + "?download=1").status, 200);
}

TEST_F(ContentPortTest, NoResponseRunsInABrowser) {
  const auto hash = add(to_bytes(as_bytes("<script>alert(1)</script>"))).hex();
  const std::pair<std::string, std::string> types[] = {
      {"", "application/octet-stream"},       {".mp4", "video/mp4"},
      {".html", "application/octet-stream"},  {".svg", "application/octet-stream"},
      {".js", "application/octet-stream"},    {".xml", "application/octet-stream"},
      {".xhtml", "application/octet-stream"}, {".txt", "text/plain; charset=utf-8"},
      {".zst", "application/zstd"},           {".aac", "audio/aac"},
      {".obao4", "application/octet-stream"},
  };
  for (const auto& [extension, type] : types) {
    const auto answer = ask("GET", "/blobs/" + hash + extension);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("content-type"), type) << extension;
  }
  for (const auto& answer :
       {ask("GET", "/blobs/" + hash), ask("GET", "/blobs/x"), ask("POST", "/blobs/" + hash),
        ask("OPTIONS", "/blobs/" + hash), ask("GET", "/blobs/" + hash, "Range: bytes=99-\r\n")}) {
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_TRUE(answer.header("content-security-policy").ends_with("; sandbox"));
    EXPECT_TRUE(answer.header("content-security-policy").starts_with("default-src 'none';"));
    EXPECT_EQ(answer.header("access-control-allow-origin"), "*");
    EXPECT_EQ(answer.header("access-control-allow-credentials"), "(none)");
    EXPECT_EQ(answer.header("set-cookie"), "(none)");
  }
}

TEST_F(ContentPortTest, TakesGetAndHeadOnly) {
  const auto path = "/blobs/" + add(store::some_bytes(10)).hex();
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "X"}) {
    const auto answer = ask(method, path);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.header("allow"), "GET, HEAD, OPTIONS");
  }
  const auto options = ask("OPTIONS", path);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
  EXPECT_NE(options.header("access-control-allow-headers").find("Range"), std::string::npos);
  EXPECT_EQ(options.header("access-control-allow-private-network"), "(none)");
}

TEST_F(ContentPortTest, ServesTheOutboard) {
  for (const std::size_t size : {0u, 16384u, 16385u, 100'000u, 5'000'001u}) {
    const Bytes bytes = store::some_bytes(size, size + 9);
    const bao::HeldBlob expected(bytes);
    const auto path = "/blobs/" + add(bytes).hex();
    const auto answer = ask("GET", path + ".mp4.obao4");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == text(expected.outboard)) << size;
    EXPECT_EQ(answer.header("etag"), "\"" + expected.root.hex() + ".obao4\"");
    if (size < 100'000) continue;
    const auto some = ask("GET", path + ".obao4", "Range: bytes=100-259\r\n");
    EXPECT_EQ(some.status, 206);
    EXPECT_TRUE(some.body == text(expected.outboard, 100, 160));
  }
}

TEST_F(ContentPortTest, EndsABodyShortOfADamagedGroup) {
  const Bytes bytes = store::some_bytes(2'000'000);
  const auto hash = add(bytes);
  const std::size_t bad_group = 1'500'000 / 16384;
  flip(store::Layout(dir).data(hash), 1'500'000);
  const auto answer = get(hash);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "2000000");
  // Everything before the bad group, not a byte of it.
  EXPECT_EQ(answer.body.size(), bad_group * 16384);
  EXPECT_TRUE(answer.body == text(bytes, 0, bad_group * 16384));
  world.call([&] {
    EXPECT_EQ(damaged, std::vector{hash});
    EXPECT_EQ(port->counts().broken_off, 1u);
  });
  // What can be told before the head is told by the status.
  EXPECT_EQ(get(hash, "Range: bytes=1500000-1500001\r\n").status, 500);
  EXPECT_EQ(get(hash, "Range: bytes=1600000-1600001\r\n").status, 206);
  EXPECT_EQ(get(hash, "Range: bytes=0-1\r\n").body, text(bytes, 0, 2));
}

TEST_F(ContentPortTest, ServesNothingUnderDamagedInnerHashes) {
  const Bytes bytes = store::some_bytes(2'000'000);
  const auto hash = add(bytes);
  flip(store::Layout(dir).outboard(hash), 64);  // the left child of the root
  EXPECT_EQ(get(hash, "Range: bytes=0-1\r\n").status, 500);
  EXPECT_EQ(get(hash, "Range: bytes=1999999-\r\n").body, text(bytes, 1'999'999));
  const auto outboard = ask("GET", "/blobs/" + hash.hex() + ".obao4");
  EXPECT_EQ(outboard.status, 500);
}

TEST_F(ContentPortTest, NoticesThatABlobWasRemovedAndAddedAgain) {
  const Bytes bytes = store::some_bytes(100'000);
  const auto hash = add(bytes);
  EXPECT_EQ(get(hash).status, 200);
  ASSERT_OK(blobs->set_offer({hash}, std::nullopt));
  EXPECT_EQ(get(hash).status, 404);
  ASSERT_OK(blobs->remove(hash, true));
  EXPECT_EQ(get(hash).status, 404);
  ASSERT_EQ(add(bytes), hash);
  EXPECT_TRUE(get(hash).body == text(bytes));
}

// A blob that arrives when the test says so: the reader's promises, without a swarm.
class Arriving final : public ContentSource, public ContentReader {
 public:
  Arriving(rt::Executor executor, rt::Clock& clock)
      : changed_(std::move(executor)), clock_(clock) {}
  rt::Task<std::unique_ptr<ContentReader>> open(const Blake3Hash&, ContentPart,
                                                std::stop_token) override {
    struct View final : ContentReader {
      explicit View(Arriving& of) : blob(of) {}
      rt::Task<std::uint64_t> size(std::stop_token stop) override { return blob.size(stop); }
      rt::Task<ByteView> read(std::uint64_t offset, std::size_t most,
                              std::stop_token stop) override {
        return blob.read(offset, most, stop);
      }
      Arriving& blob;
    };
    std::unique_ptr<ContentReader> out = std::make_unique<View>(*this);
    co_return out;
  }
  rt::Task<std::uint64_t> size(std::stop_token stop) override {
    CO_TRY_OK(co_await wait(1, stop));
    co_return whole.size();
  }
  rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token stop) override {
    CO_TRY_OK(co_await wait(offset + 1, stop));
    co_return ByteView(whole).subspan(offset, std::min(most, arrived - offset));
  }
  void arrive(std::size_t up_to) {
    arrived = up_to;
    changed_.notify();
  }
  void fail_with(Code code) {
    error = code;
    changed_.notify();
  }

  const Bytes whole = store::some_bytes(100'000);
  std::size_t arrived = 0;
  std::optional<Code> error;
  int waiting = 0;
  int cancelled = 0;

 private:
  rt::Task<> wait(std::uint64_t bytes, std::stop_token stop) {
    std::stop_callback on_stop(stop, [this] { changed_.notify(); });
    ++waiting;
    while (arrived < bytes && !stop.stop_requested() && !error)
      (void)co_await changed_.wait(clock_);
    --waiting;
    if (arrived >= bytes) co_return Result<>{};
    if (error) co_return fail(*error);
    ++cancelled;
    co_return fail(Code::cancelled);
  }
  rt::Signal changed_;
  rt::Clock& clock_;
};

struct ArrivingContent : testing::Test {
  http::ServerWorld world;
  Arriving blob{world.loop.get_executor(), world.clock};
  ContentPort port{blob};
  const std::string request =
      "GET /blobs/" + Blake3Hash{}.hex() + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  void SetUp() override { world.listen(port); }
  void TearDown() override { world.close(); }
};

TEST_F(ArrivingContent, IsSentAsItComes) {
  http::RawClient client(world.address());
  client.say(request);
  world.eventually([&] { return blob.waiting == 1; });
  EXPECT_TRUE(client.is_silent());
  world.call([&] { blob.arrive(1000); });
  client.hear_until("\r\n\r\n");
  while (client.heard.size() < 1000 && client.hear_more()) {
  }
  EXPECT_TRUE(client.heard == text(blob.whole, 0, 1000));
  EXPECT_TRUE(client.is_silent());
  world.call([&] { blob.arrive(100'000); });
  EXPECT_TRUE(client.hear_all() == text(blob.whole));
}

TEST_F(ArrivingContent, IsNoLongerWaitedForWhenTheClientHasGone) {
  auto client = std::make_unique<http::RawClient>(world.address());
  client->say(request);
  world.call([&] { blob.arrive(1000); });
  client->hear_until("\r\n\r\n");
  world.eventually([&] { return blob.waiting == 1; });
  client.reset();
  world.eventually([&] { return blob.cancelled == 1 && world.server->connections() == 0; });
}

TEST_F(ArrivingContent, TellsWhyItDoesNotCome) {
  const std::pair<Code, int> cases[] = {
      {Code::not_found, 404}, {Code::timed_out, 504}, {Code::try_later, 503}, {Code::io, 500}};
  for (const auto& [code, status] : cases) {
    world.call([&] { blob.fail_with(code); });
    http::RawClient client(world.address());
    client.say(request);
    EXPECT_EQ(parse(client.hear_all()).status, status);
  }
}

TEST_F(ArrivingContent, IsCutShortWhenTheRestNeverComes) {
  world.call([&] {
    blob.arrive(1000);
    blob.fail_with(Code::timed_out);
  });
  http::RawClient client(world.address());
  client.say(request);
  const auto answer = parse(client.hear_all());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "100000");
  EXPECT_TRUE(answer.body == text(blob.whole, 0, 1000));
}

TEST(ContentTarget, TypesAreKnownByExtensionOnly) {
  EXPECT_EQ(content_type(""), "application/octet-stream");
  EXPECT_EQ(content_type("mp4"), "video/mp4");
  EXPECT_EQ(content_type("MP4"), "application/octet-stream");
  EXPECT_EQ(content_type("zzz"), "application/octet-stream");
  EXPECT_EQ(content_type("html"), "application/octet-stream");
}

}  // namespace
}  // namespace archy::rpc

#include "sim/origin.hpp"

#include <gtest/gtest.h>

#include "rt/scope.hpp"

namespace archy::sim {
namespace {

struct Got {
  std::optional<Error> error;
  int status = 0;
  std::string content_range;
  Bytes body;
};

rt::Task<> download(http::Client& client, http::Request request, Got& got) {
  std::stop_token stop;
  CO_TRY(response, co_await client.send(std::move(request), stop));
  got.status = response->head().status;
  for (const auto& [name, value] : response->head().headers) {
    if (name == "content-range") got.content_range = value;
  }
  for (;;) {
    CO_TRY(piece, co_await response->read());
    if (piece.empty()) break;
    append(got.body, piece);
  }
  co_return Result<>{};
}
boost::asio::awaitable<void> run(http::Client& client, http::Request request, Got& got) {
  auto result = co_await download(client, std::move(request), got);
  if (!result) got.error = result.error();
}

struct Bench {
  Got get(OriginFile file, std::optional<http::Request::Range> range = {}) {
    origin.put("http://o/f", std::move(file));
    return again(range);
  }
  Got again(std::optional<http::Request::Range> range = {}) {
    http::Request request;
    request.url = "http://o/f";
    request.range = range;
    Got got;
    rt::Scope scope(time.executor());
    scope.start(run(client, std::move(request), got));
    (void)time.run_until([&] { return scope.running() == 0; }, rt::kNever);
    return got;
  }
  VirtualTime time;
  EventLog log;
  Counters counters;
  NodeClock clock{time};
  VirtualOrigin origin{log, counters};
  VirtualHttpClient client{origin, time.executor(), clock, 0};
};

Bytes sample(std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i * 7);
  return out;
}

TEST(VirtualOrigin, HonestServesWholeFilesAndRanges) {
  Bench b;
  EXPECT_EQ(b.get({.body = sample(100'000)}).body, sample(100'000));
  const Got part = b.get({.body = sample(100'000)}, http::Request::Range{10, 19});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.content_range, "bytes 10-19/100000");
  EXPECT_TRUE(equal(part.body, ByteView(sample(100)).subspan(10, 10)));
  EXPECT_EQ(b.get({.body = sample(10)}, http::Request::Range{10, {}}).status, 416);
}

TEST(VirtualOrigin, EachMoodGoesWrongInItsOwnWay) {
  Bench b;
  EXPECT_NE(b.get({.body = sample(1000), .mood = OriginMood::wrong_bytes, .at = 5}).body,
            sample(1000));
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::truncated, .at = 500}).error->code,
            Code::unreachable);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::longer, .at = 7}).body.size(), 1007u);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::shorter, .at = 7}).body.size(), 993u);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::stalls, .at = 100}).error->code,
            Code::timed_out);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::missing}).status, 404);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::error_status}).status, 503);
  EXPECT_EQ(b.get({.body = sample(1000), .mood = OriginMood::encoded}).error->code,
            Code::peer_fault);
  const Got whole = b.get({.body = sample(1000), .mood = OriginMood::ignores_range},
                          http::Request::Range{10, 19});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body.size(), 1000u);
}

TEST(VirtualOrigin, ErrorsEndAfterSoManyRequests) {
  Bench b;
  EXPECT_EQ(b.get({.body = sample(10), .mood = OriginMood::error_status, .at = 1}).status, 503);
  EXPECT_EQ(b.again().status, 200);
}

TEST(VirtualOrigin, AStallCostsTheDeadlineInVirtualTime) {
  Bench b;
  (void)b.get({.body = sample(1000), .mood = OriginMood::stalls, .at = 100});
  EXPECT_GT(b.time.now(), rt::Instant(std::chrono::seconds(10)));
  EXPECT_LT(b.time.now(), rt::Instant(std::chrono::seconds(11)));
}

}  // namespace
}  // namespace archy::sim

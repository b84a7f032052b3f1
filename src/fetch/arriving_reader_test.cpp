// Reading a blob while it arrives.
#include "fetch/arriving_reader.hpp"

#include "base/test_hooks.hpp"
#include "fetch/test_world.hpp"

namespace archy::fetch {
namespace {

const Blob& blob() {
  static const Blob made(6 * (1u << 20) + 777, 8);
  return made;
}

struct Arriving : FetchWorld {
  std::shared_ptr<Arrival> arrival = std::make_shared<Arrival>(loop.get_executor());

  std::unique_ptr<ArrivingReader> reader(const Blob& of = blob()) {
    return std::make_unique<ArrivingReader>(arrival, *store, clock, of.hash);
  }
  boost::asio::awaitable<void> run_fetch(const Blake3Hash& hash,
                                         std::vector<std::shared_ptr<Source>> peers,
                                         std::vector<std::shared_ptr<Source>> origins) {
    options.arrival = arrival;
    auto report = co_await fetch_content_addressed(env, *store, hash, std::move(peers),
                                                   std::move(origins), options);
    done = std::move(report);
  }
  void begin(std::vector<std::shared_ptr<Source>> peers,
             std::vector<std::shared_ptr<Source>> origins = {}) {
    scope.start(run_fetch(blob().hash, std::move(peers), std::move(origins)));
  }
  void finish() {
    loop.restart();
    loop.run();
  }
  std::optional<FetchReport> done;
};

ByteView piece(std::uint64_t offset, std::size_t length) {
  return ByteView(blob().bytes).subspan(offset, length);
}

TEST_F(Arriving, AReaderGetsEachByteAsSoonAsItIsThere) {
  auto slow = peer(blob());
  slow->pace = 1ms;
  auto flow = [](Arriving& w, ArrivingReader& from) -> boost::asio::awaitable<void> {
    auto size = co_await from.size({});
    EXPECT_TRUE(size && *size == blob().bytes.size());
    bool early = false;
    std::uint64_t at = 0;
    while (at < blob().bytes.size()) {
      auto bytes = co_await from.read(at, 100'000, {});
      if (!bytes) {
        ADD_FAILURE() << at << ": " << to_string(bytes.error());
        co_return;
      }
      EXPECT_GT(bytes->size(), 0u);
      EXPECT_LE(bytes->size(), 100'000u);
      EXPECT_TRUE(equal(*bytes, piece(at, bytes->size())));
      early = early || !w.done;
      at += bytes->size();
    }
    EXPECT_TRUE(early);
  };
  auto from = reader();
  begin({slow});
  scope.start(flow(*this, *from));
  finish();
  ASSERT_TRUE(done && done->ok());
  expect_held(blob());
}

// The end of the blob is asked for at once: it does not come last.
boost::asio::awaitable<void> read_end(Arriving& w, ArrivingReader& from, bool& early) {
  const auto at = blob().bytes.size() - 700;
  auto bytes = co_await from.read(at, 5000, {});
  EXPECT_TRUE(bytes && equal(*bytes, piece(at, 700)));
  early = !w.done;
}

TEST_F(Arriving, TheFetchGoesToWhereAReaderWaits) {
  auto slow = peer(blob());
  slow->pace = 2ms;  // all of it takes most of a second
  bool early = false;
  auto from = reader();
  begin({slow});
  scope.start(read_end(*this, *from, early));
  finish();
  ASSERT_TRUE(done && done->ok());
  EXPECT_TRUE(early);
  ASSERT_GE(slow->asked_for.size(), 2u);
  EXPECT_FALSE(slow->asked_for[1].contains(ChunkIndex(0)));
}

TEST_F(Arriving, TheSizeIsProvenByAQuestionOnTheSide) {
  auto slow = peer(blob());
  slow->pace = 2ms;
  bool early = false;
  auto flow = [](Arriving& w, ArrivingReader& from, bool& out) -> boost::asio::awaitable<void> {
    auto size = co_await from.size({});
    EXPECT_TRUE(size && *size == blob().bytes.size());
    out = !w.done && w.store->info(blob().hash).value()->have.count_below(1u << 20) < 1000;
  };
  auto from = reader();
  begin({slow});
  scope.start(flow(*this, *from, early));
  finish();
  ASSERT_TRUE(done && done->ok());
  EXPECT_TRUE(early);
  EXPECT_EQ(done->verified_bytes, blob().bytes.size());
}

TEST_F(Arriving, AnOriginGoesToWhereAReaderWaitsToo) {
  BlobOrigin server(blob());
  server.fault = [](int) {
    Fault out;
    out.slow = 1ms;
    return out;
  };
  bool early = false;
  auto from = reader();
  begin({}, {origin(server.url())});
  scope.start(read_end(*this, *from, early));
  finish();
  ASSERT_TRUE(done && done->ok()) << to_string(*done->error);
  EXPECT_TRUE(early);
}

TEST_F(Arriving, SeveralReadersAreAllServed) {
  auto slow = peer(blob());
  slow->pace = 1ms;
  int served = 0;
  auto flow = [](ArrivingReader& from, std::uint64_t at,
                 int& count) -> boost::asio::awaitable<void> {
    for (int i = 0; i < 20; ++i) {
      auto bytes = co_await from.read(at, 16384, {});
      if (!bytes || !equal(*bytes, piece(at, bytes->size()))) co_return;
      at += bytes->size();
    }
    ++count;
  };
  std::vector<std::unique_ptr<ArrivingReader>> readers;
  begin({slow});
  for (const std::uint64_t at : {0u, 1u << 20, 5u << 20, 3u << 20}) {
    readers.push_back(reader());
    scope.start(flow(*readers.back(), at, served));
  }
  finish();
  EXPECT_EQ(served, 4);
  ASSERT_TRUE(done && done->ok());
}

TEST_F(Arriving, AReaderThatGoesIsForgotten) {
  auto slow = peer(blob());
  slow->pace = 1ms;
  std::stop_source stop;
  auto flow = [](ArrivingReader& from, std::stop_token until) -> boost::asio::awaitable<void> {
    auto bytes = co_await from.read(5u << 20, 10, until);
    EXPECT_EQ(bytes.error().code, Code::cancelled);
  };
  options.on_progress = [&stop](const FetchReport&) { stop.request_stop(); };
  {
    auto from = reader();
    slow->on_asked = [&] { stop.request_stop(); };
    scope.start(flow(*from, stop.get_token()));
    begin({slow});
    finish();
  }
  ASSERT_TRUE(done && done->ok());
  EXPECT_FALSE(arrival->playhead().has_value());
}

TEST_F(Arriving, AFetchThatFailsEndsTheWait) {
  auto dead = peer(blob(), "dead");
  dead->refuses = Error{Code::unreachable, "no route"};
  auto flow = [](ArrivingReader& from) -> boost::asio::awaitable<void> {
    auto bytes = co_await from.read(0, 10, {});
    EXPECT_EQ(bytes.error().code, Code::not_found);
    auto size = co_await from.size({});
    EXPECT_EQ(size.error().code, Code::not_found);
  };
  auto from = reader();
  scope.start(flow(*from));
  begin({dead});
  finish();
  ASSERT_TRUE(done && !done->ok());
}

TEST_F(Arriving, ASmallBlobIsReadWhenItIsWhole) {
  static const Blob small(9000, 9);
  auto from = reader(small);
  auto only = peer(small);
  auto flow = [](ArrivingReader& of) -> boost::asio::awaitable<void> {
    auto bytes = co_await of.read(8000, 5000, {});
    EXPECT_TRUE(bytes && equal(*bytes, ByteView(small.bytes).subspan(8000)));
  };
  scope.start(flow(*from));
  scope.start(run_fetch(small.hash, {only}, {}));
  finish();
  ASSERT_TRUE(done && done->ok());
}

TEST_F(Arriving, WhatCameThroughQuarantineIsReadToo) {
  static const Blob large(20 * (1u << 20) + 5, 10);
  BlobOrigin server(large);
  server.sidecar = false;
  auto from = reader(large);
  auto flow = [](ArrivingReader& of) -> boost::asio::awaitable<void> {
    auto size = co_await of.size({});
    EXPECT_TRUE(size && *size == large.bytes.size());
    auto bytes = co_await of.read(19u << 20, 5000, {});
    EXPECT_TRUE(bytes && equal(*bytes, ByteView(large.bytes).subspan(19u << 20, bytes->size())));
  };
  scope.start(flow(*from));
  scope.start(run_fetch(large.hash, {}, {origin(server.url())}));
  finish();
  ASSERT_TRUE(done && done->ok());
}

}  // namespace
}  // namespace archy::fetch

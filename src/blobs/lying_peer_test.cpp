// The getter against providers that lie, stall and drip: answers written by hand to a raw stream.
#include "bao/encoder.hpp"
#include "blobs/getter.hpp"
#include "blobs/test_peers.hpp"
#include "crypto/blake3.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

struct Lie {
  Bytes answer;
  bool finish = true;                  // FIN after the answer
  std::optional<std::uint64_t> reset;  // RESET_STREAM once the answer has arrived
  std::size_t piece = 0;               // not 0: so many bytes at a time, with a pause after each
  rt::Duration pause = std::chrono::milliseconds(50);
};

boost::asio::awaitable<void> send_in_pieces(quic::World& world, quic::Stream& stream,
                                            const Lie& lie) {
  for (std::size_t at = 0; at < lie.answer.size() && !stream.stop_code(); at += lie.piece) {
    const std::size_t length = std::min(lie.piece, lie.answer.size() - at);
    Bytes out = to_bytes(ByteView(lie.answer).subspan(at, length));
    (void)co_await stream.write(std::move(out));
    const rt::Instant next = world.clock.now() + lie.pause;
    (void)co_await rt::sleep_until(world.loop.get_executor(), world.clock, next);
  }
}

boost::asio::awaitable<void> tell(quic::World& world, std::shared_ptr<quic::Stream> stream,
                                  Lie lie) {
  for (;;) {
    auto got = co_await stream->fill(1);
    if (!got || *got == 0) break;
    stream->consume(*got);
  }
  if (lie.piece > 0) {
    co_await send_in_pieces(world, *stream, lie);
  } else if (!lie.answer.empty()) {
    Bytes out = lie.answer;
    (void)co_await stream->write(std::move(out));
  }
  (void)co_await stream->drained();
  if (lie.reset) stream->reset(*lie.reset);
  if (!lie.reset && lie.finish) stream->finish();
}

boost::asio::awaitable<void> liar(quic::World& world, quic::Endpoint& endpoint, Lie& lie,
                                  std::vector<std::shared_ptr<quic::Stream>>& held) {
  for (;;) {
    auto connection = co_await endpoint.accept();
    if (!connection) co_return;
    for (;;) {
      auto stream = co_await (*connection)->accept_bi();
      if (!stream) break;
      held.push_back(*stream);
      Lie told = lie;
      world.scope.start(tell(world, std::move(*stream), std::move(told)));
    }
  }
}

class LyingPeerTest : public PeersTest {
 protected:
  Lie lie;
  std::vector<std::shared_ptr<quic::Stream>> held;
  Bytes content = some_bytes(100000);
  bao::HeldBlob source{content};

  void SetUp() override {
    PeersTest::SetUp();
    world.scope.start(liar(world, *server, lie, held));
    connect();
  }
  void TearDown() override {
    held.clear();
    PeersTest::TearDown();
  }
  Bytes honest(const ChunkRanges& ranges = ChunkRanges::all()) {
    Bytes out;
    bao::Encoder encoder(source.root, source.size(), ranges, source);
    while (!encoder.done()) EXPECT_TRUE(encoder.step(out).has_value());
    return out;
  }
  Result<> get(const ChunkRanges& ranges = ChunkRanges::all(),
               rt::Duration no_progress = std::chrono::milliseconds(500)) {
    partial = kept->partial(source.root).value();
    PartialSink sink(partial);
    GetOptions options{world.clock, no_progress};
    auto got = run(get_blob(connection, source.root, ranges, sink, options));
    EXPECT_TRUE(partial->flush().has_value());
    return got;
  }
  std::uint64_t held_chunks() { return partial->have().count_below(98); }
  std::shared_ptr<store::PartialBlob> partial;
};

TEST_F(LyingPeerTest, AnHonestAnswerIsTaken) {
  lie.answer = honest();
  EXPECT_TRUE(get().has_value());
  EXPECT_TRUE(partial->is_complete());
}

TEST_F(LyingPeerTest, AFlippedBitInAnyItemIsCorruptAndNothingBehindItIsKept) {
  // size | P P P | L0 | L1 | P | L2 ...: one place in each kind of item, and in the last leaf.
  const std::pair<std::size_t, std::uint64_t> places[] = {{8 + 10, 0},
                                                          {8 + 64 + 40, 0},
                                                          {8 + 3 * 64 + 5, 0},
                                                          {8 + 3 * 64 + 16384 + 5, 16},
                                                          {8 + 3 * 64 + 2 * 16384 + 7, 32},
                                                          {honest().size() - 1, 96}};
  for (const auto& [place, chunks] : places) {
    lie.answer = honest();
    lie.answer[place] ^= 0x10;
    auto got = get();
    ASSERT_FALSE(got.has_value()) << place;
    EXPECT_EQ(got.error().code, Code::corrupt) << place;
    EXPECT_EQ(held_chunks(), chunks) << place;
    partial.reset();
    ASSERT_TRUE(kept->remove(source.root, true).has_value());
  }
}

TEST_F(LyingPeerTest, AWrongSizeIsNeverBelieved) {
  for (std::uint64_t size : {std::uint64_t{0}, std::uint64_t{99999}, std::uint64_t{100001},
                             std::uint64_t{200000}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    lie.answer = honest();
    store_u64_le(lie.answer.data(), size);
    auto got = get();
    ASSERT_FALSE(got.has_value()) << size;
    EXPECT_TRUE(got.error().code == Code::corrupt || got.error().code == Code::peer_fault ||
                got.error().code == Code::not_found)
        << size << ": " << to_string(got.error());
    EXPECT_FALSE(partial->size_verified()) << size;
    EXPECT_FALSE(partial->is_complete());
    // A size that changes the tree never even becomes the partial's claim.
    if (size > 200000) EXPECT_FALSE(partial->size().has_value()) << size;
    partial.reset();
    (void)kept->remove(source.root, true);
  }
}

TEST_F(LyingPeerTest, ASizeThatDiffersFromTheClaimDropsNothing) {
  const auto first = ChunkRanges::span(ChunkIndex(0), ChunkIndex(16));
  lie.answer = honest(first);
  ASSERT_TRUE(get(first).has_value());
  partial.reset();
  const auto second = ChunkRanges::span(ChunkIndex(16), ChunkIndex(32));
  lie.answer = honest(second);
  store_u64_le(lie.answer.data(), 100001);  // the walk to group 1 looks the same
  partial = kept->partial(source.root).value();
  PartialSink sink(partial);
  auto got = run(get_blob(connection, source.root, second, sink, options()));
  EXPECT_EQ(got.error().code, Code::peer_fault);
  EXPECT_EQ(sink.size_conflict(), 100001u);
  EXPECT_EQ(partial->have(), first);
}

TEST_F(LyingPeerTest, BytesAfterTheEndAreAFault) {
  lie.answer = honest();
  lie.answer.push_back(0);
  EXPECT_EQ(get().error().code, Code::peer_fault);
  EXPECT_TRUE(partial->is_complete());  // what verified stays
}

TEST_F(LyingPeerTest, AnAnswerThatEndsEarlyKeepsWhatVerified) {
  const std::size_t leaves = 8 + 3 * 64;
  struct Cut {
    std::size_t at;
    Code code;  // between items: there is no more; within one: no honest node does that
    std::uint64_t chunks;
  };
  const Bytes whole = honest();
  const Cut cuts[] = {
      {0, Code::not_found, 0},
      {1, Code::not_found, 0},
      {7, Code::not_found, 0},
      {8, Code::not_found, 0},
      {71, Code::peer_fault, 0},
      {leaves, Code::not_found, 0},
      {leaves + 16383, Code::peer_fault, 0},
      {leaves + 16384, Code::not_found, 16},
      {whole.size() - 1, Code::peer_fault, 96},
  };
  for (const Cut& cut : cuts) {
    lie.answer = to_bytes(ByteView(whole).first(cut.at));
    auto got = get();
    ASSERT_FALSE(got.has_value()) << cut.at;
    EXPECT_EQ(got.error().code, cut.code) << cut.at;
    EXPECT_EQ(held_chunks(), cut.chunks) << cut.at;
    // A size that no leaf has vouched for is not even a claim.
    EXPECT_EQ(partial->size().has_value(), cut.chunks > 0) << cut.at;
    partial.reset();
    (void)kept->remove(source.root, true);
  }
}

TEST_F(LyingPeerTest, ResetCodesTellWhatToDo) {
  const std::pair<std::uint64_t, Code> cases[] = {{1, Code::denied},
                                                  {2, Code::try_later},
                                                  {3, Code::not_found},
                                                  {0, Code::peer_fault},
                                                  {77, Code::peer_fault}};
  for (const auto& [reset, code] : cases) {
    for (std::size_t before : {std::size_t{0}, std::size_t{8 + 3 * 64 + 16384 + 100}}) {
      const Bytes whole = honest();
      lie.answer.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(before));
      lie.reset = reset;
      EXPECT_EQ(get().error().code, code) << reset << " after " << before;
      partial.reset();
      (void)kept->remove(source.root, true);
    }
  }
}

TEST_F(LyingPeerTest, AStallEndsAfterNoProgress) {
  const Bytes whole = honest();
  lie.finish = false;
  for (std::size_t before : {std::size_t{0}, std::size_t{8 + 3 * 64 + 16384 + 100}}) {
    lie.answer.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(before));
    EXPECT_EQ(get().error().code, Code::timed_out);
    EXPECT_EQ(held_chunks(), before == 0 ? 0u : 16u);
    partial.reset();
    (void)kept->remove(source.root, true);
  }
}

TEST_F(LyingPeerTest, ASlowPeerThatKeepsVerifyingIsGivenTime) {
  lie.answer = honest();
  lie.piece = 20000;  // every piece completes a group
  lie.pause = std::chrono::milliseconds(250);
  EXPECT_TRUE(get(ChunkRanges::all(), std::chrono::seconds(1)).has_value());
  EXPECT_TRUE(partial->is_complete());
}

TEST_F(LyingPeerTest, ADripThatNeverVerifiesIsNoProgress) {
  lie.answer = honest();
  lie.piece = 100;
  const rt::Instant begun = world.clock.now();
  EXPECT_EQ(get().error().code, Code::timed_out);
  EXPECT_LT(world.clock.now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(held_chunks(), 0u);
}

TEST_F(LyingPeerTest, AMissingFinTakesNothingFromAWholeAnswer) {
  lie.answer = honest();
  lie.finish = false;
  EXPECT_TRUE(get().has_value());
  EXPECT_TRUE(partial->is_complete());
}

TEST_F(LyingPeerTest, AStopTokenEndsTheWait) {
  lie.finish = false;
  std::stop_source stop;
  struct Flow {
    static boost::asio::awaitable<void> later(quic::World& world, std::stop_source& source) {
      const rt::Instant soon = world.clock.now() + std::chrono::milliseconds(20);
      (void)co_await rt::sleep_until(world.loop.get_executor(), world.clock, soon);
      source.request_stop();
    }
  };
  world.scope.start(Flow::later(world, stop));
  NullSink sink;
  GetOptions options{world.clock, std::chrono::seconds(30), stop.get_token()};
  EXPECT_EQ(run(get_blob(connection, source.root, ChunkRanges::all(), sink, options)).error().code,
            Code::cancelled);
}

}  // namespace
}  // namespace archy::blobs

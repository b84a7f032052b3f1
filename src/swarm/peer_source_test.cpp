// A fetch source over real QUIC, with the provider behind it.
#include "swarm/peer_source.hpp"

#include "blobs/test_peers.hpp"
#include "crypto/blake3.hpp"

namespace archy::swarm {
namespace {

using bao::ChunkRanges;

class PeerSourceTest : public blobs::PeersTest {
 protected:
  Result<> fetch(PeerSource& source, fetch::Attempt& attempt) {
    auto flow = [](PeerSource& from, fetch::Attempt& a) -> rt::Task<> {
      co_return co_await from.fetch(a);
    };
    return run(flow(source, attempt));
  }
  fetch::Attempt attempt_for(const Blake3Hash& hash) {
    fetch::Attempt out;
    out.hash = hash;
    out.wanted = ChunkRanges::all();
    out.target = kept->partial(hash).value();
    out.no_progress_limit = std::chrono::seconds(5);
    return out;
  }
  PeerSource source() {
    return PeerSource(world.clock, *client, {server->id(), server->addresses()});
  }
};

TEST_F(PeerSourceTest, FetchesAWholeBlobInOneRequest) {
  const Bytes content = store::some_bytes(5 << 20);
  const Blake3Hash hash = add(content);
  serve();
  PeerSource peer = source();
  auto attempt = attempt_for(hash);
  auto got = fetch(peer, attempt);
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  EXPECT_TRUE(attempt.target->is_complete());
  EXPECT_EQ(provider->counters().payload_bytes_sent, content.size());
  EXPECT_EQ(provider->counters().get, 1u);
  EXPECT_TRUE(
      peer.name().starts_with("peer " + server->id().hex().substr(0, 10) + " at 127.0.0.1:"));
}

TEST_F(PeerSourceTest, ResumeAsksOnlyForWhatIsMissing) {
  const Bytes content = store::some_bytes(1 << 20);
  bao::HeldBlob held(content);
  const Blake3Hash hash = add(content);
  serve();
  PeerSource peer = source();
  auto attempt = attempt_for(hash);
  ASSERT_TRUE(
      store::transfer(held, *attempt.target, ChunkRanges::span(ChunkIndex(0), ChunkIndex(512)))
          .has_value());
  ASSERT_TRUE(attempt.target->flush().has_value());
  ASSERT_TRUE(fetch(peer, attempt).has_value());
  EXPECT_TRUE(attempt.target->is_complete());
  EXPECT_EQ(provider->counters().payload_bytes_sent, 512u << 10);
}

TEST_F(PeerSourceTest, MoreHolesThanOneRequestMayNameTakeMoreRequests) {
  const Bytes content = store::some_bytes(40 << 20);
  bao::HeldBlob held(content);
  const Blake3Hash hash = add(content);
  serve();
  PeerSource peer = source();
  auto attempt = attempt_for(hash);
  ChunkRanges every_second;
  for (std::uint64_t chunk = 0; chunk < (40 << 10); chunk += 32)
    every_second.add(chunk, chunk + 16);
  ASSERT_TRUE(store::transfer(held, *attempt.target, every_second).has_value());
  ASSERT_TRUE(attempt.target->flush().has_value());
  auto got = fetch(peer, attempt);
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  EXPECT_TRUE(attempt.target->is_complete());
  EXPECT_EQ(provider->counters().payload_bytes_sent, 20u << 20);
  EXPECT_EQ(provider->counters().get, 2u);
}

TEST_F(PeerSourceTest, TheConnectionIsReusedAndRedialledWhenItWent) {
  const Blake3Hash a = add(store::some_bytes(1000));
  const Blake3Hash b = add(store::some_bytes(2000));
  const Blake3Hash c = add(store::some_bytes(3000));
  serve();
  PeerSource peer = source();
  auto first = attempt_for(a);
  auto second = attempt_for(b);
  ASSERT_TRUE(fetch(peer, first).has_value());
  ASSERT_TRUE(fetch(peer, second).has_value());
  EXPECT_EQ(provider->counters().connections, 2u);  // the fixture's and ours
  run(peer.connection()).value()->close(0, "");
  auto third = attempt_for(c);
  ASSERT_TRUE(fetch(peer, third).has_value());
  EXPECT_EQ(provider->counters().connections, 3u);
}

TEST_F(PeerSourceTest, APeerWithAPartGivesThatPart) {
  const Bytes content = store::some_bytes(1 << 20);
  bao::HeldBlob held(content);
  const auto middle = ChunkRanges::span(ChunkIndex(256), ChunkIndex(512));
  auto part = served->partial(held.root).value();
  ASSERT_TRUE(store::transfer(held, *part, middle).has_value());
  ASSERT_TRUE(part->checkpoint().has_value());
  ASSERT_TRUE(served->set_offer({held.root}, store::OfferClass::public_).has_value());
  serve();
  PeerSource peer = source();
  auto attempt = attempt_for(held.root);
  EXPECT_TRUE(fetch(peer, attempt).has_value());
  EXPECT_EQ(attempt.target->have(), middle);
  EXPECT_FALSE(attempt.target->size_verified());
}

TEST_F(PeerSourceTest, SaysWhatAPeerCannotGive) {
  serve();
  PeerSource peer = source();
  auto unknown = attempt_for(crypto::blake3(as_bytes("?")));
  EXPECT_EQ(fetch(peer, unknown).error().code, Code::not_found);
  PeerSource nowhere(world.clock, *client, {server->id(), {}});
  EXPECT_EQ(fetch(nowhere, unknown).error().code, Code::bad_input);
}

TEST_F(PeerSourceTest, AFalseSizeClaimedEarlierIsCorrectedByProof) {
  const Bytes content = store::some_bytes(100000);
  const Blake3Hash hash = add(content);
  serve();
  PeerSource peer = source();
  auto attempt = attempt_for(hash);
  ASSERT_TRUE(attempt.target->claim_size(100001).has_value());
  auto got = fetch(peer, attempt);
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  EXPECT_TRUE(attempt.target->is_complete());
  EXPECT_EQ(attempt.target->size(), 100000u);
}

}  // namespace
}  // namespace archy::swarm

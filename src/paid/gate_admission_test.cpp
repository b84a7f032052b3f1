// Priced content over the wire of `/iroh-bytes/4`: what leaves was paid for, what is public never
// meets the gate.
#include "paid/gate_admission.hpp"

#include "blobs/hash_seq.hpp"
#include "paid/test_sellers.hpp"

namespace archy::paid {
namespace {

using bao::ChunkRanges;

struct GateAdmissionTest : SellersTest {
  // Verified bytes that came, and the code of the end.
  struct Got {
    std::uint64_t bytes = 0;
    std::optional<Code> code;
  };
  Got get(const Blake3Hash& hash, ChunkRanges ranges = ChunkRanges::all()) {
    auto target = kept->partial(hash).value();
    const auto flow = [](std::shared_ptr<quic::Connection> over, Blake3Hash of, ChunkRanges wanted,
                         std::shared_ptr<store::PartialBlob> into,
                         blobs::GetOptions how) -> rt::Task<> {
      blobs::PartialSink sink(into);
      co_return co_await blobs::get_blob(over, of, wanted, sink, how);
    };
    auto ended = run(flow(connection, hash, ranges, target, options()));
    (void)target->flush();
    Got out{0, ended ? std::nullopt : std::optional(ended.error().code)};
    const auto have = target->have().boundaries();
    for (std::size_t i = 0; i + 1 < have.size(); i += 2)
      out.bytes += (have[i + 1] - have[i]) * 1024;
    return out;
  }
  void pay(const Blake3Hash& hash, std::uint64_t bytes) {
    till.credits[{client->id(), hash}] += bytes;
  }
  std::uint64_t left(const Blake3Hash& hash) { return till.credits[{client->id(), hash}]; }
};

TEST_F(GateAdmissionTest, PublicContentNeverMeetsTheGate) {
  const Blake3Hash hash = sell_content(store::some_bytes(1 << 20), ContentClass::public_);
  sell_by(no_till);
  connect_to(blobs::kAlpn);
  EXPECT_EQ(get(hash).bytes, 1u << 20);
  EXPECT_EQ(admission->running(), 0u);
}
TEST_F(GateAdmissionTest, WithoutCreditItIsCodeOne) {
  const Blake3Hash hash = sell_content(store::some_bytes(1 << 20), ContentClass::metered);
  sell();
  connect_to(blobs::kAlpn);
  const Got got = get(hash);
  EXPECT_EQ(got.code, Code::denied);
  EXPECT_EQ(got.bytes, 0u);
  EXPECT_EQ(admission->running(), 0u);
}
TEST_F(GateAdmissionTest, WhatIsNotOfferedAndWhatCannotBeLookedUpAreAlike) {
  const Blake3Hash hash = sell_content(store::some_bytes(1 << 20), ContentClass::paid);
  sell();
  connect_to(blobs::kAlpn);
  const Got unknown = get(Blake3Hash{{1}});
  catalog.broken = true;
  const Got broken = get(hash);
  EXPECT_EQ(unknown.code, broken.code);
  EXPECT_EQ(broken.bytes, 0u);
  EXPECT_EQ(till.begun, 0);
}
TEST_F(GateAdmissionTest, ExactlyWhatWasPaidForLeaves) {
  const Blake3Hash hash = sell_content(store::some_bytes(4 << 20), ContentClass::metered);
  till.most_waits = 3;
  sell();
  connect_to(blobs::kAlpn);
  pay(hash, 1u << 20);
  const Got got = get(hash);
  EXPECT_EQ(got.code, Code::denied);
  EXPECT_EQ(till.taken, 1u << 20);
  EXPECT_EQ(got.bytes, 1u << 20) << "what was let go arrived";
  EXPECT_EQ(admission->running(), 0u) << "settled";
  EXPECT_TRUE(till.open.empty());
  EXPECT_EQ(provider->counters().payload_bytes_sent, 1u << 20);
}
TEST_F(GateAdmissionTest, AnotherHashOrPeerHasNoPartInIt) {
  const Blake3Hash one = sell_content(store::some_bytes(1 << 20, 1), ContentClass::metered);
  const Blake3Hash other = sell_content(store::some_bytes(1 << 20, 2), ContentClass::metered);
  sell();
  connect_to(blobs::kAlpn);
  pay(one, 1u << 20);
  EXPECT_EQ(get(other).bytes, 0u);
  EXPECT_EQ(left(one), 1u << 20);
  EXPECT_EQ(get(one).bytes, 1u << 20);
  EXPECT_EQ(left(one), 0u);
}
TEST_F(GateAdmissionTest, ChildrenOfAPricedSequenceArePaidByIt) {
  const Bytes first = store::some_bytes(100000, 1), second = store::some_bytes(50000, 2);
  const Blake3Hash a = sell_content(first, ContentClass::metered);
  const Blake3Hash b = sell_content(second, ContentClass::public_);
  const blobs::HashSeq sequence({a, b});
  const Blake3Hash root =
      sell_content(sequence.bytes(), ContentClass::metered, store::Format::hash_seq);
  sell();
  connect_to(blobs::kAlpn);
  pay(root, 1u << 20);
  blobs::GetRequest request{root, blobs::ChunkRangesSeq::all()};
  const RawAnswer answer = raw(blobs::encode(request));
  EXPECT_TRUE(answer.clean_end);
  EXPECT_EQ(till.taken, sequence.bytes().size() + first.size()) << "the public child is free";
  EXPECT_EQ(till.begun, 1);
}
TEST_F(GateAdmissionTest, APricedChildOfAPublicSequenceIsPaidByItself) {
  const Bytes child = store::some_bytes(100000, 1);
  const Blake3Hash a = sell_content(child, ContentClass::paid);
  const blobs::HashSeq sequence({a});
  const Blake3Hash root =
      sell_content(sequence.bytes(), ContentClass::public_, store::Format::hash_seq);
  sell();
  connect_to(blobs::kAlpn);
  blobs::GetRequest request{root, blobs::ChunkRangesSeq::all()};
  EXPECT_EQ(raw(blobs::encode(request)).reset_code, 1u);
  EXPECT_EQ(till.taken, 0u);
  pay(a, child.size());
  EXPECT_TRUE(raw(blobs::encode(request)).clean_end);
  EXPECT_EQ(till.taken, child.size());
  EXPECT_TRUE(till.open.empty());
}
TEST_F(GateAdmissionTest, APaidChildHasNoPartInTheGraceOfItsSequence) {
  const Bytes child = store::some_bytes(100000, 1);
  const blobs::HashSeq sequence({sell_content(child, ContentClass::paid)});
  const Blake3Hash root =
      sell_content(sequence.bytes(), ContentClass::metered, store::Format::hash_seq);
  till.grace = true;
  sell();
  connect_to(blobs::kAlpn);
  blobs::GetRequest request{root, blobs::ChunkRangesSeq::all()};
  EXPECT_EQ(raw(blobs::encode(request)).reset_code, 1u);
  pay(root, child.size());
  EXPECT_TRUE(raw(blobs::encode(request)).clean_end);
  EXPECT_EQ(till.taken, child.size()) << "of the sequence's credit";
  EXPECT_TRUE(till.open.empty());
}

}  // namespace
}  // namespace archy::paid

// The provider's bytes on the wire, asked by raw streams.
#include "blobs/provider.hpp"

#include "bao/encoder.hpp"
#include "blobs/collection.hpp"
#include "blobs/observe_item.hpp"
#include "blobs/test_peers.hpp"
#include "crypto/sha256.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

Bytes modulo_bytes(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}
Bytes get_all(const Blake3Hash& hash) {
  return encode(GetRequest{hash, ChunkRangesSeq::blob(ChunkRanges::all())});
}

class ProviderTest : public PeersTest {};

TEST_F(ProviderTest, AnswersTheWorkedExamples) {
  const Blake3Hash hello = add(as_bytes("hello world"));
  const Blake3Hash empty = add({});
  serve();
  const std::string payload = "0b0000000000000068656c6c6f20776f726c64";
  const RawAnswer get = raw(get_all(hello));
  EXPECT_EQ(to_hex(get.bytes), payload);
  EXPECT_TRUE(get.clean_end);
  const auto both = ChunkRangesSeq::finite({ChunkRanges::all(), ChunkRanges::all()});
  EXPECT_EQ(to_hex(raw(encode(GetManyRequest{{hello, empty}, both})).bytes),
            payload + "0000000000000000");
  EXPECT_EQ(provider->counters().get, 1u);
  EXPECT_EQ(provider->counters().get_many, 1u);
  EXPECT_EQ(provider->counters().payload_bytes_sent, 22u);
}

TEST_F(ProviderTest, WholeResponsesHaveTheKnownDigests) {
  const std::pair<std::size_t, const char*> cases[] = {
      {1, "a536aa3cede6ea3c1f3e0357c3c60e0f216a8c89b853df13b29daa8f85065dfb"},
      {1024, "71b5b6cf8f7e3ec39cb9805572d55194c45bed9f46715c512783a2aa22750e84"},
      {16385, "dc26d1992066dbcd0ed580053299122890320910ec2d1ad4fdc19fa8e725c399"},
      {1048576, "7f2e88248974de8728f0f83d7f19c7de7508626cf9d803a543b2f9ec09e1d750"},
  };
  serve();
  for (const auto& [size, digest] : cases) {
    const Blake3Hash hash = add(modulo_bytes(size));
    EXPECT_EQ(crypto::sha256(raw(get_all(hash)).bytes).hex(), digest) << size;
  }
}

TEST_F(ProviderTest, CollectionComesAsOneRunOfBytes) {
  const Blake3Hash hello = add(as_bytes("hello world"), false);
  const Blake3Hash empty = add({}, false);
  const auto collection = *Collection::from_files({{"dir/a.txt", hello}, {"dir/b.txt", empty}});
  add(collection.metadata(), false);
  const Blake3Hash root = add(collection.sequence().bytes(), true, store::Format::hash_seq);
  serve();
  const RawAnswer all = raw(encode(GetRequest{root, ChunkRangesSeq::all()}));
  EXPECT_EQ(all.bytes.size(), 173u);
  EXPECT_TRUE(all.clean_end);
  // The second child alone: nothing of the root, nothing of the first.
  const auto second = ChunkRangesSeq::from_entries({{2, ChunkRanges::all()}, {3, {}}});
  EXPECT_EQ(to_hex(raw(encode(GetRequest{root, second})).bytes),
            "0b0000000000000068656c6c6f20776f726c64");
  // Past the last child there is nothing.
  const auto beyond = ChunkRangesSeq::from_entries({{9, ChunkRanges::all()}});
  const RawAnswer none = raw(encode(GetRequest{root, beyond}));
  EXPECT_TRUE(none.bytes.empty() && none.clean_end);
}

TEST_F(ProviderTest, UnknownAndUnofferedLookTheSame) {
  const Blake3Hash held = add(as_bytes("mine"), false);
  const Blake3Hash unknown = crypto::blake3(as_bytes("never seen"));
  serve();
  for (const Blake3Hash& hash : {held, unknown}) {
    const RawAnswer answer = raw(get_all(hash));
    EXPECT_TRUE(answer.bytes.empty());
    EXPECT_EQ(answer.reset_code, 3u);
    EXPECT_EQ(to_hex(raw(encode(GetManyRequest{{hash}, ChunkRangesSeq::all()})).bytes), "");
  }
}

TEST_F(ProviderTest, TheEmptyBlobIsAlwaysThere) {
  serve();
  const RawAnswer answer = raw(get_all(crypto::blake3({})));
  EXPECT_EQ(to_hex(answer.bytes), "0000000000000000");
  EXPECT_TRUE(answer.clean_end);
}

TEST_F(ProviderTest, AMissingChildEndsTheAnswerAfterWhatCameBefore) {
  const Blake3Hash hello = add(as_bytes("hello world"), false);
  const HashSeq sequence({hello, crypto::blake3(as_bytes("missing")), hello});
  const Blake3Hash root = add(sequence.bytes(), true, store::Format::hash_seq);
  serve();
  const RawAnswer answer = raw(encode(GetRequest{root, ChunkRangesSeq::all()}));
  EXPECT_EQ(answer.reset_code, 3u);
  EXPECT_EQ(answer.bytes.size(), 8 + 96 + 8 + 11u);
}

TEST_F(ProviderTest, ARootOfAnotherLengthIsNoSequence) {
  // Its first 32 bytes name a blob that is offered: that must not matter.
  Bytes bytes = to_bytes(add(as_bytes("hello world")).view());
  bytes.push_back(1);
  const Blake3Hash root = add(bytes);
  serve();
  const RawAnswer answer = raw(encode(GetRequest{root, ChunkRangesSeq::all()}));
  EXPECT_EQ(answer.reset_code, 3u);
  EXPECT_EQ(answer.bytes.size(), 8 + 33u);
}

TEST_F(ProviderTest, APartialBlobGivesWhatItHasUpToTheHole) {
  const Bytes content = some_bytes(200000);
  bao::HeldBlob source(content);
  const auto held = ChunkRanges::span(ChunkIndex(0), ChunkIndex(32)) | ChunkRanges::last_chunk();
  auto partial = served->partial(source.root).value();
  ASSERT_TRUE(store::transfer(source, *partial, held.rounded_to_groups()).has_value());
  ASSERT_TRUE(partial->checkpoint().has_value());
  ASSERT_TRUE(served->set_offer({source.root}, store::OfferClass::public_).has_value());
  serve();
  const auto first = ChunkRanges::span(ChunkIndex(0), ChunkIndex(32));
  const RawAnswer whole = raw(encode(GetRequest{source.root, ChunkRangesSeq::blob(first)}));
  EXPECT_TRUE(whole.clean_end);
  EXPECT_EQ(whole.bytes.size(), bao::encoded_size(200000, first));
  const RawAnswer cut = raw(get_all(source.root));
  EXPECT_EQ(cut.reset_code, 3u);
  EXPECT_GE(cut.bytes.size(), 8 + 32768u);
  EXPECT_LT(cut.bytes.size(), 8 + 32768u + 64 * 16);
}

TEST_F(ProviderTest, PushIsRefusedWithPermission) {
  const Blake3Hash hello = add(as_bytes("hello world"));
  serve();
  Bytes push = encode(PushRequest{{hello, ChunkRangesSeq::blob(ChunkRanges::all())}});
  append(push, Bytes(100000, 7));
  for (bool finish : {true, false}) {
    const RawAnswer answer = raw(push, finish);
    EXPECT_EQ(answer.reset_code, 1u);
    EXPECT_TRUE(answer.bytes.empty());
  }
  EXPECT_EQ(provider->counters().push, 2u);
}

TEST_F(ProviderTest, MalformedRequestsGetACleanEmptyEnd) {
  const Blake3Hash hello = add(as_bytes("hello world"));
  serve();
  const Bytes good = get_all(hello);
  std::vector<Bytes> bad = {{}, {2}, {0xff}, *from_hex("09ffffffffffffffffff01"), Bytes(40, 0xff)};
  for (std::size_t cut = 1; cut < good.size(); ++cut)
    bad.emplace_back(good.begin(), good.begin() + cut);
  // 10^4 spans in one set.
  Bytes spans = to_bytes(ByteView(good).first(33));
  append(spans, *from_hex("0100a09c01"));
  spans.resize(spans.size() + 20000, 1);
  bad.push_back(spans);
  for (const Bytes& request : bad) {
    const RawAnswer answer = raw(request);
    EXPECT_TRUE(answer.clean_end && answer.bytes.empty())
        << to_hex(ByteView(request).first(std::min<std::size_t>(40, request.size())));
    EXPECT_FALSE(answer.reset_code.has_value());
  }
  EXPECT_EQ(provider->counters().malformed, bad.size());
  EXPECT_EQ(raw(good).bytes.size(), 19u);  // and the connection lives on
}

TEST_F(ProviderTest, ARequestAboveTheLimitIsDroppedBeforeItsEnd) {
  ProviderConfig config;
  config.request_limit = std::chrono::seconds(40);
  serve(nullptr, config);
  const rt::Instant begun = world.clock.now();
  const RawAnswer answer = raw(Bytes((1u << 20) + 100, 0), false);
  EXPECT_TRUE(answer.clean_end && answer.bytes.empty());
  EXPECT_EQ(answer.stop_code, 0u);
  EXPECT_LT(world.clock.now() - begun, std::chrono::seconds(20));
}

TEST_F(ProviderTest, RequestsThatNeverEndAreDropped) {
  ProviderConfig config;
  config.first_byte_limit = std::chrono::milliseconds(30);
  config.request_limit = std::chrono::milliseconds(60);
  serve(nullptr, config);
  const Bytes good = get_all(crypto::blake3({}));
  for (std::size_t sent : {std::size_t{1}, good.size()}) {
    const RawAnswer answer = raw(to_bytes(ByteView(good).first(sent)), false);
    EXPECT_TRUE(answer.clean_end && answer.bytes.empty());
  }
}

TEST_F(ProviderTest, ObserveShowsWhatIsHeldAndThenWhatChanges) {
  const Bytes content = some_bytes(100000);
  bao::HeldBlob source(content);
  const auto first = ChunkRanges::span(ChunkIndex(0), ChunkIndex(16));
  auto partial = served->partial(source.root).value();
  ASSERT_TRUE(store::transfer(source, *partial, first).has_value());
  ASSERT_TRUE(partial->checkpoint().has_value());
  ASSERT_TRUE(served->set_offer({source.root}, store::OfferClass::public_).has_value());
  ProviderConfig config;
  config.observe_poll = std::chrono::milliseconds(10);
  serve(nullptr, config);
  struct Flow {
    static rt::Task<Bytes> item(quic::Stream& stream) {
      for (std::size_t wanted = 1;; ++wanted) {
        CO_TRY(held, co_await stream.fill(wanted));
        if (held < wanted) co_return fail(Code::not_found, "ended");
        CO_TRY(read, read_observe_item(stream.buffered()));
        if (!read) continue;
        Bytes out = to_bytes(stream.buffered().first(read->length));
        stream.consume(read->length);
        co_return out;
      }
    }
    static rt::Task<std::vector<std::string>> watch(std::shared_ptr<quic::Connection> over,
                                                    Blake3Hash hash, bao::HeldBlob& from,
                                                    store::PartialBlob& into) {
      CO_TRY(stream, co_await over->open_bi());
      Bytes request = encode(ObserveRequest{hash, ChunkRanges::all()});
      CO_TRY_OK(co_await stream->write(std::move(request)));
      stream->finish();
      CO_TRY(now, co_await item(*stream));
      CO_TRY_OK(store::transfer(from, into, ChunkRanges::span(ChunkIndex(64), ChunkIndex(98))));
      CO_TRY_OK(into.checkpoint());
      CO_TRY(later, co_await item(*stream));
      stream->stop(0);
      co_return std::vector{to_hex(now), to_hex(later)};
    }
  };
  auto items = run(Flow::watch(connection, source.root, source, *partial));
  ASSERT_TRUE(items.has_value()) << to_string(items.error());
  EXPECT_EQ((*items)[0], "06a08d06020010");
  EXPECT_EQ((*items)[1], "05a08d060140");
}

TEST_F(ProviderTest, ManyRequestsAtOnceAreQueuedNotRefused) {
  const Blake3Hash hash = add(some_bytes(300000));
  serve();
  struct Flow {
    static boost::asio::awaitable<void> one(std::shared_ptr<quic::Connection> over, Bytes request,
                                            int& good) {
      auto answer = co_await raw_flow(std::move(over), std::move(request), true);
      if (answer && answer->clean_end &&
          answer->bytes.size() == bao::encoded_size(300000, ChunkRanges::all()))
        ++good;
    }
    static boost::asio::awaitable<void> all(quic::World& world,
                                            std::shared_ptr<quic::Connection> over, Bytes request,
                                            int& good) {
      rt::Scope scope(world.loop.get_executor());
      for (int i = 0; i < 40; ++i) scope.start(one(over, request, good));
      co_await scope.close(world.clock);
    }
  };
  int good = 0;
  world.run(Flow::all(world, connection, get_all(hash), good));
  EXPECT_EQ(good, 40);
}

// Says a fixed thing at each question, and counts the groups.
struct FixedAdmission final : Admission {
  Verdict connection = Verdict::allow;
  Verdict request = Verdict::allow;
  std::size_t groups_before_refusal = ~std::size_t{0};
  rt::Clock* clock = nullptr;  // set: each group waits a little once
  std::size_t groups = 0;
  std::size_t waits = 0;
  bool waited = false;

  Verdict on_connection(const EndpointId&) override { return connection; }
  Verdict on_request(const RequestContext&) override { return request; }
  Verdict on_child(const RequestContext&, const Blake3Hash&) override { return Verdict::allow; }
  GroupVerdict on_group(const RequestContext&, std::size_t payload) override {
    EXPECT_LE(payload, 16384u);
    if (clock && !waited) {
      waited = true;
      ++waits;
      return {GroupVerdict::Action::wait, clock->now() + std::chrono::milliseconds(2),
              Verdict::limit};
    }
    waited = false;
    if (groups++ >= groups_before_refusal)
      return {GroupVerdict::Action::refuse, {}, Verdict::limit};
    return {};
  }
};

TEST_F(ProviderTest, AdmissionDecidesEachRequest) {
  const Blake3Hash hash = add(as_bytes("hello world"));
  FixedAdmission admission;
  serve(&admission);
  for (const auto& [verdict, code] :
       {std::pair{Verdict::deny, 1u}, {Verdict::limit, 2u}, {Verdict::hide, 3u}}) {
    admission.request = verdict;
    EXPECT_EQ(raw(get_all(hash)).reset_code, code);
  }
  admission.request = Verdict::allow;
  EXPECT_EQ(raw(get_all(hash)).bytes.size(), 19u);
}

TEST_F(ProviderTest, AdmissionPacesAndBreaksOffAtGroups) {
  const Blake3Hash hash = add(some_bytes(100000));
  FixedAdmission admission;
  admission.clock = &world.clock;
  admission.groups_before_refusal = 3;
  serve(&admission);
  const RawAnswer answer = raw(get_all(hash));
  EXPECT_EQ(answer.reset_code, 2u);
  EXPECT_EQ(admission.waits, 4u);
  EXPECT_EQ(answer.bytes.size(), 8 + 4 * 64 + 3 * 16384u);
}

TEST_F(ProviderTest, AdmissionRefusesConnections) {
  FixedAdmission admission;
  admission.connection = Verdict::limit;
  serve(&admission);
  auto got = run(get_bytes(connection, crypto::blake3({}), 100, options()));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Code::try_later) << to_string(got.error());
}

TEST_F(ProviderTest, ReportsWhatARequestCost) {
  const Blake3Hash hash = add(some_bytes(1 << 20));
  serve();
  std::vector<RequestReport> reports;
  provider->on_request_end = [&](const RequestReport& report) { reports.push_back(report); };
  const RawAnswer answer = raw(get_all(hash));
  auto settle = [](quic::World& w,
                   std::vector<RequestReport>& seen) -> boost::asio::awaitable<void> {
    while (seen.empty()) {
      const rt::Instant soon = w.clock.now() + std::chrono::milliseconds(1);
      (void)co_await rt::sleep_until(w.loop.get_executor(), w.clock, soon);
    }
  };
  world.run(settle(world, reports));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].payload_bytes_sent, 1u << 20);
  EXPECT_EQ(reports[0].payload_bytes_acked, 1u << 20);
  EXPECT_EQ(reports[0].encoded_bytes, answer.bytes.size());
  EXPECT_EQ(provider->counters().payload_bytes_acked, 1u << 20);
}

}  // namespace
}  // namespace archy::blobs

// The getter against our own provider.
#include "blobs/getter.hpp"

#include "bao/encoder.hpp"
#include "blobs/collection.hpp"
#include "blobs/observer.hpp"
#include "blobs/test_peers.hpp"
#include "crypto/blake3.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

class GetterTest : public PeersTest {
 protected:
  Result<> get(const Blake3Hash& hash, ChunkRanges ranges,
               std::shared_ptr<store::PartialBlob> into) {
    PartialSink sink(std::move(into));
    return run(get_blob(connection, hash, std::move(ranges), sink, options()));
  }
};

TEST_F(GetterTest, FetchesEverySizeIntoAStore) {
  serve();
  for (std::size_t size : {0, 1, 1024, 1025, 16384, 16385, 100000, 3 << 20}) {
    const Bytes content = some_bytes(size, 7);
    const Blake3Hash hash = add(content);
    auto partial = kept->partial(hash).value();
    auto got = get(hash, ChunkRanges::all(), partial);
    ASSERT_TRUE(got.has_value()) << size << ": " << to_string(got.error());
    ASSERT_TRUE(partial->flush().has_value());
    EXPECT_TRUE(partial->size_verified());
    ASSERT_TRUE(partial->is_complete()) << size;
    EXPECT_EQ(partial->finish().value().size, size);
    auto reader = kept->reader(hash).value();
    EXPECT_EQ(store::read_all(*reader).value(), content);
  }
}

TEST_F(GetterTest, FetchesPartsAndThenOnlyWhatIsMissing) {
  const Blake3Hash hash = add(some_bytes(1 << 20));
  serve();
  auto partial = kept->partial(hash).value();
  const auto middle = ChunkRanges::span(ChunkIndex(160), ChunkIndex(320));
  ASSERT_TRUE(get(hash, middle, partial).has_value());
  ASSERT_TRUE(partial->flush().has_value());
  EXPECT_FALSE(partial->size_verified());
  EXPECT_EQ(partial->have(), middle);
  ASSERT_TRUE(get(hash, ChunkRanges::all() - partial->have(), partial).has_value());
  ASSERT_TRUE(partial->flush().has_value());
  EXPECT_TRUE(partial->is_complete());
  EXPECT_EQ(provider->counters().payload_bytes_sent, 1u << 20);
}

TEST_F(GetterTest, ProvesSizesByTheLastChunk) {
  serve();
  for (std::size_t size : {0, 1, 1025, 16385, 1 << 20}) {
    const Blake3Hash hash = add(some_bytes(size, 3));
    EXPECT_EQ(run(probe_size(connection, hash, options())).value(), size);
  }
}

TEST_F(GetterTest, SmallBlobsFitIntoMemoryOrAreRefused) {
  const Bytes content = some_bytes(50000);
  const Blake3Hash hash = add(content);
  serve();
  EXPECT_EQ(run(get_bytes(connection, hash, 50000, options())).value(), content);
  EXPECT_EQ(run(get_bytes(connection, hash, 49999, options())).error().code, Code::bad_input);
}

struct MemorySequence final : SequenceSink {
  std::vector<std::pair<std::uint64_t, Bytes>> blobs;
  MemorySink current{1u << 20};
  Result<BlobSink*> begin(std::uint64_t, const Blake3Hash&) override {
    current = MemorySink(1u << 20);
    return &current;
  }
  Result<> end(std::uint64_t offset) override {
    blobs.emplace_back(offset, current.take_bytes());
    return {};
  }
};

TEST_F(GetterTest, FetchesASequenceWithItsChildrenInOneRequest) {
  const Bytes content = some_bytes(40000);
  const Blake3Hash file = add(content, false);
  const auto collection = *Collection::from_files({{"a", file}, {"b", file}});
  add(collection.metadata(), false);
  const Blake3Hash root = add(collection.sequence().bytes(), true, store::Format::hash_seq);
  serve();
  MemorySequence sink;
  auto sequence =
      run(get_hash_seq(connection, root, ChunkRangesSeq::all(), std::nullopt, sink, options()));
  ASSERT_TRUE(sequence.has_value()) << to_string(sequence.error());
  ASSERT_EQ(sink.blobs.size(), 4u);
  EXPECT_EQ(sink.blobs[3].second, content);
  EXPECT_EQ(*Collection::parse(*sequence, sink.blobs[1].second), collection);
  EXPECT_EQ(provider->counters().get, 1u);
  // With the root in hand only a child is asked for.
  MemorySequence child;
  const auto third = ChunkRangesSeq::from_entries({{3, ChunkRanges::all()}, {4, {}}});
  ASSERT_TRUE(run(get_hash_seq(connection, root, third, *sequence, child, options())).has_value());
  ASSERT_EQ(child.blobs.size(), 1u);
  EXPECT_EQ(child.blobs[0], std::pair(std::uint64_t{3}, content));
}

TEST_F(GetterTest, FetchesAChildFromBehindTheFirstGroupOfASequence) {
  const Blake3Hash wanted = add(as_bytes("child 700"), false);
  std::vector<Blake3Hash> hashes(1000, crypto::blake3(as_bytes("not held")));
  hashes[700] = wanted;
  const HashSeq sequence(hashes);
  const Blake3Hash root = add(sequence.bytes(), true, store::Format::hash_seq);
  serve();
  MemorySequence sink;
  const auto one = ChunkRangesSeq::from_entries({{701, ChunkRanges::all()}, {702, {}}});
  auto got = run(get_hash_seq(connection, root, one, sequence, sink, options()));
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  ASSERT_EQ(sink.blobs.size(), 1u);
  EXPECT_EQ(as_text(sink.blobs[0].second), "child 700");
}

TEST_F(GetterTest, FetchesSeveralBlobsInOneRequest) {
  const Blake3Hash a = add(as_bytes("hello world"));
  const Blake3Hash b = add(some_bytes(20000));
  serve();
  MemorySequence sink;
  const auto both = ChunkRangesSeq::finite({ChunkRanges::all(), ChunkRanges::all()});
  ASSERT_TRUE(run(get_many(connection, {a, b}, both, sink, options())).has_value());
  ASSERT_EQ(sink.blobs.size(), 2u);
  EXPECT_EQ(as_text(sink.blobs[0].second), "hello world");
  EXPECT_EQ(sink.blobs[1].second, some_bytes(20000));
}

TEST_F(GetterTest, ObservesACompleteAndAnUnknownBlob) {
  const Blake3Hash hash = add(as_bytes("hello world"));
  serve();
  struct Flow {
    static rt::Task<ObserveItem> first(std::shared_ptr<quic::Connection> over, Blake3Hash hash,
                                       GetOptions options) {
      CO_TRY(observer, co_await Observer::open(std::move(over), hash, options));
      co_return co_await observer->next(std::chrono::seconds(5));
    }
  };
  EXPECT_EQ(run(Flow::first(connection, hash, options())).value(),
            (ObserveItem{11, ChunkRanges::all()}));
  EXPECT_EQ(run(Flow::first(connection, crypto::blake3(as_bytes("?")), options())).value(),
            ObserveItem{});
}

TEST_F(GetterTest, SaysNotFoundForWhatThePeerDoesNotHave) {
  serve();
  auto got = run(get_bytes(connection, crypto::blake3(as_bytes("?")), 100, options()));
  EXPECT_EQ(got.error().code, Code::not_found);
}

}  // namespace
}  // namespace archy::blobs

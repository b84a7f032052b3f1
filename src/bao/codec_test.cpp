// Encoder and Decoder against the published vectors and the recursive twin.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "bao/decoder.hpp"
#include "bao/encoder.hpp"
#include "bao/held_blob.hpp"
#include "bao/reference.hpp"
#include "base/limits.hpp"
#include "crypto/sha256.hpp"

namespace archy::bao {
namespace {

using reference::Item;
using Boundaries = std::vector<std::uint64_t>;
constexpr std::uint64_t kLast = ~std::uint64_t{0};

ChunkRanges ranges(const Boundaries& boundaries) {
  return ChunkRanges::from_boundaries(boundaries).value();
}

Result<Bytes> encode(HeldBlob& blob, const ChunkRanges& wanted) {
  Encoder encoder(blob.root, blob.size(), wanted, blob);
  Bytes out;
  while (!encoder.done()) {
    const std::size_t leaf = encoder.next_leaf_size();
    const std::size_t before = out.size();
    TRY_OK(encoder.step(out));
    EXPECT_GE(out.size(), before + leaf);
  }
  return out;
}

// Runs a Decoder over a stream; what it emitted, in the twin's terms.
struct Outcome {
  std::vector<Item> items;
  std::size_t consumed = 0;
  bool complete = false;
  bool size_verified = false;
  std::optional<Code> error;
};

Item to_item(const DecodeEvent& event) {
  if (const auto* leaf = std::get_if<VerifiedLeaf>(&event))
    return {'L', leaf->offset(), leaf->bytes().size(), to_bytes(leaf->bytes())};
  if (const auto* parent = std::get_if<VerifiedParent>(&event))
    return {'P', parent->node().start, parent->node().chunks, to_bytes(parent->pair())};
  Bytes size(8);
  store_u64_le(size.data(), std::get<SizeClaim>(event).size);
  return {'S', 0, 8, size};
}

Outcome decode(const Blake3Hash& root, const ChunkRanges& wanted, ByteView stream) {
  Decoder decoder(root, wanted);
  Outcome run;
  while (!decoder.done() && stream.size() - run.consumed >= decoder.next_size()) {
    const std::size_t n = decoder.next_size();
    const auto event = decoder.step(stream.subspan(run.consumed, n));
    if (!event.has_value()) {
      run.error = event.error().code;
      EXPECT_FALSE(decoder.done());
      EXPECT_EQ(decoder.next_size(), 0u);
      EXPECT_FALSE(decoder.step({}).has_value());
      break;
    }
    run.consumed += n;
    run.items.push_back(to_item(*event));
  }
  run.complete = decoder.done();
  run.size_verified = decoder.size_verified();
  return run;
}

std::vector<std::string> vector_lines(const char* name) {
  std::ifstream in(std::string(ARCHY_VECTORS "/bao/") + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  EXPECT_FALSE(lines.empty()) << name;
  return lines;
}

// Everything that must hold of one blob and one range set.
void check_case(HeldBlob& blob, reference::Blob& twin, const Boundaries& boundaries) {
  const ChunkRanges wanted = ranges(boundaries);
  const std::vector<Item> items = twin.encode(boundaries);
  const auto encoded = encode(blob, wanted);
  ASSERT_TRUE(encoded.has_value()) << encoded.error().detail;
  ASSERT_EQ(*encoded, reference::concat(items));
  ASSERT_EQ(encoded_size(blob.size(), wanted), encoded->size());
  const Outcome run = decode(blob.root, wanted, *encoded);
  ASSERT_TRUE(run.complete);
  ASSERT_EQ(run.consumed, encoded->size());
  ASSERT_EQ(run.items, items);
  const bool has_last = wanted.effective(Tree(blob.size()).chunks())
                            .contains(ChunkIndex(Tree(blob.size()).chunks() - 1));
  ASSERT_EQ(run.size_verified, has_last);
}

TEST(Codec, WholeResponsesHaveThePublishedDigests) {
  for (const std::string& line : vector_lines("responses.txt")) {
    std::istringstream fields(line);
    std::size_t size = 0;
    std::size_t length = 0;
    std::string digest;
    fields >> size >> length >> digest;
    HeldBlob blob(pattern(size));
    const Bytes response = encode(blob, ChunkRanges::all()).value();
    EXPECT_EQ(response.size(), length);
    EXPECT_EQ(crypto::sha256(response).hex(), digest);
  }
}

TEST(Codec, LastChunkProofsAreThePublishedBytes) {
  for (const std::string& line : vector_lines("last_chunk.txt")) {
    std::istringstream fields(line);
    std::size_t size = 0;
    std::string hex;
    fields >> size >> hex;
    HeldBlob blob(pattern(size));
    EXPECT_EQ(to_hex(encode(blob, ChunkRanges::last_chunk()).value()), hex);
    const Outcome run = decode(blob.root, ChunkRanges::last_chunk(), from_hex(hex).value());
    EXPECT_TRUE(run.complete && run.size_verified);
  }
}

TEST(Codec, ItemsComeInThePublishedOrder) {
  for (const std::string& line : vector_lines("orders.txt")) {
    std::istringstream fields(line);
    std::size_t size = 0;
    std::string wanted_text;
    std::string expected;
    char bar;
    fields >> size >> bar;
    std::getline(fields, wanted_text, '|');
    std::getline(fields >> std::ws, expected);
    Boundaries boundaries;
    std::istringstream numbers(wanted_text);
    for (std::uint64_t n; numbers >> n;) boundaries.push_back(n);

    HeldBlob blob(pattern(size));
    const Bytes response = encode(blob, ranges(boundaries)).value();
    std::string order;
    for (const Item& item : decode(blob.root, ranges(boundaries), response).items) {
      if (item.kind == 'S') continue;
      if (!order.empty()) order += ", ";
      const std::uint64_t second = item.kind == 'P' ? item.start + item.length : item.length;
      order += std::string(1, item.kind) + " " + std::to_string(item.start) + " " +
               std::to_string(second);
    }
    EXPECT_EQ(order, expected) << line;
  }
}

TEST(Codec, HelloWorldIsTheBytesIrohSends) {
  HeldBlob blob(to_bytes(as_bytes("hello world")));
  EXPECT_EQ(blob.root.hex(), "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24");
  EXPECT_EQ(to_hex(encode(blob, ChunkRanges::all()).value()),
            "0b0000000000000068656c6c6f20776f726c64");
}

TEST(Codec, NothingWantedIsNothingSent) {
  HeldBlob blob(pattern(5000));
  EXPECT_TRUE(encode(blob, ChunkRanges()).value().empty());
  EXPECT_EQ(encoded_size(5000, ChunkRanges()), 0u);
  EXPECT_TRUE(Decoder(blob.root, ChunkRanges()).done());
}

TEST(Codec, AgreesWithTheTwinOnEverySpanOfSmallBlobs) {
  std::vector<std::size_t> sizes{0, 1, 1023, 1024, 1025, 2048, 2049, 5000, 7168};
  for (std::size_t group = 1; group < 12; ++group)
    for (std::size_t more : {1, 1024, 1025, 6 * 1024, 15 * 1024 + 1, 16384})
      sizes.push_back(group * kGroupBytes + more);
  std::size_t cases = 0;
  for (std::size_t size : sizes) {
    SCOPED_TRACE(size);
    HeldBlob blob(pattern(size));
    reference::Blob twin(pattern(size));
    ASSERT_EQ(blob.root.bytes, twin.root());
    const std::uint64_t n = Tree(size).chunks();
    std::set<std::uint64_t> points{0, 1, 3, 15, 16, 17, 21, 32, 48, n / 2, n, n + 5, kLast};
    if (n > 1) points.insert(n - 1);
    for (auto a = points.begin(); a != points.end(); ++a) {
      ASSERT_NO_FATAL_FAILURE(check_case(blob, twin, {*a})) << *a;
      for (auto b = std::next(a); b != points.end(); ++b, ++cases)
        ASSERT_NO_FATAL_FAILURE(check_case(blob, twin, {*a, *b})) << *a << " " << *b;
    }
  }
  EXPECT_GT(cases, 3000u);
}

TEST(Codec, AgreesWithTheTwinOnRandomBlobsAndRanges) {
  std::mt19937_64 random(7);
  for (int blobs = 0; blobs < 30; ++blobs) {
    const std::size_t size = random() % (1u << (11 + random() % 11));
    HeldBlob blob(pattern(size));
    reference::Blob twin(pattern(size));
    const std::uint64_t n = Tree(size).chunks();
    for (int i = 0; i < 20; ++i) {
      std::set<std::uint64_t> boundaries;
      const std::size_t count = random() % 9;
      while (boundaries.size() < count) boundaries.insert(random() % (n + 40));
      ASSERT_NO_FATAL_FAILURE(
          check_case(blob, twin, Boundaries(boundaries.begin(), boundaries.end())))
          << size;
    }
  }
}

TEST(Decoder, AFlippedBitIsFoundInTheItemThatHoldsIt) {
  std::mt19937_64 random(3);
  for (std::size_t size : {1, 1025, 16385, 33792, 100000}) {
    HeldBlob blob(pattern(size));
    for (const Boundaries& boundaries : {Boundaries{0}, Boundaries{3, 5}, Boundaries{kLast}}) {
      const Bytes honest = encode(blob, ranges(boundaries)).value();
      const Outcome good = decode(blob.root, ranges(boundaries), honest);
      ASSERT_TRUE(good.complete);
      for (int i = 0; i < 200; ++i) {
        Bytes bad = honest;
        const std::size_t at = 8 + random() % (bad.size() - 8);
        bad[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
        const Outcome run = decode(blob.root, ranges(boundaries), bad);
        ASSERT_EQ(run.error, Code::corrupt);
        ASSERT_LE(run.consumed, at);
        ASSERT_LT(at, run.consumed + good.items[run.items.size()].bytes.size());
        for (std::size_t k = 0; k < run.items.size(); ++k) ASSERT_EQ(run.items[k], good.items[k]);
      }
    }
  }
}

TEST(Decoder, ALyingSizeIsNeverCalledVerified) {
  for (std::size_t size : {0, 1, 1024, 1025, 16384, 16385, 40000, 100000}) {
    HeldBlob blob(pattern(size));
    const std::uint64_t chunks = Tree(size).chunks();
    for (const Boundaries& boundaries : {Boundaries{0}, Boundaries{0, 1}, Boundaries{kLast}}) {
      const Bytes honest = encode(blob, ranges(boundaries)).value();
      for (std::uint64_t lie :
           {size - 1, size + 1, size + 1024, 2 * size, (chunks + 1) * 1024, std::size_t{1} << 52}) {
        if (lie == size || lie > limits::kBlobBytes) continue;
        Bytes bad = honest;
        store_u64_le(bad.data(), lie);
        bad.resize(bad.size() + 2048, bad.back());  // so that hunger is not what ends it
        const Outcome run = decode(blob.root, ranges(boundaries), bad);
        EXPECT_FALSE(run.size_verified) << size << " as " << lie;
        for (const Item& item : run.items)
          if (item.kind == 'L')
            EXPECT_EQ(item.bytes, to_bytes(ByteView(blob.bytes).subspan(item.start, item.length)));
      }
    }
  }
}

TEST(Decoder, TheSizeIsCertainOnlyAfterTheLastChunk) {
  HeldBlob blob(pattern(40000));
  const Bytes response = encode(blob, ChunkRanges::all()).value();
  Decoder decoder(blob.root, ChunkRanges::all());
  std::size_t at = 0;
  while (!decoder.done()) {
    EXPECT_FALSE(decoder.size_verified()) << at;
    const std::size_t n = decoder.next_size();
    ASSERT_TRUE(decoder.step(ByteView(response).subspan(at, n)).has_value());
    at += n;
  }
  EXPECT_TRUE(decoder.size_verified());
}

TEST(Decoder, AnAbsurdSizeIsThePeersFault) {
  Bytes header(8);
  store_u64_le(header.data(), limits::kBlobBytes + 1);
  EXPECT_EQ(decode(Blake3Hash{}, ChunkRanges::all(), header).error, Code::peer_fault);
}

TEST(Decoder, AnEmptyBlobIsBelievedOnlyForTheEmptyHash) {
  const Bytes header(8);
  HeldBlob empty{Bytes{}};
  EXPECT_TRUE(decode(empty.root, ChunkRanges::all(), header).complete);
  EXPECT_EQ(decode(HeldBlob(pattern(1)).root, ChunkRanges::all(), header).error, Code::corrupt);
}

TEST(Encoder, DamagedBytesAreNeverSent) {
  for (const Boundaries& boundaries : {Boundaries{0}, Boundaries{33, 34}, Boundaries{kLast}}) {
    HeldBlob blob(pattern(3 * kGroupBytes + 5));
    const Bytes honest = encode(blob, ranges(boundaries)).value();
    for (std::size_t at = 0; at < blob.bytes.size(); at += 509) {
      blob.bytes[at] ^= 1;
      Encoder encoder(blob.root, blob.size(), ranges(boundaries), blob);
      Bytes out;
      Result<> step;
      while (!encoder.done() && step.has_value()) step = encoder.step(out);
      ASSERT_LE(out.size(), honest.size());
      ASSERT_TRUE(equal(out, ByteView(honest).first(out.size())));
      if (!step.has_value()) ASSERT_EQ(step.error().code, Code::corrupt);
      ASSERT_EQ(step.has_value(), out == honest);
      blob.bytes[at] ^= 1;
    }
  }
}

TEST(Encoder, DamagedPairsAreNeverSent) {
  HeldBlob blob(pattern(7 * kGroupBytes));
  const Bytes honest = encode(blob, ChunkRanges::all()).value();
  for (std::size_t at = 0; at < blob.outboard.size(); at += 7) {
    blob.outboard[at] ^= 0x80;
    Encoder encoder(blob.root, blob.size(), ChunkRanges::all(), blob);
    Bytes out;
    Result<> step;
    while (!encoder.done() && step.has_value()) step = encoder.step(out);
    ASSERT_FALSE(step.has_value());
    ASSERT_EQ(step.error().code, Code::corrupt);
    ASSERT_TRUE(equal(out, ByteView(honest).first(out.size())));
    blob.outboard[at] ^= 0x80;
  }
}

TEST(Encoder, AHoleEndsTheAnswerAndCanBeFilledLater) {
  HeldBlob blob(pattern(4 * kGroupBytes + 100));
  const Bytes honest = encode(blob, ChunkRanges::all()).value();
  blob.missing_groups = {2};
  Encoder encoder(blob.root, blob.size(), ChunkRanges::all(), blob);
  Bytes out;
  Result<> step;
  while (step.has_value()) step = encoder.step(out);
  EXPECT_EQ(step.error().code, Code::not_found);
  EXPECT_FALSE(encoder.done());
  blob.missing_groups.clear();
  while (!encoder.done()) ASSERT_TRUE(encoder.step(out).has_value());
  EXPECT_EQ(out, honest);
}

TEST(Encoder, AWrongSizeOfTheStoreIsCorruptNotACrash) {
  HeldBlob blob(pattern(40000));
  for (std::uint64_t size : {std::uint64_t{0}, std::uint64_t{39999}, std::uint64_t{70000}, kLast}) {
    Encoder encoder(blob.root, size, ChunkRanges::all(), blob);
    Bytes out;
    Result<> step;
    while (!encoder.done() && step.has_value()) step = encoder.step(out);
    EXPECT_FALSE(step.has_value()) << size;
  }
}

}  // namespace
}  // namespace archy::bao

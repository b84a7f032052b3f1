#include "bao/chunk_ranges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <random>

namespace archy::bao {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};
constexpr std::size_t kUniverse = 80;  // bit kUniverse - 1 stands for everything beyond
using Bits = std::bitset<kUniverse>;

ChunkRanges make(std::vector<std::uint64_t> boundaries) {
  return ChunkRanges::from_boundaries(std::move(boundaries)).value();
}
Bits bits(const ChunkRanges& ranges) {
  Bits out;
  for (std::size_t i = 0; i < kUniverse; ++i) out[i] = ranges.contains(ChunkIndex(i));
  return out;
}
bool canonical(const ChunkRanges& ranges) {
  const auto b = ranges.boundaries();
  return std::ranges::adjacent_find(b, std::greater_equal<>()) == b.end();
}
ChunkRanges arbitrary(std::mt19937_64& random) {
  std::vector<std::uint64_t> boundaries;
  std::uint64_t at = 0;
  for (std::size_t n = random() % 8; n > 0 && at + 1 < kUniverse - 1; --n) {
    at += (boundaries.empty() ? 0 : 1) + random() % 12;
    if (at < kUniverse - 1) boundaries.push_back(at);
  }
  return make(std::move(boundaries));
}

TEST(ChunkRanges, SetOperationsAreThoseOfBits) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const ChunkRanges a = arbitrary(random);
    const ChunkRanges b = arbitrary(random);
    for (const auto& [actual, expected] :
         {std::pair{a | b, bits(a) | bits(b)}, std::pair{a & b, bits(a) & bits(b)},
          std::pair{a - b, bits(a) & ~bits(b)}, std::pair{a ^ b, bits(a) ^ bits(b)}}) {
      ASSERT_EQ(bits(actual), expected);
      ASSERT_TRUE(canonical(actual));
    }
  }
}

TEST(ChunkRanges, QueriesAndAddAreThoseOfBits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    ChunkRanges a = arbitrary(random);
    const Bits before = bits(a);
    const std::uint64_t start = random() % (kUniverse - 1);
    const std::uint64_t end = random() % (kUniverse - 1);
    Bits span;
    for (std::uint64_t c = start; c < end; ++c) span.set(c);
    ASSERT_EQ(a.intersects(start, end), (before & span).any());
    ASSERT_EQ(a.covers(start, end), (before & span) == span);
    std::uint64_t below = 0;
    for (std::uint64_t c = 0; c < end; ++c) below += before[c];
    ASSERT_EQ(a.count_below(end), below);
    a.add(start, end);
    ASSERT_EQ(bits(a), before | span);
    ASSERT_TRUE(canonical(a));
  }
}

TEST(ChunkRanges, GroupRoundingIsThatOfBits) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const ChunkRanges a = arbitrary(random);
    const std::uint64_t chunks = 1 + random() % 70;
    const ChunkRanges outer = a.rounded_to_groups();
    const ChunkRanges whole = a.whole_groups(chunks);
    ASSERT_TRUE(canonical(outer) && canonical(whole));
    for (std::uint64_t group = 0; group < 4; ++group) {
      const std::uint64_t start = group * 16;
      ASSERT_EQ(outer.covers(start, start + 16), a.intersects(start, start + 16));
      ASSERT_EQ(outer.intersects(start, start + 16), a.intersects(start, start + 16));
      const std::uint64_t end = std::min(start + 16, chunks);
      if (start < end) ASSERT_EQ(whole.intersects(start, end), a.covers(start, end));
      if (start < end) ASSERT_EQ(whole.covers(start, end), a.covers(start, end));
    }
    ASSERT_FALSE(whole.intersects(chunks, kMax));
  }
}

TEST(ChunkRanges, BeyondTheEndMeansTheLastChunk) {
  EXPECT_EQ(make({0, 7}).effective(7), make({0, 7}));
  EXPECT_EQ(make({0, 10}).effective(7), make({0, 7}));
  EXPECT_EQ(make({0, 5, 7, 10}).effective(7), make({0, 5, 6, 7}));
  EXPECT_EQ(make({16, 32}).effective(7), make({6, 7}));
  EXPECT_EQ(ChunkRanges::last_chunk().effective(7), make({6, 7}));
  EXPECT_EQ(ChunkRanges::all().effective(1), make({0, 1}));
  EXPECT_EQ(make({0, 5}).effective(7), make({0, 5}));
  EXPECT_TRUE(ChunkRanges().effective(7).is_empty());
}

TEST(ChunkRanges, UnionMergesNeighbours) {
  EXPECT_EQ(make({0, 5}) | make({5, 9}), make({0, 9}));
  EXPECT_EQ(make({0, 5}) | make({3}), ChunkRanges::all());
  EXPECT_TRUE((make({0, 5}) | make({3})).is_all());
}

TEST(ChunkRanges, BytesTouchWholeChunks) {
  EXPECT_EQ(ChunkRanges::from_bytes(0, 1), make({0, 1}));
  EXPECT_EQ(ChunkRanges::from_bytes(1023, 1025), make({0, 2}));
  EXPECT_EQ(ChunkRanges::from_bytes(1024, 2048), make({1, 2}));
  EXPECT_TRUE(ChunkRanges::from_bytes(5, 5).is_empty());
  EXPECT_EQ(ChunkRanges::from_bytes(0, kMax), make({0, std::uint64_t{1} << 54}));
}

TEST(ChunkRanges, TheEdgeOfTheNumbersDoesNotWrap) {
  EXPECT_TRUE(ChunkRanges::last_chunk().contains(ChunkIndex(kMax)));
  EXPECT_FALSE(ChunkRanges::last_chunk().contains(ChunkIndex(kMax - 1)));
  EXPECT_EQ(make({17, kMax}).rounded_to_groups(), make({16}));
  EXPECT_EQ(ChunkRanges::last_chunk().rounded_to_groups(), make({kMax - 15}));
  EXPECT_TRUE(ChunkRanges::last_chunk().whole_groups(kMax).is_empty());
  EXPECT_EQ(ChunkRanges::all().count_below(kMax), kMax);
  EXPECT_EQ(ChunkRanges::all().effective(kMax), make({0, kMax}));
}

TEST(ChunkRanges, UnsortedBoundariesAreRefused) {
  EXPECT_EQ(ChunkRanges::from_boundaries({1, 1}).error().code, Code::bad_input);
  EXPECT_EQ(ChunkRanges::from_boundaries({2, 1}).error().code, Code::bad_input);
  EXPECT_TRUE(ChunkRanges::from_boundaries({})->is_empty());
}

TEST(ChunkRanges, SpansAreTheBoundariesInPairs) {
  const auto spans = make({1, 3, 9}).spans();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0], (ChunkRanges::Span{1, 3}));
  EXPECT_EQ(spans[1], (ChunkRanges::Span{9, std::nullopt}));
}

}  // namespace
}  // namespace archy::bao

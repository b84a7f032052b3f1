#include "blobs/range_seq.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

ChunkRanges span(std::uint64_t start, std::uint64_t end) {
  return ChunkRanges::span(ChunkIndex(start), ChunkIndex(end));
}
ChunkRanges from(std::uint64_t start) { return ChunkRanges::from(ChunkIndex(start)); }

std::string hex_of(const ChunkRanges& ranges) {
  wire::PostcardWriter out;
  write_ranges(out, ranges);
  return to_hex(out.bytes());
}
std::string hex_of(const ChunkRangesSeq& seq) {
  wire::PostcardWriter out;
  write_range_seq(out, seq);
  return to_hex(out.bytes());
}
Result<ChunkRanges> ranges_of(std::string_view hex) {
  const Bytes bytes = *from_hex(hex);
  wire::PostcardReader in(bytes);
  TRY(ranges, read_ranges(in));
  EXPECT_TRUE(in.at_end());
  return ranges;
}
Result<ChunkRangesSeq> seq_of(std::string_view hex) {
  const Bytes bytes = *from_hex(hex);
  wire::PostcardReader in(bytes);
  TRY(seq, read_range_seq(in));
  EXPECT_TRUE(in.at_end());
  return seq;
}

TEST(RangeSpec, EveryVectorRoundTrips) {
  const std::pair<ChunkRanges, const char*> cases[] = {
      {ChunkRanges(), "00"},
      {ChunkRanges::all(), "0100"},
      {from(64), "0140"},
      {from(10000), "01904e"},
      {span(0, 64), "020040"},
      {span(1, 3) | span(9, 13), "0401020604"},
      {ChunkRanges::last_chunk(), "01ffffffffffffffffff01"},
      {span(5, 6) | ChunkRanges::last_chunk(), "030501f9ffffffffffffffff01"},
      {span(0, 10) | span(100, 110), "04000a5a0a"},
  };
  for (const auto& [ranges, hex] : cases) {
    EXPECT_EQ(hex_of(ranges), hex);
    auto read = ranges_of(hex);
    ASSERT_TRUE(read.has_value()) << hex;
    EXPECT_EQ(*read, ranges);
  }
}

TEST(RangeSpec, MergesAdjacentAndEmptySpans) {
  EXPECT_EQ(*ranges_of("04000a000a"), span(0, 20));
  EXPECT_EQ(*ranges_of("020500"), ChunkRanges());
  EXPECT_EQ(*ranges_of("0305000a"), from(15));
  EXPECT_EQ(*ranges_of("03000000"), from(0));
  EXPECT_EQ(*ranges_of("0400000000"), ChunkRanges());
}

TEST(RangeSpec, RefusesSumsPast2To64) {
  EXPECT_TRUE(ranges_of("02feffffffffffffffff0101").has_value());
  EXPECT_FALSE(ranges_of("0201ffffffffffffffffff01").has_value());
  EXPECT_FALSE(ranges_of("02ffffffffffffffffff0101").has_value());
}

TEST(RangeSpec, RefusesMoreSpansThanTheLimit) {
  wire::PostcardWriter out;
  out.number(2 * limits::kRangeSpans);
  for (std::size_t i = 0; i < 2 * limits::kRangeSpans; ++i) out.number(1);
  wire::PostcardReader fits(out.bytes());
  EXPECT_EQ(read_ranges(fits)->spans().size(), limits::kRangeSpans);

  wire::PostcardWriter bomb;
  bomb.number(20000);
  for (std::size_t i = 0; i < 20000; ++i) bomb.number(1);
  wire::PostcardReader in(bomb.bytes());
  EXPECT_FALSE(read_ranges(in).has_value());
}

TEST(RangeSpec, RefusesEveryCut) {
  const Bytes bytes = *from_hex("030501f9ffffffffffffffff01");
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    wire::PostcardReader in(ByteView(bytes).first(cut));
    EXPECT_FALSE(read_ranges(in).has_value()) << cut;
  }
}

TEST(ChunkRangesSeq, EveryVectorRoundTrips) {
  const ChunkRanges all = ChunkRanges::all();
  const ChunkRanges last = ChunkRanges::last_chunk();
  const ChunkRanges none;
  const std::pair<ChunkRangesSeq, const char*> cases[] = {
      {ChunkRangesSeq(), "00"},
      {ChunkRangesSeq::blob(all), "020001000100"},
      {ChunkRangesSeq::all(), "01000100"},
      {ChunkRangesSeq::blob(last), "020001ffffffffffffffffff010100"},
      {ChunkRangesSeq::root_and_children(all, last),
       "0200010001"
       "01ffffffffffffffffff01"},
      {ChunkRangesSeq::blob(span(0, 10)), "020002000a0100"},
      {ChunkRangesSeq::blob(from(64)), "020001400100"},
      {ChunkRangesSeq::from_entries({{2, all}, {3, none}}), "020201000100"},
      {ChunkRangesSeq::from_entries({{2, from(1000000)}, {3, all}}), "020201c0843d010100"},
      {ChunkRangesSeq::root_and_children(all, span(0, 1)), "0200010001020001"},
      {ChunkRangesSeq::finite({span(1, 3), span(7, 13)}),
       "03000201020102070601"
       "00"},
      {ChunkRangesSeq::finite({all, all}), "020001000200"},
  };
  for (const auto& [seq, hex] : cases) {
    EXPECT_EQ(hex_of(seq), hex);
    auto read = seq_of(hex);
    ASSERT_TRUE(read.has_value()) << hex;
    EXPECT_EQ(*read, seq);
  }
}

TEST(ChunkRangesSeq, KnowsWhatIsAskedForAtEachOffset) {
  const auto seq = ChunkRangesSeq::from_entries({{0, {}}, {2, span(0, 4)}, {5, {}}, {9, from(3)}});
  EXPECT_EQ(seq.next_wanted(0), 2u);
  EXPECT_EQ(seq.next_wanted(4), 4u);
  EXPECT_EQ(seq.next_wanted(5), 9u);
  EXPECT_EQ(seq.next_wanted(1000), 1000u);
  EXPECT_EQ(seq.at(4), span(0, 4));
  EXPECT_TRUE(seq.at(5).is_empty());
  EXPECT_TRUE(seq.at(0).is_empty());
  EXPECT_EQ(seq.at(~0ull), from(3));
  EXPECT_EQ(ChunkRangesSeq::blob(ChunkRanges::all()).next_wanted(1), std::nullopt);
}

TEST(ChunkRangesSeq, TellsABlobFromASequence) {
  EXPECT_TRUE(ChunkRangesSeq::blob(ChunkRanges::all()).is_blob());
  EXPECT_FALSE(ChunkRangesSeq::all().is_blob());
  EXPECT_FALSE(ChunkRangesSeq::finite({ChunkRanges::all(), ChunkRanges::all()}).is_blob());
  EXPECT_FALSE(ChunkRangesSeq::from_entries({{2, ChunkRanges::all()}, {3, {}}}).is_blob());
}

TEST(ChunkRangesSeq, EqualRequestsHaveEqualEntries) {
  // A repeated set, a leading empty set and a later entry at the same offset change nothing.
  EXPECT_EQ(*seq_of("0400"
                    "0100"
                    "01"
                    "0100"
                    "01"
                    "00"
                    "03"
                    "00"),
            ChunkRangesSeq::finite({ChunkRanges::all(), ChunkRanges::all()}));
  EXPECT_EQ(*seq_of("020000"
                    "010100"),
            ChunkRangesSeq::from_entries({{1, ChunkRanges::all()}}));
  EXPECT_EQ(*seq_of("03000100000140"
                    "0100"),
            ChunkRangesSeq::blob(from(64)));
}

TEST(ChunkRangesSeq, RefusesOffsetsPast2To64AndBombs) {
  EXPECT_FALSE(seq_of("0201"
                      "0100"
                      "ffffffffffffffffff01"
                      "00")
                   .has_value());
  wire::PostcardWriter bomb;
  bomb.number(limits::kSeqEntries + 1);
  for (std::size_t i = 0; i <= limits::kSeqEntries; ++i) bomb.number(1).number(0);
  wire::PostcardReader in(bomb.bytes());
  EXPECT_FALSE(read_range_seq(in).has_value());
  EXPECT_FALSE(seq_of("ffffffffffffffffff01").has_value());
}

}  // namespace
}  // namespace archy::blobs

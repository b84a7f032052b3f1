#include "http/byte_ranges.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/entity_tags.hpp"

namespace archy::http {
namespace {

using Spans = std::vector<ByteSpan>;

void expect(std::string_view range, std::uint64_t size, RangeKind kind, const Spans& spans = {}) {
  const auto decision = decide_ranges(range, size);
  EXPECT_EQ(decision.kind, kind) << range << " of " << size;
  EXPECT_EQ(decision.spans.size(), spans.size()) << range << " of " << size;
  EXPECT_TRUE(decision.spans == spans) << range << " of " << size;
}

TEST(ByteRanges, ReadsEveryForm) {
  struct Case {
    const char* range;
    std::uint64_t size;
    Spans spans;
  };
  const Case cases[] = {
      {"bytes=0-0", 10, {{0, 0}}},
      {"bytes=0-9", 10, {{0, 9}}},
      {"bytes=0-10", 10, {{0, 9}}},
      {"bytes=9-", 10, {{9, 9}}},
      {"bytes=0-", 10, {{0, 9}}},
      {"bytes=-1", 10, {{9, 9}}},
      {"bytes=-10", 10, {{0, 9}}},
      {"bytes=-11", 10, {{0, 9}}},
      {"BYTES=2-3", 10, {{2, 3}}},
      {"bytes= 2-3 ", 10, {{2, 3}}},
      {"bytes=,,2-3,", 10, {{2, 3}}},
      {"bytes=002-0000000000000000000000000000003", 10, {{2, 3}}},
      {"bytes=2-18446744073709551615", 10, {{2, 9}}},
      {"bytes=2-18446744073709551616", 10, {{2, 9}}},
      {"bytes=2-99999999999999999999999999999999999999", 10, {{2, 9}}},
      {"bytes=-99999999999999999999999999999999999999", 10, {{0, 9}}},
      {"bytes=18446744073709551614-",
       ~std::uint64_t{0},
       {{~std::uint64_t{0} - 1, ~std::uint64_t{0} - 1}}},
      {"bytes=20-30,2-3", 10, {{2, 3}}},  // what lies beyond is left out
      {"bytes=500-599,0-99", 1000, {{500, 599}, {0, 99}}},
      {"bytes=0-99,500-599,-100", 1000, {{0, 99}, {500, 599}, {900, 999}}},
      {"bytes=0-99\t,\t 500-599", 1000, {{0, 99}, {500, 599}}},
      // Merged: overlapping, adjacent, nearly so.
      {"bytes=0-99,50-149", 1000, {{0, 149}}},
      {"bytes=50-149,0-99", 1000, {{0, 149}}},
      {"bytes=0-99,100-199", 1000, {{0, 199}}},
      {"bytes=0-99,227-299", 1000, {{0, 299}}},
      {"bytes=0-99,228-299", 1000, {{0, 99}, {228, 299}}},
      {"bytes=500-599,0-10,5-20", 1000, {{0, 20}, {500, 599}}},
      {"bytes=0-,-1,5-7", 1000, {{0, 999}}},
      {"bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 1000, {{0, 0}}},
  };
  for (const auto& [range, size, spans] : cases) expect(range, size, RangeKind::partial, spans);
}

TEST(ByteRanges, IgnoresWhatItDoesNotUnderstand) {
  for (const auto* range : {"",
                            "bytes",
                            "bytes=",
                            "bytes=,",
                            "bytes= , ,",
                            "bytes=-",
                            "bytes=--1",
                            "bytes=1",
                            "bytes=a-b",
                            "bytes=1-b",
                            "bytes=a-2",
                            "bytes=5-4",
                            "bytes=0-1,5-4",
                            "bytes=0-1,x",
                            "bytes=0-1;2-3",
                            "bytes=0x1-2",
                            "bytes=+1-2",
                            "bytes=1-+2",
                            "bytes=1 -2",
                            "bytes=1- 2",
                            "bytes=-1-2",
                            "bytes=1-2-3",
                            "bytes=1.0-2",
                            "bytes:0-1",
                            "bytes 0-1",
                            "bytes =0-1",
                            "items=0-1",
                            "bytes=18446744073709551616-5",
                            "\xff",
                            "bytes=\xff-1"}) {
    expect(range, 10, RangeKind::whole);
  }
}

TEST(ByteRanges, TellsTheUnsatisfiable) {
  for (const auto* range : {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=-0,10-",
                            "bytes=18446744073709551616-", "bytes=99999999999999999999-"}) {
    expect(range, 10, RangeKind::unsatisfiable);
  }
  expect("bytes=0-", 0, RangeKind::unsatisfiable);
  expect("bytes=0-0", 0, RangeKind::unsatisfiable);
  expect("bytes=-0", 0, RangeKind::unsatisfiable);
  expect("bytes=-1", 0, RangeKind::whole);
}

TEST(ByteRanges, RefusesMorePartsThanItIsWorth) {
  const auto apart = [](std::size_t parts, std::uint64_t step) {
    std::string out = "bytes=";
    for (std::size_t i = 0; i < parts; ++i)
      out += std::to_string(i * step) + "-" + std::to_string(i * step) + ",";
    return out;
  };
  EXPECT_EQ(decide_ranges(apart(kMaxParts, 1000), 1u << 30).spans.size(), kMaxParts);
  expect(apart(kMaxParts + 1, 1000), 1u << 30, RangeKind::unsatisfiable);
  expect(apart(10'000, 1000), 1u << 30, RangeKind::unsatisfiable);
  expect(apart(10'000, 2), 1u << 30, RangeKind::partial, {{0, 19'998}});
}

TEST(EntityTags, IfRangeNeedsExactlyTheStrongTag) {
  EXPECT_TRUE(if_range_holds("\"ab\"", "\"ab\""));
  EXPECT_TRUE(if_range_holds(" \"ab\" ", "\"ab\""));
  for (const auto* other : {"", "\"\"", "ab", "\"AB\"", "W/\"ab\"", "\"ab\", \"ab\"", "*", "\"ab",
                            "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(if_range_holds(other, "\"ab\"")) << other;
  }
  EXPECT_FALSE(if_range_holds("", ""));
}

TEST(EntityTags, ListsAreSearched) {
  const auto weak = [](std::string_view list) {
    return names_tag(list, "\"ab\"", TagComparison::weak);
  };
  const auto strong = [](std::string_view list) {
    return names_tag(list, "\"ab\"", TagComparison::strong);
  };
  for (const auto* list : {"*", "\"ab\"", "\"x\", \"ab\"", ",, \"ab\",", "\"a,b\",\"ab\""}) {
    EXPECT_TRUE(weak(list) && strong(list)) << list;
  }
  EXPECT_TRUE(weak("W/\"ab\""));
  EXPECT_FALSE(strong("W/\"ab\""));
  for (const auto* list : {"", ",", "ab", "\"ab", "\"x\" \"ab\"", "x, \"ab\"", "w/\"ab\"", "**"}) {
    EXPECT_FALSE(weak(list) || strong(list)) << list;
  }
}

}  // namespace
}  // namespace archy::http

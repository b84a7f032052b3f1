// Differential: the canonical sets against a naive toggle list, at every boundary and beside it;
// the factories; and the round trip.
#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/checked.hpp"
#include "blobs/range_seq.hpp"

namespace archy::blobs {
namespace {

// The wire form taken literally: a chunk is wanted when an odd number of boundaries stand at or
// below it.
struct NaiveSet {
  std::vector<std::uint64_t> boundaries;
  bool contains(std::uint64_t chunk) const {
    return std::ranges::count_if(boundaries, [&](auto b) { return b <= chunk; }) % 2 == 1;
  }
};

NaiveSet read_naive_set(wire::PostcardReader& in) {
  NaiveSet out;
  std::uint64_t position = 0;
  for (std::uint64_t n = in.u64().value(); n > 0; --n) {
    position = checked_add(position, in.u64().value()).value();  // what was accepted never wraps
    out.boundaries.push_back(position);
  }
  return out;
}

void compare(const NaiveSet& naive, const bao::ChunkRanges& set) {
  for (std::uint64_t b : naive.boundaries) {
    for (std::uint64_t chunk : {b, b - 1, b + 1}) {
      CHECK(naive.contains(chunk) == set.contains(ChunkIndex(chunk)));
    }
  }
}

// What was read is what the factories make of its parts.
void compare_with_factories(const ChunkRangesSeq& seq) {
  const auto& entries = seq.entries();
  const std::uint64_t last = entries.empty() ? 0 : entries.back().offset;
  CHECK(seq.is_blob() == (seq == ChunkRangesSeq::blob(seq.at(0))));
  CHECK((entries.size() == 1 && last == 0 && seq.at(0).is_all()) == (seq == ChunkRangesSeq::all()));
  if (last <= 1) CHECK(seq == ChunkRangesSeq::root_and_children(seq.at(0), seq.at(1)));
  if (last > 1000 || !seq.at(last).is_empty()) return;
  std::vector<bao::ChunkRanges> sets;
  for (std::uint64_t offset = 0; offset < last; ++offset) sets.push_back(seq.at(offset));
  CHECK(seq == ChunkRangesSeq::finite(std::move(sets)));
}

void run(ByteView in) {
  wire::PostcardReader reader(in);
  auto seq = read_range_seq(reader);
  if (!seq || in.size() > 4096) return;

  wire::PostcardReader literal(in);
  std::map<std::uint64_t, NaiveSet> sets;
  std::uint64_t offset = 0;
  for (std::uint64_t n = literal.u64().value(); n > 0; --n) {
    offset = checked_add(offset, literal.u64().value()).value();
    sets[offset] = read_naive_set(literal);
  }
  for (const auto& [at, set] : sets) compare(set, seq->at(at));
  for (const auto& [at, set] : sets) {
    if (at > 0 && !sets.contains(at - 1) && at != sets.begin()->first) {
      compare(std::prev(sets.find(at))->second, seq->at(at - 1));
    }
  }
  if (!sets.empty() && sets.begin()->first > 0) CHECK(seq->at(0).is_empty());
  if (const auto first = seq->next_wanted(0)) CHECK(!seq->at(*first).is_empty());
  CHECK(seq->next_wanted(0).has_value() == !seq->is_empty());
  compare_with_factories(*seq);

  wire::PostcardWriter out;
  write_range_seq(out, *seq);
  wire::PostcardReader again(out.bytes());
  auto reread = read_range_seq(again);
  CHECK(reread.has_value() && *reread == *seq && again.at_end());
}

}  // namespace
}  // namespace archy::blobs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  archy::blobs::run({data, size});
  return 0;
}

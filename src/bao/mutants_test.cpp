// The planted bugs of this module, each caught by the checks that guard against it. Only builds
// with ARCHY_TEST_HOOKS have the bugs, so only they run this.
#include "base/test_hooks.hpp"

#ifdef ARCHY_TEST_HOOKS

#include <gtest/gtest.h>

#include "bao/decoder.hpp"
#include "bao/encoder.hpp"
#include "bao/held_blob.hpp"
#include "bao/reference.hpp"

namespace archy::bao {
namespace {

struct Plant {
  explicit Plant(const char* name) { test_hooks::plant(name); }
  ~Plant() { test_hooks::plant(""); }
};

Bytes encode(HeldBlob& blob, const ChunkRanges& wanted) {
  Encoder encoder(blob.root, blob.size(), wanted, blob);
  Bytes out;
  while (!encoder.done()) EXPECT_TRUE(encoder.step(out).has_value());
  return out;
}

// True when a getter takes exactly these bytes as the whole answer.
bool accepted(const Blake3Hash& root, const ChunkRanges& wanted, ByteView stream) {
  Decoder decoder(root, wanted);
  while (!decoder.done()) {
    const std::size_t n = decoder.next_size();
    if (n > stream.size() || !decoder.step(stream.first(n)).has_value()) return false;
    stream = stream.subspan(n);
  }
  return stream.empty();
}

TEST(Mutants, EachWrongEncoderIsRefusedByTheDecoderAndDiffersFromTheTwin) {
  HeldBlob blob(pattern(3 * kGroupBytes + 2000));
  reference::Blob twin(pattern(3 * kGroupBytes + 2000));
  const std::vector<std::uint64_t> boundaries{3, 5, 20};
  const ChunkRanges wanted = ChunkRanges::from_boundaries(boundaries).value();
  const Bytes right = reference::concat(twin.encode(boundaries));
  ASSERT_EQ(encode(blob, wanted), right);
  ASSERT_TRUE(accepted(blob.root, wanted, right));
  for (const char* name :
       {"child_order", "no_inner_parents", "size_plus_one", "trailing_byte", "short_last_group"}) {
    Bytes wrong;
    {
      const Plant plant(name);
      wrong = encode(blob, wanted);
    }
    EXPECT_NE(wrong, right) << name;
    EXPECT_FALSE(accepted(blob.root, wanted, wrong)) << name;
  }
}

TEST(Mutants, AnUncheckedLastGroupDiffersFromTheTwin) {
  HeldBlob blob(pattern(2 * kGroupBytes));
  Bytes bad = encode(blob, ChunkRanges::all());
  bad.back() ^= 1;
  ASSERT_FALSE(accepted(blob.root, ChunkRanges::all(), bad));
  const auto twin = reference::Getter::decode(blob.root.bytes, {0}, bad, 1u << 20);
  ASSERT_EQ(twin.end, reference::Decoded::End::rejected);
  const Plant plant("last_group_unverified");
  EXPECT_TRUE(accepted(blob.root, ChunkRanges::all(), bad));
}

TEST(Mutants, ASizeTrustedEarlyDiffersFromTheTwin) {
  const auto verified_after_header = [] {
    Bytes header(8);
    store_u64_le(header.data(), 5000);
    Decoder decoder(Blake3Hash{}, ChunkRanges::all());
    EXPECT_TRUE(decoder.step(header).has_value());
    return decoder.size_verified();
  };
  ASSERT_FALSE(verified_after_header());
  const Plant plant("size_trusted_early");
  EXPECT_TRUE(verified_after_header());
}

}  // namespace
}  // namespace archy::bao

#endif

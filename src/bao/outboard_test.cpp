// Outboards: building, checking, and verifying raw bytes under them.
#include "bao/outboard.hpp"

#include <gtest/gtest.h>

#include <random>

#include "bao/group_verifier.hpp"
#include "bao/held_blob.hpp"
#include "bao/outboard_verifier.hpp"
#include "bao/reference.hpp"

namespace archy::bao {
namespace {

constexpr std::size_t kMiB = 1u << 20;
const auto kIgnoreParents = [](const VerifiedParent&) { return Result<>{}; };

// Numbers every node of a tree in pre-order by walking it.
void expect_preorder(const Tree& tree, const Node& node, std::uint64_t& next) {
  if (!node.is_above_group()) return;
  ASSERT_EQ(node.pair_index, next);
  ++next;
  expect_preorder(tree, node.left(), next);
  expect_preorder(tree, node.right(), next);
}

TEST(Tree, PairIndicesAreThePreOrder) {
  for (std::uint64_t groups = 1; groups < 70; ++groups) {
    for (std::uint64_t short_by : {0u, 1u, 1024u, 16383u}) {
      const Tree tree(groups * kGroupBytes - short_by);
      std::uint64_t next = 0;
      expect_preorder(tree, tree.root(), next);
      ASSERT_EQ(next, tree.pairs());
    }
  }
  EXPECT_EQ(Tree(50000).root().left().chunks, 32u);
  EXPECT_EQ(Tree(50000).outboard_bytes(), 192u);
}

TEST(Tree, NodeAtGivesTheLargestNodeThatFits) {
  const Tree tree(200 * kGroupBytes + 1);
  for (std::uint64_t group = 0; group < tree.groups(); ++group) {
    const Node one = tree.node_at(group, 1);
    EXPECT_EQ(one.start, group * kGroupChunks);
    const Node node = tree.node_at(group, 64);
    EXPECT_EQ(node.start, group / 64 * 64 * kGroupChunks);
    EXPECT_EQ(node.groups(), std::min<std::uint64_t>(64, tree.groups() - group / 64 * 64));
  }
  EXPECT_EQ(tree.node_at(5, 1024), tree.root());
}

TEST(OutboardBuilder, AgreesWithTheTwinForAnySplit) {
  std::mt19937_64 random(5);
  for (std::size_t groups = 0; groups <= 40; ++groups) {
    for (std::size_t more : {0, 1, 1024, 9000}) {
      const Bytes data = pattern(groups * kGroupBytes + more);
      reference::Blob twin(data);
      const Bytes expected = twin.outboard();
      Bytes built(Tree(data.size()).outboard_bytes());
      std::vector<bool> covered(built.size() / kPairBytes);
      OutboardBuilder builder(data.size(), [&](std::uint64_t first, ByteView pairs) {
        for (std::size_t i = 0; i < pairs.size() / kPairBytes; ++i) {
          EXPECT_FALSE(covered[first + i]);
          covered[first + i] = true;
        }
        std::ranges::copy(pairs, built.begin() + static_cast<std::ptrdiff_t>(first * kPairBytes));
        return Result<>{};
      });
      for (std::size_t at = 0; at < data.size();) {
        const std::size_t n = std::min<std::size_t>(random() % 300000, data.size() - at);
        ASSERT_TRUE(builder.update(ByteView(data).subspan(at, n)).has_value());
        at += n;
      }
      ASSERT_EQ(builder.finish()->bytes, twin.root()) << data.size();
      ASSERT_EQ(built, expected) << data.size();
      ASSERT_TRUE(std::ranges::all_of(covered, [](bool c) { return c; }));
    }
  }
}

TEST(OutboardBuilder, LargeBlobsComeInRunsOfWholeSubtrees) {
  for (std::size_t size : {16 * kMiB - 1, 16 * kMiB, 16 * kMiB + 1, 33 * kMiB + 5}) {
    const Bytes data = pattern(size);
    const Tree tree(size);
    Bytes built(tree.outboard_bytes());
    std::size_t runs = 0;
    OutboardBuilder builder(size, [&](std::uint64_t first, ByteView pairs) {
      ++runs;
      std::ranges::copy(pairs, built.begin() + static_cast<std::ptrdiff_t>(first * kPairBytes));
      return Result<>{};
    });
    ASSERT_TRUE(builder.update(data).has_value());
    const Blake3Hash root = builder.finish().value();
    ASSERT_EQ(root, crypto::blake3(data));
    const std::size_t subtrees = (size + 16 * kMiB - 1) / (16 * kMiB);
    EXPECT_LE(runs, 2 * subtrees - 1);
    OutboardVerifier verifier(root, size);
    ASSERT_TRUE(verifier.update(built, kIgnoreParents).has_value());
    EXPECT_TRUE(verifier.finish().has_value());
  }
}

TEST(OutboardBuilder, TheSizeIsBinding) {
  OutboardBuilder builder(100, nullptr);
  ASSERT_TRUE(builder.update(pattern(99)).has_value());
  EXPECT_EQ(builder.finish().error().code, Code::bad_input);
  EXPECT_EQ(builder.update(pattern(2)).error().code, Code::bad_input);
  ASSERT_TRUE(builder.update(ByteView(pattern(100)).last(1)).has_value());
  EXPECT_EQ(builder.finish().value(), crypto::blake3(pattern(100)));
}

TEST(OutboardBuilder, AFailingSinkStopsIt) {
  OutboardBuilder builder(
      40000, [](std::uint64_t, ByteView) -> Result<> { return fail(Code::no_space, "full"); });
  EXPECT_EQ(builder.update(pattern(40000)).error().code, Code::no_space);
  EXPECT_FALSE(builder.update({}).has_value());
  EXPECT_FALSE(builder.finish().has_value());
}

TEST(OutboardVerifier, EmitsEveryPairInOrderForAnySplit) {
  HeldBlob blob(pattern(37 * kGroupBytes + 77));
  for (std::size_t step : {1, 63, 64, 65, 1000, 100000}) {
    OutboardVerifier verifier(blob.root, blob.size());
    EXPECT_EQ(verifier.expected_bytes(), blob.outboard.size());
    Bytes emitted;
    for (std::size_t at = 0; at < blob.outboard.size(); at += step) {
      const std::size_t n = std::min(step, blob.outboard.size() - at);
      ASSERT_TRUE(verifier
                      .update(ByteView(blob.outboard).subspan(at, n),
                              [&](const VerifiedParent& parent) {
                                EXPECT_EQ(parent.node().pair_index, emitted.size() / kPairBytes);
                                append(emitted, parent.pair());
                                return Result<>{};
                              })
                      .has_value());
    }
    EXPECT_TRUE(verifier.done());
    EXPECT_TRUE(verifier.finish().has_value());
    EXPECT_EQ(emitted, blob.outboard);
  }
}

TEST(OutboardVerifier, RefusesWhatIsDamagedShortOrLong) {
  HeldBlob blob(pattern(9 * kGroupBytes));
  for (std::size_t at = 0; at < blob.outboard.size(); ++at) {
    Bytes bad = blob.outboard;
    bad[at] ^= 4;
    OutboardVerifier verifier(blob.root, blob.size());
    std::size_t emitted = 0;
    const auto result = verifier.update(bad, [&](const VerifiedParent&) {
      ++emitted;
      return Result<>{};
    });
    ASSERT_EQ(result.error().code, Code::corrupt);
    ASSERT_EQ(emitted, at / kPairBytes);
    ASSERT_FALSE(verifier.finish().has_value());
  }
  OutboardVerifier too_short(blob.root, blob.size());
  ASSERT_TRUE(too_short.update(ByteView(blob.outboard).first(500), kIgnoreParents).has_value());
  EXPECT_EQ(too_short.finish().error().code, Code::peer_fault);
  Bytes longer = blob.outboard;
  longer.push_back(0);
  OutboardVerifier too_long(blob.root, blob.size());
  EXPECT_EQ(too_long.update(longer, kIgnoreParents).error().code, Code::peer_fault);
  OutboardVerifier other_size(blob.root, blob.size() + kGroupBytes);
  EXPECT_FALSE(other_size.update(blob.outboard, kIgnoreParents).has_value() &&
               other_size.finish().has_value());
  OutboardVerifier absurd(blob.root, ~std::uint64_t{0});
  EXPECT_EQ(absurd.update(blob.outboard, kIgnoreParents).error().code, Code::peer_fault);
}

// The verdict on each group of [first, end of bytes).
std::vector<bool> verdicts(GroupVerifier& verifier, std::uint64_t first, ByteView bytes) {
  std::vector<bool> out;
  EXPECT_TRUE(verifier
                  .check_groups(first, bytes,
                                [&](std::uint64_t group, const VerifiedLeaf* leaf) {
                                  EXPECT_EQ(group, first + out.size());
                                  if (leaf) EXPECT_EQ(leaf->offset(), group * kGroupBytes);
                                  out.push_back(leaf != nullptr);
                                  return Result<>{};
                                })
                  .has_value());
  return out;
}

TEST(GroupVerifier, TellsTheDamagedGroupsFromTheRest) {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, kGroupBytes, 37 * kGroupBytes + 3}) {
    HeldBlob blob(pattern(size));
    GroupVerifier verifier(blob.root, size, blob);
    const std::size_t groups = Tree(size).groups();
    EXPECT_FALSE(verifier.size_verified());
    EXPECT_EQ(verdicts(verifier, 0, blob.bytes), std::vector<bool>(groups, true));
    EXPECT_TRUE(verifier.size_verified());
    for (std::size_t group = 0; group < groups && size > 0; ++group) {
      Bytes bad = blob.bytes;
      bad[std::min(group * kGroupBytes + 100, size - 1)] ^= 1;
      std::vector<bool> expected(groups, true);
      expected[std::min(group * kGroupBytes + 100, size - 1) / kGroupBytes] = false;
      EXPECT_EQ(verdicts(verifier, 0, bad), expected);
    }
  }
}

TEST(GroupVerifier, AMissingOrDamagedPairCostsOnlyTheGroupsBelowIt) {
  HeldBlob blob(pattern(8 * kGroupBytes));
  const Node node = Tree(blob.size()).root().right();  // groups 4..8
  const std::vector<bool> expected{true, true, true, true, false, false, false, false};
  blob.missing_pairs = {node.pair_index};
  GroupVerifier missing(blob.root, blob.size(), blob);
  EXPECT_EQ(verdicts(missing, 0, blob.bytes), expected);
  blob.missing_pairs.clear();
  blob.outboard[node.pair_index * kPairBytes] ^= 1;
  GroupVerifier damaged(blob.root, blob.size(), blob);
  EXPECT_EQ(verdicts(damaged, 0, blob.bytes), expected);
  EXPECT_FALSE(damaged.size_verified());
}

TEST(GroupVerifier, AnyOrderOfGroupsWorks) {
  HeldBlob blob(pattern(33 * kGroupBytes + 9));
  GroupVerifier verifier(blob.root, blob.size(), blob);
  std::mt19937_64 random(9);
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t first = random() % 34;
    const std::uint64_t last = first + random() % (34 - first);
    const std::size_t begin = first * kGroupBytes;
    const std::size_t end = std::min<std::size_t>((last + 1) * kGroupBytes, blob.size());
    const auto out = verdicts(verifier, first, ByteView(blob.bytes).subspan(begin, end - begin));
    ASSERT_EQ(out, std::vector<bool>(last - first + 1, true));
  }
}

TEST(GroupVerifier, OddShapesAreBadInput) {
  HeldBlob blob(pattern(3 * kGroupBytes + 9));
  GroupVerifier verifier(blob.root, blob.size(), blob);
  const auto sink = [](std::uint64_t, const VerifiedLeaf*) { return Result<>{}; };
  const ByteView bytes(blob.bytes);
  EXPECT_EQ(verifier.check_groups(4, {}, sink).error().code, Code::bad_input);
  EXPECT_EQ(verifier.check_groups(0, bytes.first(100), sink).error().code, Code::bad_input);
  EXPECT_EQ(verifier.check_groups(1, bytes, sink).error().code, Code::bad_input);
  EXPECT_EQ(verifier.expected_cv({16, 32, 0}).error().code, Code::bad_input);
  EXPECT_EQ(verifier.expected_cv({0, 8, 0}).error().code, Code::bad_input);
  EXPECT_EQ(verifier.expected_cv({64, 1, 0}).error().code, Code::bad_input);
  EXPECT_EQ(verifier.expected_cv(verifier.tree().root()).value(), blob.root.bytes);
}

// A peer's skeleton: pairs above 1 MiB subtrees are known, all below come from raw bytes.
TEST(GroupVerifier, ASkeletonTurnsRawMebibytesIntoPairsAndLeaves) {
  for (std::size_t size : {kMiB, 5 * kMiB, 5 * kMiB + 16385, 3 * kMiB + 10}) {
    HeldBlob blob(pattern(size));
    const Tree tree(size);
    Bytes rebuilt(blob.outboard.size());
    Bytes data(size);
    const auto put = [&](const Node& node, ByteView pair) {
      std::ranges::copy(pair, rebuilt.begin() + static_cast<std::ptrdiff_t>(node.pair_index * 64));
    };
    GroupVerifier verifier(blob.root, size,
                           [&](std::uint64_t index) -> Result<Pair> { return blob.pair(index); });
    for (std::uint64_t group = 0; group < tree.groups(); group += 64) {
      const Node node = tree.node_at(group, 64);
      for (Node up = tree.root(); up.chunks > node.chunks;) {  // the skeleton itself
        put(up, blob.pair(up.pair_index).value());
        up = node.start >= up.right().start ? up.right() : up.left();
      }
      for (std::uint64_t i = 0; i < node.pairs(); ++i)
        blob.missing_pairs.insert(node.pair_index + i);
      Bytes raw = to_bytes(ByteView(blob.bytes).subspan(tree.begin(node), tree.bytes(node)));
      const auto sink = [&](const DecodeEvent& event) {
        if (const auto* parent = std::get_if<VerifiedParent>(&event))
          put(parent->node(), parent->pair());
        if (const auto* leaf = std::get_if<VerifiedLeaf>(&event))
          std::ranges::copy(leaf->bytes(),
                            data.begin() + static_cast<std::ptrdiff_t>(leaf->offset()));
        return Result<>{};
      };
      EXPECT_EQ(verifier.size_verified(), false);
      raw.back() ^= 1;
      const auto silent = [](const DecodeEvent&) -> Result<> {
        ADD_FAILURE() << "emitted from bytes that do not hash";
        return {};
      };
      ASSERT_EQ(verifier.verify_subtree(node, raw, silent).error().code, Code::corrupt);
      raw.back() ^= 1;
      ASSERT_TRUE(verifier.verify_subtree(node, raw, sink).has_value());
      ASSERT_EQ(
          verifier.verify_subtree(node, ByteView(raw).first(raw.size() - 1), sink).error().code,
          Code::bad_input);
    }
    EXPECT_TRUE(verifier.size_verified());
    EXPECT_EQ(data, blob.bytes);
    EXPECT_EQ(rebuilt, blob.outboard);
  }
}

TEST(GroupVerifier, AWrongSizeNeverVerifiesTheLastGroup) {
  HeldBlob blob(pattern(5 * kGroupBytes + 100));
  for (std::uint64_t lie : {blob.size() - 1, blob.size() + 1, blob.size() + kGroupBytes}) {
    Bytes bytes = blob.bytes;
    bytes.resize(lie);
    GroupVerifier verifier(blob.root, lie, blob);
    const auto sink = [](std::uint64_t, const VerifiedLeaf*) { return Result<>{}; };
    (void)verifier.check_groups(0, bytes, sink);
    EXPECT_FALSE(verifier.size_verified());
  }
}

}  // namespace
}  // namespace archy::bao

#include "crypto/blake3.hpp"

#include <blake3.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace archy::crypto {
namespace {

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

Blake3Hash oracle(ByteView data) {
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, data.data(), data.size());
  Blake3Hash out;
  blake3_hasher_finalize(&hasher, out.bytes.data(), out.bytes.size());
  return out;
}

// Every kernel of this CPU in turn; the best one again at the end.
template <class Body>
void with_every_kernel(Body body) {
  const std::string best(kernel_name());
  std::size_t ran = 0;
  for (const char* name : {"portable", "sse2", "sse41", "avx2", "avx512", "neon"}) {
    if (!force_kernel(name)) continue;
    SCOPED_TRACE(name);
    EXPECT_EQ(kernel_name(), name);
    body();
    ++ran;
  }
  EXPECT_GE(ran, 1u);
  ASSERT_TRUE(force_kernel(best));
}

// The hash of a blob from group CVs and parents, as an outboard is built: left = largest power of
// two of groups.
Cv fold_groups(std::span<const Cv> groups, bool is_root) {
  if (groups.size() == 1) return groups[0];
  const std::size_t left = std::bit_floor(groups.size() - 1);
  return parent_cv(fold_groups(groups.first(left), false), fold_groups(groups.subspan(left), false),
                   is_root);
}

TEST(Blake3, GivesThePublishedHashesForEveryKernel) {
  std::vector<std::pair<std::size_t, std::string>> vectors;
  std::ifstream in(ARCHY_VECTORS "/blake3/hashes.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream fields(line);
    fields >> vectors.emplace_back().first >> vectors.back().second;
  }
  ASSERT_GE(vectors.size(), 9u);
  with_every_kernel([&] {
    for (const auto& [size, hash] : vectors) EXPECT_EQ(blake3(pattern(size)).hex(), hash) << size;
  });
}

TEST(Blake3, AgreesWithTheUpstreamHasherAroundEveryEdge) {
  const Bytes data = pattern(70 * kGroupBytes + 3);
  with_every_kernel([&] {
    for (std::size_t chunks = 0; chunks <= 70; ++chunks) {
      for (int delta : {-1, 0, 1, 63, 64, 65}) {
        if (chunks == 0 && delta < 0) continue;
        const ByteView part = ByteView(data).first(chunks * kChunkBytes + delta);
        ASSERT_EQ(blake3(part), oracle(part)) << part.size();
      }
    }
    for (std::size_t groups : {15, 16, 17, 31, 33, 64, 65, 70}) {
      const ByteView part = ByteView(data).first(groups * kGroupBytes + 3);
      ASSERT_EQ(blake3(part), oracle(part)) << part.size();
    }
  });
}

TEST(Blake3, AgreesWithTheUpstreamHasherOnRandomSizes) {
  std::mt19937_64 random(1);
  Bytes data(1u << 20);
  for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
  with_every_kernel([&] {
    for (int i = 0; i < 100; ++i) {
      const ByteView part = ByteView(data).first(random() % data.size());
      ASSERT_EQ(blake3(part), oracle(part)) << part.size();
    }
  });
}

TEST(Blake3, GroupsAndParentsFoldToTheRoot) {
  const Bytes data = pattern(40 * kGroupBytes);
  with_every_kernel([&] {
    for (std::size_t groups = 2; groups <= 40; ++groups) {
      const ByteView part = ByteView(data).first(groups * kGroupBytes);
      std::vector<Cv> cvs(groups);
      group_cvs(part, 0, cvs);
      ASSERT_EQ(Blake3Hash{fold_groups(cvs, true)}, oracle(part)) << groups;
    }
  });
}

TEST(Blake3, AGroupsValueIsThatOfItsSubtreeAtItsPlace) {
  const Bytes data = pattern(35 * kGroupBytes);
  for (std::uint64_t start : {std::uint64_t{0}, std::uint64_t{16}, std::uint64_t{1} << 40}) {
    std::vector<Cv> cvs(35);
    group_cvs(data, start, cvs);
    for (std::size_t i = 0; i < cvs.size(); ++i) {
      const ByteView group = ByteView(data).subspan(i * kGroupBytes, kGroupBytes);
      ASSERT_EQ(cvs[i], subtree_cv(group, start + i * kGroupChunks, false));
      ASSERT_NE(cvs[i], subtree_cv(group, start + i * kGroupChunks + 16, false));
    }
  }
}

TEST(Blake3, ManyParentsAreTheSameAsOneByOne) {
  std::vector<Cv> in(600);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = subtree_cv(pattern(i), i, false);
  with_every_kernel([&] {
    for (std::size_t n : {0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 300}) {
      std::vector<Cv> out(n);
      parent_cvs(std::span(in).first(2 * n), out);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(out[i], parent_cv(in[2 * i], in[2 * i + 1], false));
    }
  });
}

TEST(Blake3, ARootIsNotAnInnerNode) {
  const Bytes data = pattern(5000);
  EXPECT_NE(subtree_cv(data, 0, true), subtree_cv(data, 0, false));
  EXPECT_NE(subtree_cv({}, 0, true), subtree_cv({}, 0, false));
}

TEST(Blake3, AnUnknownKernelIsRefused) {
  const std::string before(kernel_name());
  EXPECT_FALSE(force_kernel("avx1024"));
  EXPECT_EQ(kernel_name(), before);
}

}  // namespace
}  // namespace archy::crypto

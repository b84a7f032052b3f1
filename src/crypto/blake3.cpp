#include "crypto/blake3.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.hpp"
#include "crypto/blake3_kernels.hpp"

namespace archy::crypto {
namespace {

using kernels::Kernel;
using kernels::kMaxDegree;

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kChunkBlocks = kChunkBytes / kBlockBytes;
// Groups hashed in one round: 256 chunks fill every kernel's lanes down to the group's last parent.
constexpr std::size_t kBatchGroups = 16;
constexpr std::size_t kBatchChunks = kBatchGroups * kGroupChunks;

// Source: BLAKE3 specification 2.2 (initial value) and 2.1 (domain flags).
constexpr std::uint32_t kIv[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                  0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
enum Flag : std::uint8_t { kChunkStart = 1, kChunkEnd = 2, kParent = 4, kRoot = 8 };

static_assert(sizeof(Cv) == 32);

Cv to_cv(const std::uint32_t (&words)[8]) {
  Cv out;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint32_t word = words[i];
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    std::memcpy(out.data() + 4 * i, &word, 4);
  }
  return out;
}

// One chunk of 0..1024 bytes, block by block.
Cv chunk_cv(const Kernel& kernel, ByteView data, std::uint64_t index, bool is_root) {
  std::uint32_t cv[8];
  std::memcpy(cv, kIv, sizeof cv);
  std::uint8_t flags = kChunkStart;
  while (data.size() > kBlockBytes) {
    kernel.compress(cv, data.data(), kBlockBytes, index, flags);
    data = data.subspan(kBlockBytes);
    flags = 0;
  }
  std::uint8_t block[kBlockBytes] = {};
  if (!data.empty()) std::memcpy(block, data.data(), data.size());
  flags |= kChunkEnd;
  if (is_root) flags |= kRoot;
  kernel.compress(cv, block, static_cast<std::uint8_t>(data.size()), index, flags);
  return to_cv(cv);
}

// `count` whole chunks from `first`. Requires: count <= kBatchChunks.
void chunk_cvs(const Kernel& kernel, const std::uint8_t* data, std::size_t count,
               std::uint64_t first, Cv* out) {
  [[clang::uninitialized]] const std::uint8_t* inputs[kBatchChunks];
  for (std::size_t i = 0; i < count; ++i) inputs[i] = data + i * kChunkBytes;
  kernel.hash_many(inputs, count, kChunkBlocks, kIv, first, true, 0, kChunkStart, kChunkEnd,
                   out->data());
}

// Parents of 2 * count CVs that lie back to back. Requires: in and out do not overlap.
void parent_layer(const Kernel& kernel, const Cv* in, std::size_t count, Cv* out) {
  [[clang::uninitialized]] const std::uint8_t* inputs[kBatchChunks / 2];
  while (count > 0) {
    const std::size_t batch = std::min(count, std::size(inputs));
    for (std::size_t i = 0; i < batch; ++i) inputs[i] = in[2 * i].data();
    kernel.hash_many(inputs, batch, 1, kIv, 0, false, kParent, 0, 0, out->data());
    in += 2 * batch;
    out += batch;
    count -= batch;
  }
}

// One layer of parents over n CVs; an odd last one is carried up. Returns how many are in `out`.
std::size_t fold_layer(const Kernel& kernel, const Cv* in, std::size_t n, Cv* out) {
  parent_layer(kernel, in, n / 2, out);
  if (n % 2 != 0) out[n / 2] = in[n - 1];
  return (n + 1) / 2;
}

// CVs of the top of a subtree: as many as the kernel has lanes (two at least, unless the data is
// one chunk), so that parents further up are hashed side by side too. Requires: data is not empty.
std::size_t wide_cvs(const Kernel& kernel, ByteView data, std::uint64_t first, Cv* out) {
  const std::size_t whole = data.size() / kChunkBytes;
  if (data.size() <= kernel.degree * kChunkBytes) {
    if (whole > 0) chunk_cvs(kernel, data.data(), whole, first, out);
    const ByteView rest = data.subspan(whole * kChunkBytes);
    if (rest.empty()) return whole;
    out[whole] = chunk_cv(kernel, rest, first + whole, false);
    return whole + 1;
  }
  const std::size_t left_chunks = std::bit_floor((data.size() - 1) / kChunkBytes);
  const std::size_t left_bytes = left_chunks * kChunkBytes;
  [[clang::uninitialized]] Cv children[2 * kMaxDegree];
  const std::size_t left = wide_cvs(kernel, data.first(left_bytes), first, children);
  const std::size_t right =
      wide_cvs(kernel, data.subspan(left_bytes), first + left_chunks, children + left);
  if (left == 1) {  // one lane: two children must reach the caller unmerged
    out[0] = children[0];
    out[1] = children[1];
    return 2;
  }
  return fold_layer(kernel, children, left + right, out);
}

void group_batch(const Kernel& kernel, const std::uint8_t* data, std::size_t groups,
                 std::uint64_t first, Cv* out) {
  [[clang::uninitialized]] Cv chunks[kBatchChunks];
  [[clang::uninitialized]] Cv halves[kBatchChunks / 2];
  chunk_cvs(kernel, data, groups * kGroupChunks, first, chunks);
  parent_layer(kernel, chunks, groups * 8, halves);
  parent_layer(kernel, halves, groups * 4, chunks);
  parent_layer(kernel, chunks, groups * 2, halves);
  parent_layer(kernel, halves, groups, out);
}

}  // namespace

Cv subtree_cv(ByteView data, std::uint64_t start_chunk, bool is_root) {
  const Kernel& kernel = kernels::current();
  if (data.size() <= kChunkBytes) return chunk_cv(kernel, data, start_chunk, is_root);
  if (data.size() == kGroupBytes && !is_root) {  // what a verifier does all day
    [[clang::uninitialized]] Cv out;
    group_batch(kernel, data.data(), 1, start_chunk, &out);
    return out;
  }
  [[clang::uninitialized]] Cv a[kMaxDegree];
  [[clang::uninitialized]] Cv b[kMaxDegree];
  Cv* from = a;
  Cv* to = b;
  std::size_t n = wide_cvs(kernel, data, start_chunk, from);
  while (n > 2) {
    n = fold_layer(kernel, from, n, to);
    std::swap(from, to);
  }
  return parent_cv(from[0], from[1], is_root);
}

Cv parent_cv(std::span<const std::uint8_t, 64> pair, bool is_root) {
  std::uint32_t cv[8];
  std::memcpy(cv, kIv, sizeof cv);
  const std::uint8_t flags = is_root ? kParent | kRoot : kParent;
  kernels::current().compress(cv, pair.data(), kBlockBytes, 0, flags);
  return to_cv(cv);
}

Cv parent_cv(const Cv& left, const Cv& right, bool is_root) {
  std::uint8_t pair[kBlockBytes];
  std::memcpy(pair, left.data(), left.size());
  std::memcpy(pair + left.size(), right.data(), right.size());
  return parent_cv(std::span<const std::uint8_t, 64>(pair), is_root);
}

void group_cvs(ByteView data, std::uint64_t start_chunk, std::span<Cv> out) {
  CHECK(data.size() == out.size() * kGroupBytes);
  const Kernel& kernel = kernels::current();
  for (std::size_t done = 0; done < out.size(); done += kBatchGroups) {
    const std::size_t groups = std::min(kBatchGroups, out.size() - done);
    group_batch(kernel, data.data() + done * kGroupBytes, groups, start_chunk + done * kGroupChunks,
                out.data() + done);
  }
}

void parent_cvs(std::span<const Cv> in, std::span<Cv> out) {
  CHECK(in.size() == 2 * out.size());
  if (!out.empty()) parent_layer(kernels::current(), in.data(), out.size(), out.data());
}

Blake3Hash blake3(ByteView data) { return Blake3Hash{subtree_cv(data, 0, true)}; }

std::string_view kernel_name() { return kernels::current().name; }

bool force_kernel(std::string_view name) {
  for (const Kernel& kernel : kernels::available()) {
    if (kernel.name != name) continue;
    kernels::use(kernel);
    return true;
  }
  return false;
}

}  // namespace archy::crypto

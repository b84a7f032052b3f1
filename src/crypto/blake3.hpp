// BLAKE3 with subtree chaining values: what bao needs and the public C API does not give.
// Stands on the official kernels (hash_many, compress_in_place); the tree logic above them is ours.
// Source: BLAKE3 specification, section 2; kernels' blake3_impl.h.
#pragma once

#include <array>
#include <span>

#include "base/bytes.hpp"
#include "base/fixed_bytes.hpp"

namespace archy::crypto {

inline constexpr std::size_t kChunkBytes = 1024;
inline constexpr std::size_t kGroupBytes = 16384;  // 16 chunks: iroh's chunk group
inline constexpr std::size_t kGroupChunks = 16;

using Cv = std::array<std::uint8_t, 32>;

// Chaining value of the subtree whose first chunk has index `start_chunk`.
// Requires: data is a complete subtree (its chunk count n is such that start_chunk is a multiple of
// n's next power of two); an empty `data` is the one chunk of an empty blob. is_root: the subtree
// is the whole blob.
Cv subtree_cv(ByteView data, std::uint64_t start_chunk, bool is_root);

// Chaining value of a parent from its children's.
Cv parent_cv(const Cv& left, const Cv& right, bool is_root);
// The same from 64 bytes left || right.
Cv parent_cv(std::span<const std::uint8_t, 64> pair, bool is_root);

// n whole groups, back to back from chunk `start_chunk`: their n chaining values (never root).
// Requires: data.size() == n * kGroupBytes, out.size() == n.
void group_cvs(ByteView data, std::uint64_t start_chunk, std::span<Cv> out);
// One level up, many at a time: out[i] = parent(pairs[2i], pairs[2i+1]), never root. Requires:
// in.size() == 2 * out.size().
void parent_cvs(std::span<const Cv> in, std::span<Cv> out);

// Plain BLAKE3 of a whole message.
Blake3Hash blake3(ByteView data);

// The kernels in use, by name: portable, sse2, sse41, avx2, avx512, neon. force_kernel is for
// benches and tests only: false when this CPU cannot run it.
std::string_view kernel_name();
bool force_kernel(std::string_view name);

}  // namespace archy::crypto

#include "crypto/blake3_kernels.hpp"

#include <array>
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The header has no C++ guard of its own; what it includes itself is included above.
extern "C" {
#include <blake3_impl.h>
}

namespace archy::crypto::kernels {
namespace {

struct Available {
  std::array<Kernel, 5> kernels{};
  std::size_t count = 0;
  void add(const Kernel& kernel) { kernels[count++] = kernel; }
};

Available detect() {
  Available found;
  found.add({"portable", 1, blake3_hash_many_portable, blake3_compress_in_place_portable});
#if defined(__x86_64__)
  __builtin_cpu_init();
  found.add({"sse2", 4, blake3_hash_many_sse2, blake3_compress_in_place_sse2});
  if (__builtin_cpu_supports("sse4.1"))
    found.add({"sse41", 4, blake3_hash_many_sse41, blake3_compress_in_place_sse41});
  // There is no AVX2 single compression: one block has no 8 lanes to fill.
  if (__builtin_cpu_supports("avx2"))
    found.add({"avx2", 8, blake3_hash_many_avx2, blake3_compress_in_place_sse41});
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
    found.add({"avx512", 16, blake3_hash_many_avx512, blake3_compress_in_place_avx512});
#elif BLAKE3_USE_NEON == 1
  found.add({"neon", 4, blake3_hash_many_neon, blake3_compress_in_place_portable});
#endif
  return found;
}

const Available& all() {
  static const Available found = detect();
  return found;
}

std::atomic<const Kernel*> g_current{nullptr};

}  // namespace

std::span<const Kernel> available() { return std::span(all().kernels).first(all().count); }

const Kernel& current() {
  const Kernel* kernel = g_current.load(std::memory_order_relaxed);
  if (kernel == nullptr) [[unlikely]] {
    kernel = &available().back();
    g_current.store(kernel, std::memory_order_relaxed);
  }
  return *kernel;
}

void use(const Kernel& kernel) { g_current.store(&kernel, std::memory_order_relaxed); }

}  // namespace archy::crypto::kernels

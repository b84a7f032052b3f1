// The official BLAKE3 kernels behind one table: one entry an instruction set, chosen once by what
// the CPU has. Private to crypto/blake3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace archy::crypto::kernels {

using HashMany = void (*)(const std::uint8_t* const* inputs, std::size_t count, std::size_t blocks,
                          const std::uint32_t key[8], std::uint64_t counter, bool increment_counter,
                          std::uint8_t flags, std::uint8_t flags_start, std::uint8_t flags_end,
                          std::uint8_t* out);
using CompressInPlace = void (*)(std::uint32_t cv[8], const std::uint8_t block[64],
                                 std::uint8_t block_length, std::uint64_t counter,
                                 std::uint8_t flags);

struct Kernel {
  std::string_view name;
  std::size_t degree;  // inputs hashed side by side
  HashMany hash_many;
  CompressInPlace compress;
};

inline constexpr std::size_t kMaxDegree = 16;

// Those this CPU can run, slowest first; never empty (portable).
std::span<const Kernel> available();
// The one in use: the last of available() unless use() chose another. Thread: any.
const Kernel& current();
void use(const Kernel& kernel);

}  // namespace archy::crypto::kernels

#include "sim/random.hpp"

#include <bit>

namespace archy::sim {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    std::uint8_t word[8];
    store_u64_le(word, next());
    const std::size_t n = std::min<std::size_t>(8, out.size() - done);
    std::memcpy(out.data() + done, word, n);
    done += n;
  }
}

SeededRandom SeededRandom::split(std::string_view label) const {
  std::uint64_t seed = state_[0] ^ std::rotl(state_[3], 23);
  for (char c : label) seed = (seed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return SeededRandom(seed);
}

}  // namespace archy::sim

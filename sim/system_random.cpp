#include "sim/system_random.hpp"

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <optional>

#include "sim/random.hpp"

namespace archy::sim {
namespace {

std::optional<SeededRandom>& seeded() {
  static std::optional<SeededRandom> stream;
  return stream;
}

}  // namespace

void seed_system_randomness(std::uint64_t seed) { seeded().emplace(seed); }

}  // namespace archy::sim

// These stand before libc's in the search order of every library of the process.
extern "C" {

ssize_t getrandom(void* out, size_t n, unsigned flags) {
  auto& stream = archy::sim::seeded();
  if (!stream) return syscall(SYS_getrandom, out, n, flags);
  stream->fill({static_cast<std::uint8_t*>(out), n});
  return static_cast<ssize_t>(n);
}

int getentropy(void* out, size_t n) {
  return getrandom(out, n, 0) == static_cast<ssize_t>(n) ? 0 : -1;
}
}

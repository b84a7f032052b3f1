// The operating system's randomness as libraries call it (getrandom, getentropy), from a seed: TLS
// keys, and with them the lengths and numbers of datagrams, repeat. Linked into the simulator's
// programs only.
#pragma once

#include <cstdint>

namespace archy::sim {

// From now on this process draws from `seed`. Call it in a freshly forked process: the generators
// of GnuTLS and libsodium notice the fork and draw their own seeds anew.
void seed_system_randomness(std::uint64_t seed);

}  // namespace archy::sim

// Which of an origin's bytes can be verified with the hashes at hand, piece by piece.
#pragma once

#include <cstdint>

#include "bao/group_verifier.hpp"

namespace archy::fetch {

struct Piece {
  enum class Kind : unsigned char {
    groups,   // groups whose own hashes are known, verified one by one
    subtree,  // all groups of `node`, of which only its own hash is known, verified together
    unknown,  // no hash of a small enough subtree is known
  };
  Kind kind = Kind::unknown;
  std::uint64_t first_group = 0;
  std::uint64_t end_group = 0;
  bao::Node node = {};
};

// The piece with `group`, of a missing run [group, run_end). A subtree may begin before it and end
// behind it: all of it is missing. `most_groups`: the largest subtree to be held in memory, a power
// of two up to 1024. Errors: the lookup's but not_found.
Result<Piece> next_piece(bao::GroupVerifier& verifier, std::uint64_t group, std::uint64_t run_end,
                         std::uint64_t most_groups);

// Where the run of verifiable pieces from `group` on ends, looking no further than some 64 MiB.
Result<std::uint64_t> verifiable_up_to(bao::GroupVerifier& verifier, std::uint64_t group,
                                       std::uint64_t run_end, std::uint64_t most_groups);

}  // namespace archy::fetch

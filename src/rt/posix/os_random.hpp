// getrandom(2).
#pragma once

#include "rt/random.hpp"

namespace archy::rt {

class OsRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

}  // namespace archy::rt

#include "sim/outcome.hpp"

#include <algorithm>

namespace archy::sim {

void Outcome::violated(std::string_view what) {
  if (violations++ > 0) return;
  const std::size_t n = std::min(what.size(), sizeof message - 1);
  std::copy_n(what.begin(), n, message);
  message[n] = 0;
}

}  // namespace archy::sim

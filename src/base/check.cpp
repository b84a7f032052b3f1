#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace archy {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace archy

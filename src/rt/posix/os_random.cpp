#include "rt/posix/os_random.hpp"

#include <sys/random.h>

#include <cerrno>

#include "base/check.hpp"

namespace archy::rt {

void OsRandom::fill(MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = getrandom(out.data() + done, out.size() - done, 0);
    CHECK(n > 0 || errno == EINTR);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

}  // namespace archy::rt

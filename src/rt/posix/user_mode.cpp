#include "rt/posix/user_mode.hpp"

#include <sys/stat.h>

namespace archy::rt {
namespace {

// The system only tells the umask to whoever sets it; 077 for the moment between gives nothing
// away.
mode_t swap_umask() { return ::umask(077); }

mode_t& started_with() {
  static mode_t mask = [] {
    const mode_t before = swap_umask();
    ::umask(before);
    return before;
  }();
  return mask;
}

}  // namespace

void make_private_files() {
  (void)started_with();
  swap_umask();
}

mode_t user_file_mode() { return 0666 & ~started_with(); }

}  // namespace archy::rt

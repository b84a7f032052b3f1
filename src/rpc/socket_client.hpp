// Calling a running node over its Unix socket, blocking: for commands, which have nothing else to
// do meanwhile.
#pragma once

#include <string>

#include "base/result.hpp"
#include "rt/files.hpp"

namespace archy::rpc {

// Units: bytes. A page of 10000 blobs is 6 MiB.
inline constexpr std::size_t kAnswerBytes = 64u << 20;

// One POST /rpc/v1, and the body of its answer. The other end must be a process of our own user.
// Waits as long as the call takes. Errors: not_found (no node listens there), denied (another
// user's), peer_fault (no answer of ours), unreachable (it went away), bad_input (path too long).
Result<std::string> call_over_socket(const rt::Path& socket, std::string_view body);

}  // namespace archy::rpc

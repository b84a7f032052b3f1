// Calling a running node over its Unix socket, blocking: for commands, which have nothing else to
// do meanwhile.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "rpc/events.hpp"
#include "rt/files.hpp"

namespace archy::rpc {

// Units: bytes. A page of 10000 blobs is 6 MiB.
inline constexpr std::size_t kAnswerBytes = 64u << 20;

// One POST /rpc/v1, and the body of its answer. The other end must be a process of our own user.
// Waits as long as the call takes, or until `stop_fd` can be read (-1: there is none): then the
// node finds the connection gone, and ends the call.
// Errors: not_found (no node listens there), denied (another user's), peer_fault (no answer of
// ours), unreachable (it went away), cancelled (`stop_fd`), bad_input (path too long).
Result<std::string> call_over_socket(const rt::Path& socket, std::string_view body,
                                     int stop_fd = -1);

// GET /events, one after another. Lifetime: owns the connection.
class EventStream {
 public:
  // Returns once the node listens for us: what happens from then on is heard.
  // Errors: as call_over_socket().
  static Result<EventStream> open(const rt::Path& socket, int stop_fd);
  EventStream(EventStream&& other) noexcept;
  ~EventStream();
  // None when nothing happened for so long. Errors: unreachable, cancelled, peer_fault.
  Result<std::optional<Event>> next(std::chrono::milliseconds patience);
  // From here on `stop_fd` is not looked at.
  void heed_no_stop() { stop_fd_ = -1; }

 private:
  EventStream(int fd, int stop_fd) : fd_(fd), stop_fd_(stop_fd) {}
  // False when nothing came for so long. Errors: unreachable, cancelled, peer_fault.
  Result<bool> read_more(std::chrono::milliseconds patience);

  int fd_;
  int stop_fd_;
  std::string text_;  // came, not understood yet
};

}  // namespace archy::rpc

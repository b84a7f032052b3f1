// Listening sockets and what accept() says about who came: TCP on an address, or a Unix socket of
// mode 0600 with the user at its other end. Blocking on nothing; knows no event loop.
#pragma once

#include <filesystem>
#include <memory>

#include "http/server.hpp"

namespace archy::http {

// Lifetime: owns the descriptor, and the socket file until the destructor.
class Listener {
 public:
  // Errors: io (in use, not local), denied.
  static Result<std::unique_ptr<Listener>> open_tcp(const rt::Address& address);
  // Errors: bad_input (path too long, something else than a socket stands there), locked (somebody
  // listens there), denied, io.
  static Result<std::unique_ptr<Listener>> open_unix(const std::filesystem::path& path);
  ~Listener();
  Listener(const Listener&) = delete;

  int fd() const { return fd_; }
  std::optional<rt::Address> address() const { return address_; }

  struct Accepted {
    int fd = -1;  // non-blocking; the caller's from here on
    ServerPeer peer;
  };
  // None when nobody waits. Errors: try_later (out of descriptors or memory), io.
  Result<std::optional<Accepted>> accept();

 private:
  explicit Listener(int fd) : fd_(fd) {}

  int fd_;
  std::optional<rt::Address> address_;
  std::filesystem::path path_;  // of a Unix socket
  std::uint64_t inode_ = 0;     // of its file: another one there is not ours to remove
};

}  // namespace archy::http

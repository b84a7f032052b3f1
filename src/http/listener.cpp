#include "http/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "rt/posix/socket_address.hpp"

namespace archy::http {
namespace {

constexpr int kBacklog = 128;

std::unexpected<Error> system_failure(std::string_view what) {
  const int number = errno;
  const Code code = number == EACCES || number == EPERM ? Code::denied : Code::io;
  return fail(code, std::string(what) + ": " + std::strerror(number));
}

// Removes a socket file that nobody listens on any more. Errors: locked, bad_input, denied.
Result<> remove_stale(const sockaddr_un& address) {
  struct stat there{};
  if (::lstat(address.sun_path, &there) != 0) return {};
  if (!S_ISSOCK(there.st_mode)) {
    return fail(Code::bad_input, std::string(address.sun_path) + " is not a socket");
  }
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return system_failure("socket");
  const int connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool is_dead = connected != 0 && errno == ECONNREFUSED;
  ::close(probe);
  if (!is_dead) {
    return fail(Code::locked, std::string(address.sun_path) + " is in use by another process");
  }
  if (::unlink(address.sun_path) != 0) return system_failure("unlink");
  return {};
}

}  // namespace

Listener::~Listener() {
  struct stat there{};
  if (!path_.empty() && ::lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  ::close(fd_);
}

Result<std::unique_ptr<Listener>> Listener::open_tcp(const rt::Address& address) {
  const int family = address.v6 ? AF_INET6 : AF_INET;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return system_failure("socket");
  std::unique_ptr<Listener> out(new Listener(fd));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.v6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_in6 storage;
  socklen_t length = rt::to_sockaddr(address, storage);
  auto* generic = reinterpret_cast<sockaddr*>(&storage);
  if (::bind(fd, generic, length) != 0 || ::listen(fd, kBacklog) != 0) {
    return system_failure("cannot listen on " + rt::to_string(address));
  }
  if (::getsockname(fd, generic, &length) != 0) return system_failure("getsockname");
  out->address_ = rt::from_sockaddr(generic, length);
  return out;
}

Result<std::unique_ptr<Listener>> Listener::open_unix(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof address.sun_path || text.contains('\0')) {
    return fail(Code::bad_input, "the path of the socket is too long: " + text);
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  TRY_OK(remove_stale(address));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return system_failure("socket");
  std::unique_ptr<Listener> out(new Listener(fd));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_failure("cannot make " + text);
  }
  struct stat made{};
  if (::lstat(text.c_str(), &made) != 0) return system_failure(text);
  out->path_ = path;
  out->inode_ = made.st_ino;
  // Nobody can connect before listen(), so there is no moment at which others could.
  if (::chmod(text.c_str(), 0600) != 0) return system_failure("chmod " + text);
  if (::listen(fd, kBacklog) != 0) return system_failure("cannot listen on " + text);
  return out;
}

Result<std::optional<Listener::Accepted>> Listener::accept() {
  for (;;) {
    sockaddr_storage storage;
    socklen_t length = sizeof storage;
    auto* generic = reinterpret_cast<sockaddr*>(&storage);
    const int fd = ::accept4(fd_, generic, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return fail(Code::try_later, std::strerror(errno));
      }
      if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) return system_failure("accept");
      continue;  // that one has gone already
    }
    Accepted out{.fd = fd, .peer = {}};
    if (address_) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      out.peer.address = rt::from_sockaddr(generic, length);
    } else {
      ucred who{};
      socklen_t size = sizeof who;
      if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
        ::close(fd);
        continue;
      }
      out.peer.uid = who.uid;
    }
    return out;
  }
}

}  // namespace archy::http

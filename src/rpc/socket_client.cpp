#include "rpc/socket_client.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "http/head_parser.hpp"

namespace archy::rpc {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Result<> connect_to_ours(int fd, const rt::Path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = socket.native();
  if (name.size() >= sizeof address.sun_path)
    return fail(Code::bad_input, fmt::format("{} is too long for a socket", name));
  name.copy(address.sun_path, name.size());
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Code::not_found, fmt::format("no node listens at {}", name));
  ucred other{};
  socklen_t length = sizeof other;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &length) != 0 || other.uid != ::getuid())
    return fail(Code::denied, fmt::format("{} belongs to another user", name));
  return {};
}

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::unreachable, "the node went away");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_to_end(int fd) {
  std::string out;
  char piece[16384];
  for (;;) {
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::unreachable, "the node went away");
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > kAnswerBytes)
      return fail(Code::peer_fault, "the node's answer is too long");
    out.append(piece, static_cast<std::size_t>(n));
  }
}

// The body of a whole response that says its length.
Result<std::string> body_of(const std::string& response) {
  http::HeadParser parser;
  std::size_t at = 0;
  while (!parser.done()) {
    const auto end = response.find("\r\n", at);
    if (end == std::string::npos) return fail(Code::unreachable, "the node went away");
    TRY_OK(parser.add_line(std::string_view(response).substr(at, end - at)));
    at = end + 2;
  }
  std::string body = response.substr(at);
  const auto length_text = parser.head().header("content-length");
  std::size_t length = 0;
  if (length_text) {
    std::from_chars(length_text->data(), length_text->data() + length_text->size(), length);
  }
  if (!length_text || body.size() != length)
    return fail(Code::unreachable, "the node went away in the middle of its answer");
  if (parser.head().status == 200) return body;
  return fail(Code::denied,
              fmt::format("the node refused the request: HTTP {} {}", parser.head().status, body));
}

}  // namespace

Result<std::string> call_over_socket(const rt::Path& socket, std::string_view body) {
  const Descriptor to{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (to.fd < 0) return fail(Code::io, "no socket to be had");
  TRY_OK(connect_to_ours(to.fd, socket));
  const std::string head = fmt::format(
      "POST /rpc/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\nConnection: close\r\n\r\n",
      body.size());
  TRY_OK(write_all(to.fd, head));
  TRY_OK(write_all(to.fd, body));
  TRY(response, read_to_end(to.fd));
  return body_of(response);
}

}  // namespace archy::rpc

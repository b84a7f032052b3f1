#include "rpc/socket_client.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

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

// Until `fd` can be read; false when it could not for so long (-1: for ever). Errors: cancelled.
Result<bool> wait_readable(int fd, int stop_fd, int patience_ms) {
  for (;;) {
    pollfd both[] = {{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    const int n = ::poll(both, stop_fd < 0 ? 1 : 2, patience_ms);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Code::io, "poll failed");
    if (stop_fd >= 0 && both[1].revents != 0) return fail(Code::cancelled, "interrupted");
    return n > 0;
  }
}

Result<std::string> read_to_end(int fd, int stop_fd) {
  std::string out;
  char piece[16384];
  for (;;) {
    TRY_OK(wait_readable(fd, stop_fd, -1));
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

Result<std::string> call_over_socket(const rt::Path& socket, std::string_view body, int stop_fd) {
  const Descriptor to{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (to.fd < 0) return fail(Code::io, "no socket to be had");
  TRY_OK(connect_to_ours(to.fd, socket));
  const std::string head = fmt::format(
      "POST /rpc/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\nConnection: close\r\n\r\n",
      body.size());
  TRY_OK(write_all(to.fd, head));
  TRY_OK(write_all(to.fd, body));
  TRY(response, read_to_end(to.fd, stop_fd));
  return body_of(response);
}

Result<EventStream> EventStream::open(const rt::Path& socket, int stop_fd) {
  EventStream out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), stop_fd);
  if (out.fd_ < 0) return fail(Code::io, "no socket to be had");
  TRY_OK(connect_to_ours(out.fd_, socket));
  // HTTP/1.0: the body comes without chunks.
  TRY_OK(write_all(out.fd_, "GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n"));
  // The head, and the first comment: the node listens from before it says that.
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    TRY_OK(out.read_more(std::chrono::milliseconds(-1)));
    const auto head = out.text_.find("\r\n\r\n");
    if (head != std::string::npos) end = out.text_.find("\n\n", head + 4);
  }
  if (out.text_.find(" 200 ") != std::string_view("HTTP/1.0").size())
    return fail(Code::try_later, "the node tells its events to nobody else now");
  out.text_.erase(0, end + 2);
  return out;
}

EventStream::EventStream(EventStream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), stop_fd_(other.stop_fd_), text_(std::move(other.text_)) {}

EventStream::~EventStream() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> EventStream::read_more(std::chrono::milliseconds patience) {
  TRY(ready, wait_readable(fd_, stop_fd_, static_cast<int>(patience.count())));
  if (!ready) return false;
  char piece[16384];
  const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return fail(Code::unreachable, "the node went away");
  text_.append(piece, static_cast<std::size_t>(n));
  if (text_.size() > kAnswerBytes) return fail(Code::peer_fault, "an event is too long");
  return true;
}

Result<std::optional<Event>> EventStream::next(std::chrono::milliseconds patience) {
  for (;;) {
    const auto end = text_.find("\n\n");
    if (end == std::string::npos) {
      TRY(more, read_more(patience));
      if (!more) return std::optional<Event>();
      continue;
    }
    Event event;
    std::string_view lines = std::string_view(text_).substr(0, end + 1);
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(line.size() + 1);
      if (line.starts_with("event: ")) event.name = line.substr(7);
      if (line.starts_with("data: ")) event.data = line.substr(6);
      if (line.starts_with("id: "))
        std::from_chars(line.data() + 4, line.data() + line.size(), event.number);
    }
    text_.erase(0, end + 2);
    if (!event.name.empty()) return std::optional(std::move(event));
  }
}

}  // namespace archy::rpc

// HTTP/1.1 as a server: loopback TCP ports and Unix sockets, one handler for either. Parsing is
// strict (request_parser.hpp); whatever is slow, half-open or too big is cut off by the limits
// here.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "rt/address.hpp"
#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::http {

// Who is at the other end: an address of TCP, a user of a Unix socket.
struct ServerPeer {
  std::optional<rt::Address> address;
  std::optional<uid_t> uid;
};

struct ServerRequest {
  std::string method;  // as sent: methods are case-sensitive
  std::string target;  // origin form ("/path?query", undecoded), or "*"
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  ServerPeer peer;

  // First value of a header, by lower-case name. Points into this request.
  std::optional<std::string_view> header(std::string_view name) const;
  // How many times it was sent. (Content-Length and Host: at most once, or the request is refused.)
  std::size_t count(std::string_view name) const;
  // The target up to the question mark, undecoded.
  std::string_view path() const;
};

struct ServerResponse {
  int status = 200;
  // Never Content-Length, Transfer-Encoding, Connection or Date: those are the server's own.
  std::vector<std::pair<std::string, std::string>> headers = {};
  // More of them, ready made: whole lines, each with its CRLF. Requires: constants of the program.
  std::string_view constant_lines = {};
  bool close = false;  // the connection ends after this response
};

// One request and its response. Thread: the loop. Lifetime: as long as Handler::handle() runs.
// A response is either one send(), or begin(), any number of write(), finish().
//
// Errors of every call: cancelled (the client has gone or the server closes), timed_out (the client
// stalled), internal (calls in a wrong order, a header with control characters). After one the
// connection is lost: return it from handle().
class ServerExchange {
 public:
  virtual ~ServerExchange() = default;

  virtual const ServerRequest& request() const = 0;
  // Requested when the client has gone or the server closes: for handlers that wait for something
  // else than the client. A client that has only finished sending counts as gone here, yet still
  // gets what is written.
  virtual std::stop_token stop_token() const = 0;

  // The whole body. Sends "100 Continue" when the client waits for it, so nothing is sent by a
  // client whose request is refused before. May be left out: what is small is skipped, what is big
  // ends the connection after the response.
  // Errors: bad_input (malformed chunks), no_space (more than `max_bytes`: answer 413), timed_out
  // (not all came within limits::kHttpBodyDeadline).
  virtual rt::Task<Bytes> read_body(std::size_t max_bytes) = 0;

  // A whole response. The body is left out for HEAD (its length is not) and where the status has
  // none. Suspends until the system took it all. Requires: `body` stays valid until then.
  virtual rt::Task<> send(ServerResponse response, ByteView body) = 0;
  rt::Task<> send(ServerResponse response, std::string_view body) {
    return send(std::move(response), as_bytes(body));
  }

  // A response in pieces. With a length exactly so many bytes must follow; without, the body is
  // chunked and the head goes out at once (events).
  virtual rt::Task<> begin(ServerResponse response, std::optional<std::uint64_t> length) = 0;
  // Suspends until the system took it all: this is the back-pressure. Requires: `bytes` stays valid
  // until then. Nothing is sent for HEAD; a handler may ask wants_body() and not make the bytes.
  virtual rt::Task<> write(ByteView bytes) = 0;
  // Ends the body. A handler that returns without it (or an error) leaves the body short and the
  // connection closed, which every client can tell from the whole.
  virtual rt::Task<> finish() = 0;

  virtual bool wants_body() const = 0;  // false for HEAD
  virtual bool has_begun() const = 0;   // a response is on its way: no other can be sent
};

// Thread: the loop, several exchanges at once. Lifetime: outlives the server.
class Handler {
 public:
  virtual ~Handler() = default;
  // An error, or a return without a response, is answered with a bare 500 if nothing was sent yet.
  // Requires: returns soon after stop_token() is requested.
  virtual rt::Task<> handle(ServerExchange& exchange) = 0;
};

struct ServerOptions {
  std::size_t max_connections = limits::kHttpConnections;
  rt::Duration header_deadline = limits::kHttpHeaderDeadline;
  rt::Duration body_deadline = limits::kHttpBodyDeadline;
  rt::Duration idle_deadline = limits::kHttpIdleDeadline;
  rt::Duration write_stall = limits::kHttpWriteStall;
  // How long close() lets responses finish.
  rt::Duration close_grace = limits::kHttpCloseGrace;
  // TCP: false refuses to listen anywhere but on loopback.
  bool allow_any_address = false;
  // Unix socket: the only user served; others are cut off before a byte is read. None: our own.
  std::optional<uid_t> only_uid = std::nullopt;
};

// Lifetime: close() has been awaited before the destructor. When all connections are in use a new
// one takes the place of the longest idle one; when none is idle it gets 503.
class Server {
 public:
  virtual ~Server() = default;
  // The port the system gave when 0 was asked for. None on a Unix socket.
  virtual std::optional<rt::Address> address() const = 0;
  virtual std::size_t connections() const = 0;
  // Takes no more connections, stops exchanges, waits for them (up to close_grace, then cuts them
  // off).
  virtual boost::asio::awaitable<void> close() = 0;
};

// Errors: denied (address not loopback, permission), io (address in use, not local).
Result<std::unique_ptr<Server>> listen_tcp(rt::Executor executor, rt::Clock& clock,
                                           const rt::Address& address, Handler& handler,
                                           ServerOptions options = {});
// Mode 0600. A socket file nobody listens on is replaced; ours is removed by close().
// Errors: bad_input (path too long for a socket, something else stands there), locked (another
// process listens), denied, io.
Result<std::unique_ptr<Server>> listen_unix(rt::Executor executor, rt::Clock& clock,
                                            const std::filesystem::path& path, Handler& handler,
                                            ServerOptions options = {});

}  // namespace archy::http

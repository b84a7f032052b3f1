// What a user of the transport sees: endpoints, connections, streams. ngtcp2 and GnuTLS never show
// here.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "crypto/ed25519.hpp"
#include "rt/address.hpp"
#include "rt/byte_stream.hpp"
#include "rt/env.hpp"

namespace archy::quic {

enum class Congestion : unsigned char { cubic, bbr };

struct Config {
  std::vector<rt::Address> bind{rt::Address::v4(0, 0, 0, 0, 0)};
  std::vector<std::string> alpns;  // accepted; empty: a client only
  Congestion congestion = Congestion::cubic;
  rt::Duration handshake_timeout = std::chrono::seconds(10);
  rt::Duration idle_timeout = std::chrono::seconds(30);
  rt::Duration keep_alive = std::chrono::seconds(5);
  std::uint64_t stream_window = 4u
                                << 20;  // grows to limits::kStreamWindowMax as the reader keeps up
  bool always_retry = false;
  bool gso = true;
  bool gro = true;
};

// How a connection ended.
struct CloseInfo {
  enum class By : unsigned char { us, peer, timeout, lost } by = By::us;
  bool application =
      false;  // application code, else a transport code (0x100 + TLS alert for handshake failures)
  std::uint64_t code = 0;
  std::string reason;  // untrusted text when by == peer
};

struct Stats {
  std::uint64_t bytes_sent = 0;  // UDP payload
  std::uint64_t bytes_received = 0;
  rt::Duration smoothed_rtt{};
  std::size_t path_mtu = 0;
};

// A bidirectional stream. fill() on a half the peer reset gives the error its code maps to: 1
// denied, 2 try_later, anything else peer_fault; reset_code() tells the number.
class Stream : public rt::ByteStream {
 public:
  virtual std::uint64_t id() const = 0;
  // Code of the peer's RESET_STREAM / STOP_SENDING, if any came.
  virtual std::optional<std::uint64_t> reset_code() const = 0;
  virtual std::optional<std::uint64_t> stop_code() const = 0;
  // Bytes of ours the peer has acknowledged.
  virtual std::uint64_t acked_bytes() const = 0;
  // Waits until everything written (and the FIN, if finished) is acknowledged, or the stream or
  // connection died.
  virtual rt::Task<> drained() = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;  // dropping the last reference closes with application code 0
  virtual const EndpointId& peer() const = 0;
  virtual const std::string& alpn() const = 0;
  virtual rt::Address remote_address() const = 0;
  // Waits for a stream credit. Errors: unreachable once closed.
  virtual rt::Task<std::shared_ptr<Stream>> open_bi() = 0;
  // Errors: unreachable once closed.
  virtual rt::Task<std::shared_ptr<Stream>> accept_bi() = 0;
  virtual void close(std::uint64_t application_code, std::string_view reason) = 0;
  // Set once closed.
  virtual const std::optional<CloseInfo>& closed() const = 0;
  virtual rt::Task<> wait_closed() = 0;
  virtual Stats stats() const = 0;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual const EndpointId& id() const = 0;
  // The bound addresses with real ports; wildcard binds expanded to interface addresses (loopback
  // only if nothing else).
  virtual std::vector<rt::Address> addresses() const = 0;
  virtual std::vector<rt::Address> bound_addresses() const = 0;
  // Races the addresses; the first that proves `peer` wins. Errors: unreachable, timed_out, denied
  // (wrong key or ALPN, detail says), try_later (it refuses for now), cancelled.
  virtual rt::Task<std::shared_ptr<Connection>> connect(const EndpointId& peer,
                                                        std::vector<rt::Address> addresses,
                                                        std::string alpn,
                                                        std::stop_token stop = {}) = 0;
  // The next connection whose handshake is complete and whose peer is proven. Errors: cancelled
  // after close().
  virtual rt::Task<std::shared_ptr<Connection>> accept() = 0;
  virtual std::size_t connections() const = 0;
  // Closes every connection with `code`, waits for the packets to go out, then the sockets go.
  virtual boost::asio::awaitable<void> close(std::uint64_t code, std::string_view reason) = 0;
};

// Errors: io (cannot bind), unsupported (TLS library).
Result<std::unique_ptr<Endpoint>> make_endpoint(rt::Env& env, const crypto::Ed25519Seed& seed,
                                                Config config);

}  // namespace archy::quic

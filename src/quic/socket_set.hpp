// The endpoint's UDP sockets, and what waits while one of them takes nothing.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "quic/types.hpp"

namespace archy::quic {

// Bound: a blocked socket holds the one train it refused (at most two), nothing more: connections
// ask blocked() before they build packets.
class SocketSet {
 public:
  using Receiver = std::function<void(std::size_t, std::span<const rt::DatagramTrain>)>;
  // Errors: io. `on_unblocked` is told the socket that takes data again.
  Result<> open(rt::DatagramNetwork& network, const Config& config, Receiver on_receive,
                std::function<void(std::size_t)> on_unblocked);
  void close() { sockets_.clear(); }

  std::size_t count() const { return sockets_.size(); }
  bool blocked(std::size_t socket) const { return !sockets_[socket].pending.empty(); }
  bool any_blocked() const;
  std::size_t max_train(std::size_t socket) const { return sockets_[socket].socket->max_train(); }
  const rt::Address& bound(std::size_t socket) const { return sockets_[socket].bound; }
  // Never reports blocked: what the system does not take now waits here.
  rt::SendStatus send(std::size_t socket, const rt::Address& to, ByteView bytes,
                      std::size_t segment, std::uint8_t ecn, const rt::Address& from);
  // The socket with this local address.
  std::optional<std::size_t> find(const rt::Address& local) const;
  // The socket from which `remote` can be reached, as far as addresses tell.
  std::optional<std::size_t> for_remote(const rt::Address& remote) const;

 private:
  struct Pending {
    rt::Address to, from;
    Bytes bytes;
    std::size_t segment = 0;
    std::uint8_t ecn = 0;
  };
  struct Entry {
    std::unique_ptr<rt::DatagramSocket> socket;
    rt::Address bound;
    std::vector<Pending> pending;
  };
  void writable(std::size_t socket);

  std::vector<Entry> sockets_;
  std::function<void(std::size_t)> on_unblocked_;
};

}  // namespace archy::quic

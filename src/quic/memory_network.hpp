// Datagrams through memory instead of the kernel, for the fuzzer and for tests that shape what
// arrives: a packet goes in by deliver(), what was sent is kept.
#pragma once

#include <vector>

#include "rt/datagram.hpp"

namespace archy::quic {

struct MemorySocket;

// Not for production. Lifetime: outlives its sockets.
class MemoryNetwork final : public rt::DatagramNetwork {
 public:
  struct Sent {
    rt::Address from, to;
    Bytes bytes;
  };
  Result<std::unique_ptr<rt::DatagramSocket>> bind(const rt::Address& address,
                                                   rt::DatagramOptions) override;
  std::vector<rt::Address> interface_addresses() override { return {rt::Address::loopback(0)}; }
  // As if it had come from `from` to the `index`-th socket.
  void deliver(std::size_t index, const rt::Address& from, ByteView datagram);
  // What was sent since the last call, in order.
  std::vector<Sent> take_sent() { return std::exchange(sent_, {}); }
  std::size_t sockets() const { return sockets_.size(); }

 private:
  friend struct MemorySocket;
  std::vector<MemorySocket*> sockets_;
  std::vector<Sent> sent_;
};

struct MemorySocket final : rt::DatagramSocket {
  MemorySocket(MemoryNetwork& owner, const rt::Address& bound) : network(owner), local(bound) {}
  ~MemorySocket() override {
    for (auto& other : network.sockets_) {
      if (other == this) other = nullptr;
    }
  }
  rt::Address local_address() const override { return local; }
  void on_receive(std::function<void(std::span<const rt::DatagramTrain>)> to) override {
    receiver = std::move(to);
  }
  rt::SendStatus send(const rt::Address& to, ByteView bytes, std::size_t segment, std::uint8_t,
                      const std::optional<rt::Address>&) override {
    for (std::size_t at = 0; at < bytes.size(); at += segment) {
      const auto piece = bytes.subspan(at, std::min(segment, bytes.size() - at));
      network.sent_.push_back({local, to, to_bytes(piece)});
    }
    return rt::SendStatus::sent;
  }
  void on_writable(std::function<void()>) override {}
  std::size_t max_train() const override { return 1; }

  MemoryNetwork& network;
  rt::Address local;
  std::function<void(std::span<const rt::DatagramTrain>)> receiver;
};

inline Result<std::unique_ptr<rt::DatagramSocket>> MemoryNetwork::bind(const rt::Address& address,
                                                                       rt::DatagramOptions) {
  rt::Address bound = address;
  if (bound.port == 0) bound.port = static_cast<std::uint16_t>(1000 + sockets_.size());
  auto socket = std::make_unique<MemorySocket>(*this, bound);
  sockets_.push_back(socket.get());
  return std::unique_ptr<rt::DatagramSocket>(std::move(socket));
}

inline void MemoryNetwork::deliver(std::size_t index, const rt::Address& from, ByteView datagram) {
  if (index >= sockets_.size() || !sockets_[index] || !sockets_[index]->receiver) return;
  const rt::DatagramTrain train{from, sockets_[index]->local, datagram, datagram.size(), 0};
  sockets_[index]->receiver({&train, 1});
}

}  // namespace archy::quic

#include "rt/asio/asio_datagram.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "rt/asio/udp_socket.hpp"
#include "rt/posix/socket_address.hpp"

namespace archy::rt {
namespace {
namespace asio = boost::asio;

// Shared with the pending waits, so that the object may go while one is queued.
struct Pump : std::enable_shared_from_this<Pump> {
  Pump(const Executor& executor, std::unique_ptr<UdpSocket> owned)
      : socket(std::move(owned)), descriptor(executor, ::dup(socket->fd())) {}

  void wait_readable() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (!error && !self->closed) self->read();
                          });
  }

  // A few batches a turn, so that a flood on one socket does not starve the loop.
  void read() {
    for (int batch = 0; batch < 4 && !closed; ++batch) {
      const auto trains = socket->receive();
      if (!trains.empty() && receiver) receiver(trains);
      if (!socket->more_likely()) break;
    }
    if (!closed) wait_readable();
  }

  void wait_writable() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || self->closed) return;
                            auto go = std::exchange(self->writable, nullptr);
                            if (go) go();
                          });
  }

  std::unique_ptr<UdpSocket> socket;
  asio::posix::stream_descriptor descriptor;
  std::function<void(std::span<const DatagramTrain>)> receiver;
  std::function<void()> writable;
  bool reading = false;
  bool closed = false;
};

class AsioDatagramSocket final : public DatagramSocket {
 public:
  explicit AsioDatagramSocket(std::shared_ptr<Pump> pump) : pump_(std::move(pump)) {}
  ~AsioDatagramSocket() override {
    pump_->closed = true;
    boost::system::error_code ignored;
    pump_->descriptor.close(ignored);
  }

  Address local_address() const override { return pump_->socket->local(); }
  void on_receive(std::function<void(std::span<const DatagramTrain>)> receiver) override {
    pump_->receiver = std::move(receiver);
    if (!std::exchange(pump_->reading, true)) pump_->wait_readable();
  }
  SendStatus send(const Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                  const std::optional<Address>& from) override {
    return pump_->socket->send(to, bytes, segment, ecn, from);
  }
  void on_writable(std::function<void()> ready) override {
    const bool waiting = pump_->writable != nullptr;
    pump_->writable = std::move(ready);
    if (!waiting) pump_->wait_writable();
  }
  std::size_t max_train() const override { return pump_->socket->max_train(); }

 private:
  std::shared_ptr<Pump> pump_;
};

}  // namespace

Result<std::unique_ptr<DatagramSocket>> AsioDatagramNetwork::bind(const Address& address,
                                                                  DatagramOptions options) {
  TRY(socket, UdpSocket::open(address, options));
  auto pump = std::make_shared<Pump>(executor_, std::move(socket));
  return std::unique_ptr<DatagramSocket>(std::make_unique<AsioDatagramSocket>(std::move(pump)));
}

std::vector<Address> AsioDatagramNetwork::interface_addresses() {
  std::vector<Address> out;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return out;
  for (const ifaddrs* at = list; at; at = at->ifa_next) {
    if (!at->ifa_addr || (at->ifa_flags & IFF_UP) == 0) continue;
    const auto* v6 = at->ifa_addr->sa_family == AF_INET6
                         ? reinterpret_cast<const sockaddr_in6*>(at->ifa_addr)
                         : nullptr;
    if (v6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) continue;  // unusable without its scope
    auto address = from_sockaddr(at->ifa_addr, v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    if (!address) continue;
    address->port = 0;
    out.push_back(*address);
  }
  freeifaddrs(list);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace archy::rt

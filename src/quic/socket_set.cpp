#include "quic/socket_set.hpp"

#include <algorithm>

namespace archy::quic {
namespace {

constexpr std::size_t kPendingTrains = 64;

}  // namespace

Result<> SocketSet::open(rt::DatagramNetwork& network, const Config& config, Receiver on_receive,
                         std::function<void(std::size_t)> on_unblocked) {
  on_unblocked_ = std::move(on_unblocked);
  rt::DatagramOptions options;
  options.gso = config.gso;
  options.gro = config.gro;
  for (const auto& address : config.bind) {
    TRY(socket, network.bind(address, options));
    const auto bound = socket->local_address();
    sockets_.push_back({std::move(socket), bound, {}});
  }
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    sockets_[i].socket->on_receive(
        [i, on_receive](std::span<const rt::DatagramTrain> trains) { on_receive(i, trains); });
  }
  return {};
}

bool SocketSet::any_blocked() const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [](const Entry& entry) { return !entry.pending.empty(); });
}

rt::SendStatus SocketSet::send(std::size_t socket, const rt::Address& to, ByteView bytes,
                               std::size_t segment, std::uint8_t ecn, const rt::Address& from) {
  Entry& entry = sockets_[socket];
  auto status = rt::SendStatus::blocked;
  if (entry.pending.empty()) status = entry.socket->send(to, bytes, segment, ecn, from);
  if (status != rt::SendStatus::blocked) return status;
  // Single packets (closes, replies) may come while it is blocked; too many of them are lost.
  if (entry.pending.size() >= kPendingTrains) return rt::SendStatus::sent;
  entry.pending.push_back({to, from, to_bytes(bytes), segment, ecn});
  if (entry.pending.size() == 1) entry.socket->on_writable([this, socket] { writable(socket); });
  return rt::SendStatus::sent;
}

void SocketSet::writable(std::size_t socket) {
  Entry& entry = sockets_[socket];
  while (!entry.pending.empty()) {
    Pending& next = entry.pending.front();
    // The kernel may have given up segmentation in between.
    const std::size_t step = next.segment * std::max<std::size_t>(entry.socket->max_train(), 1);
    while (!next.bytes.empty()) {
      const std::size_t n = std::min(step, next.bytes.size());
      const auto status =
          entry.socket->send(next.to, {next.bytes.data(), n}, next.segment, next.ecn, next.from);
      if (status == rt::SendStatus::blocked) {
        entry.socket->on_writable([this, socket] { writable(socket); });
        return;
      }
      next.bytes.erase(next.bytes.begin(), next.bytes.begin() + static_cast<std::ptrdiff_t>(n));
    }
    entry.pending.erase(entry.pending.begin());
  }
  on_unblocked_(socket);
}

std::optional<std::size_t> SocketSet::find(const rt::Address& local) const {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i].bound == local) return i;
  }
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    const auto& bound = sockets_[i].bound;
    if (bound.v6 == local.v6 && bound.port == local.port && is_unspecified(bound)) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> SocketSet::for_remote(const rt::Address& remote) const {
  std::optional<std::size_t> fallback;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    const auto& bound = sockets_[i].bound;
    if (bound.v6 != remote.v6) continue;
    if (is_unspecified(bound) || is_loopback(bound) == is_loopback(remote)) return i;
    if (!fallback) fallback = i;
  }
  return fallback;
}

}  // namespace archy::quic

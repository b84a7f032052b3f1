#include "rt/asio/udp_socket.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "rt/posix/socket_address.hpp"

namespace archy::rt {
namespace {

bool set_int(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Appends one control message; the caller's buffer is large enough for the three we ever send.
template <class T>
void put_control(msghdr& message, int level, int type, const T& value) {
  auto* at =
      reinterpret_cast<cmsghdr*>(static_cast<char*>(message.msg_control) + message.msg_controllen);
  at->cmsg_level = level;
  at->cmsg_type = type;
  at->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(at), &value, sizeof value);
  message.msg_controllen += CMSG_SPACE(sizeof value);
}

constexpr std::size_t kControlBytes = 128;

}  // namespace

struct UdpSocket::Slots {
  std::array<mmsghdr, kSlots> messages{};
  std::array<iovec, kSlots> pieces{};
  std::array<sockaddr_storage, kSlots> names{};
  alignas(cmsghdr) std::array<std::array<char, kControlBytes>, kSlots> controls{};
  std::unique_ptr<std::uint8_t[]> bytes =
      std::make_unique_for_overwrite<std::uint8_t[]>(kSlots * kSlotBytes);
};

UdpSocket::UdpSocket(int fd, const Address& local, bool gso)
    : fd_(fd),
      local_(local),
      gso_(gso),
      wildcard_(is_unspecified(local)),
      slots_(std::make_unique<Slots>()) {}

UdpSocket::~UdpSocket() { ::close(fd_); }

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(const Address& address,
                                                   const DatagramOptions& options) {
  const int fd = ::socket(address.v6 ? AF_INET6 : AF_INET,
                          SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return fail(Code::io, fmt::format("UDP socket: {}", std::strerror(errno)));
  std::unique_ptr<UdpSocket> out(new UdpSocket(fd, address, false));
  // Best effort, each one: without it the socket is slower or less exact, not wrong.
  const int bytes = static_cast<int>(options.buffer_bytes);
  (void)set_int(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  (void)set_int(fd, SOL_SOCKET, SO_SNDBUF, bytes);
  if (address.v6) {
    (void)set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    (void)set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    (void)set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    if (out->wildcard_) (void)set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    (void)set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    (void)set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
    if (out->wildcard_) (void)set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
  if (options.gro) (void)set_int(fd, SOL_UDP, UDP_GRO, 1);
  if (options.gso) {
    int segment = 0;
    socklen_t length = sizeof segment;
    out->gso_ = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &length) == 0;
  }
  sockaddr_in6 name;
  const socklen_t length = to_sockaddr(address, name);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&name), length) != 0) {
    return fail(Code::io,
                fmt::format("cannot bind UDP {}: {}", to_string(address), std::strerror(errno)));
  }
  socklen_t got = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &got) != 0) {
    return fail(Code::io, fmt::format("UDP socket name: {}", std::strerror(errno)));
  }
  out->local_ = from_sockaddr(reinterpret_cast<sockaddr*>(&name), got).value_or(address);
  return out;
}

SendStatus UdpSocket::send(const Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                           const std::optional<Address>& from) {
  if (to.v6 != local_.v6) return SendStatus::dropped;
  if (gso_ || bytes.size() <= segment) {
    const bool train = bytes.size() > segment;
    const SendStatus status = send_one(to, bytes, segment, ecn, from);
    if (!train || gso_) return status;
  }
  // Reached when the kernel has just refused the train: one by one, now and from now on.
  for (std::size_t at = 0; at < bytes.size(); at += segment) {
    const auto piece = bytes.subspan(at, std::min(segment, bytes.size() - at));
    const SendStatus status = send_one(to, piece, segment, ecn, from);
    if (status == SendStatus::blocked && at == 0) return status;
    if (status != SendStatus::sent) return SendStatus::sent;  // the rest is lost, as UDP may
  }
  return SendStatus::sent;
}

SendStatus UdpSocket::send_one(const Address& to, ByteView bytes, std::size_t segment,
                               std::uint8_t ecn, const std::optional<Address>& from) {
  sockaddr_in6 name;
  alignas(cmsghdr) char control[kControlBytes] = {};
  iovec piece{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_name = &name;
  message.msg_namelen = to_sockaddr(to, name);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  const bool train = bytes.size() > segment;
  if (train) put_control(message, SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment));
  if (ecn != 0) {
    if (to.v6) {
      put_control(message, IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(ecn));
    } else {
      put_control(message, IPPROTO_IP, IP_TOS, static_cast<int>(ecn));
    }
  }
  if (wildcard_ && from && !is_unspecified(*from)) {
    if (to.v6) {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, from->ip.data(), 16);
      put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
    } else {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, from->ip.data(), 4);
      put_control(message, IPPROTO_IP, IP_PKTINFO, info);
    }
  }
  if (message.msg_controllen == 0) message.msg_control = nullptr;
  for (;;) {
    if (::sendmsg(fd_, &message, 0) >= 0) return SendStatus::sent;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return SendStatus::blocked;
    if (train && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP)) gso_ = false;
    return SendStatus::dropped;
  }
}

std::span<const DatagramTrain> UdpSocket::receive() {
  Slots& slots = *slots_;
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots.pieces[i] = {slots.bytes.get() + i * kSlotBytes, kSlotBytes};
    msghdr& message = slots.messages[i].msg_hdr;
    message = {};
    message.msg_name = &slots.names[i];
    message.msg_namelen = sizeof slots.names[i];
    message.msg_iov = &slots.pieces[i];
    message.msg_iovlen = 1;
    message.msg_control = slots.controls[i].data();
    message.msg_controllen = kControlBytes;
  }
  const int got = ::recvmmsg(fd_, slots.messages.data(), kSlots, MSG_DONTWAIT, nullptr);
  filled_ = got == static_cast<int>(kSlots);
  if (got <= 0) return {};
  std::size_t count = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    msghdr& message = slots.messages[i].msg_hdr;
    const std::size_t length = slots.messages[i].msg_len;
    if (length == 0 || (message.msg_flags & MSG_TRUNC) != 0) continue;
    DatagramTrain& train = trains_[count++];
    // Of a UDP socket the kernel names nothing but IPv4 and IPv6 senders.
    train.from = from_sockaddr(reinterpret_cast<sockaddr*>(&slots.names[i]), message.msg_namelen)
                     .value_or(Address{});
    train.to = local_;
    train.bytes = {slots.bytes.get() + i * kSlotBytes, length};
    train.segment = length;
    train.ecn = 0;
    for (auto* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
      if (at->cmsg_level == SOL_UDP && at->cmsg_type == UDP_GRO) {
        int segment = 0;
        std::memcpy(&segment, CMSG_DATA(at), sizeof segment);
        if (segment > 0) train.segment = static_cast<std::size_t>(segment);
      } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS) {
        train.ecn = *CMSG_DATA(at) & 3;
      } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS) {
        int tclass = 0;
        std::memcpy(&tclass, CMSG_DATA(at), sizeof tclass);
        train.ecn = static_cast<std::uint8_t>(tclass & 3);
      } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
        in_pktinfo info;
        std::memcpy(&info, CMSG_DATA(at), sizeof info);
        std::memcpy(train.to.ip.data(), &info.ipi_addr, 4);
      } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo info;
        std::memcpy(&info, CMSG_DATA(at), sizeof info);
        std::memcpy(train.to.ip.data(), &info.ipi6_addr, 16);
      }
    }
  }
  return {trains_.data(), count};
}

}  // namespace archy::rt

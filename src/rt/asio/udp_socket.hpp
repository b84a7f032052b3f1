// One UDP file descriptor with the options and control messages the transport wants. Linux only,
// blocking on nothing; knows no event loop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>

#include "rt/datagram.hpp"

namespace archy::rt {

// Lifetime: owns the descriptor. Thread: any one at a time.
class UdpSocket {
 public:
  // Errors: io (in use, not local, out of descriptors).
  static Result<std::unique_ptr<UdpSocket>> open(const Address& address,
                                                 const DatagramOptions& options);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;

  int fd() const { return fd_; }
  const Address& local() const { return local_; }
  // Datagrams one send() takes: 1 once the kernel has refused segmentation offload.
  std::size_t max_train() const { return gso_ ? kMaxTrain : 1; }
  SendStatus send(const Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                  const std::optional<Address>& from);
  // One recvmmsg. Empty: nothing there. Views die with the next call.
  std::span<const DatagramTrain> receive();
  // True when the last receive() filled every slot, so more may be waiting.
  bool more_likely() const { return filled_; }

  // 44 segments of 1452 bytes are the most that fits one 64 KiB datagram.
  static constexpr std::size_t kMaxTrain = 44;

 private:
  UdpSocket(int fd, const Address& local, bool gso);
  SendStatus send_one(const Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                      const std::optional<Address>& from);

  // More slots would spoil the cache: 8 full trains are half a megabyte.
  static constexpr std::size_t kSlots = 8;
  static constexpr std::size_t kSlotBytes = 65536;
  struct Slots;

  int fd_;
  Address local_;
  bool gso_;
  bool wildcard_;
  bool filled_ = false;
  std::unique_ptr<Slots> slots_;
  std::array<DatagramTrain, kSlots> trains_;
};

}  // namespace archy::rt

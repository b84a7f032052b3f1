// UDP as the transport sees it: trains of equal datagrams in and out, so that GSO and GRO carry
// them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "rt/address.hpp"

namespace archy::rt {

// A run of datagrams from one sender: all `segment` bytes long except perhaps the last. Views die
// with the call.
struct DatagramTrain {
  Address from;
  Address to;  // the local address it came to; the bound one where the system does not say
  ByteView bytes;
  std::size_t segment = 0;
  std::uint8_t ecn = 0;  // two low bits of the IP header field
};

enum class SendStatus : unsigned char {
  sent,     // handed to the system (which may still drop it: it is UDP)
  blocked,  // nothing was taken: ask on_writable
  dropped,  // refused for good (no route, too big): treat as lost
};

// Thread: the loop. Lifetime: no call-back after the destructor.
class DatagramSocket {
 public:
  virtual ~DatagramSocket() = default;
  virtual Address local_address() const = 0;
  // One call per read batch. Replaces the previous receiver.
  virtual void on_receive(std::function<void(std::span<const DatagramTrain>)> receiver) = 0;
  // Requires: segment > 0, bytes.size() <= segment * max_train(). Copies before it returns.
  // `from`: the local address to send from, where that is not the bound one.
  virtual SendStatus send(const Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                          const std::optional<Address>& from) = 0;
  // Called once when the socket takes data again.
  virtual void on_writable(std::function<void()> ready) = 0;
  // How many datagrams one send takes: 1 without segmentation offload. May fall while running.
  virtual std::size_t max_train() const = 0;
};

struct DatagramOptions {
  std::size_t buffer_bytes = 4u << 20;
  bool gso = true;
  bool gro = true;
};

class DatagramNetwork {
 public:
  virtual ~DatagramNetwork() = default;
  // Errors: io (address in use, not local), bad_input.
  virtual Result<std::unique_ptr<DatagramSocket>> bind(const Address& address,
                                                       DatagramOptions options) = 0;
  // The addresses of this machine's interfaces that are up, without port.
  virtual std::vector<Address> interface_addresses() = 0;
};

}  // namespace archy::rt

// Takes packets out of ngtcp2 and hands them to a socket in trains of equal size.
#pragma once

#include "quic/connection_core.hpp"

namespace archy::quic {

class EndpointCore;

// One per endpoint; its buffer is shared by all connections because a pass never suspends.
// Cost: nothing is allocated per packet.
class PacketWriter {
 public:
  explicit PacketWriter(EndpointCore& endpoint);
  // One pass: at most a burst, so that pacing holds and other connections get turns.
  void write(ConnectionCore& connection, ngtcp2_tstamp now);

 private:
  // Packets of equal size that lie one behind the other in the buffer; only the last is shorter.
  struct Train {
    std::size_t socket = 0;
    rt::Address to, from;
    std::size_t at = 0;
    std::size_t bytes = 0;
    std::size_t segment = 0;
    std::uint8_t ecn = 0;
    bool full = false;
  };
  enum class Next : unsigned char { packet, done, failed };
  // How much one pass may send: ngtcp2's send quantum, and more only as far as a pause for it would
  // be too short to wait for.
  static std::size_t burst_bytes(ngtcp2_conn* conn);
  // Lets ngtcp2 build one packet at `out`. Shape: its length in `length`.
  Next build(ConnectionCore& connection, std::uint8_t* out, std::size_t& length, std::uint8_t& ecn,
             ngtcp2_tstamp now);
  // Tells ngtcp2 how much went out just now, so that it sets when the next may go.
  void pace(ConnectionCore& connection, std::size_t total, ngtcp2_tstamp now);
  // False when the connection cannot go on in this pass.
  bool send(ConnectionCore& connection, const Train& train, ngtcp2_tstamp now);

  EndpointCore& endpoint_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::vector<Train> trains_;         // of this pass
  ngtcp2_path_storage path_{};        // of the packet built last
  ngtcp2_path_storage train_path_{};  // of the last train
  bool connection_blocked_ = false;   // by the peer's connection window
};

}  // namespace archy::quic

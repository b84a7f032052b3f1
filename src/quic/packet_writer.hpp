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
  // One pass: at most ngtcp2's send quantum, so that pacing holds and other connections get turns.
  void write(ConnectionCore& connection, ngtcp2_tstamp now);

 private:
  // A train in the making, at the front of the buffer.
  struct Train {
    std::size_t bytes = 0;
    std::size_t segment = 0;
    std::size_t count = 0;
    std::uint8_t ecn = 0;
  };
  enum class Next : unsigned char { packet, done, failed };
  // Lets ngtcp2 build one packet at `out`. Shape: its length in `length`.
  Next build(ConnectionCore& connection, std::uint8_t* out, std::size_t& length, std::uint8_t& ecn,
             ngtcp2_tstamp now);
  // Tells ngtcp2 how much went out just now, so that it sets when the next may go.
  void pace(ConnectionCore& connection, std::size_t total, ngtcp2_tstamp now);
  // False when the connection cannot go on in this pass.
  bool send(ConnectionCore& connection, ByteView bytes, std::size_t segment, std::uint8_t ecn,
            const ngtcp2_path& path, ngtcp2_tstamp now);

  EndpointCore& endpoint_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  ngtcp2_path_storage path_{};        // of the packet built last
  ngtcp2_path_storage train_path_{};  // of the train in the making
  bool connection_blocked_ = false;   // by the peer's connection window
};

}  // namespace archy::quic

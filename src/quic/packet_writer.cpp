#include "quic/packet_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "quic/connection_config.hpp"
#include "quic/endpoint_core.hpp"
#include "quic/socket_address.hpp"

namespace archy::quic {
namespace {

// The most a UDP datagram, and so a train, can carry, less a little.
constexpr std::size_t kTrainBytes = 65000;

// The most one pass builds before it hands anything to the kernel: the receiver, which wakes at the
// first train, then finds the others there too. More would spoil the cache.
constexpr std::size_t kBurstBytes = 8 * kTrainBytes;

// A pause shorter than this is not worth a timer, which is no finer and costs a system call: bursts
// gather until their pause is longer. Below some 400 MB/s every burst is paced by itself.
constexpr ngtcp2_duration kPacingGrain = 150'000;

// Pacing begins when a connection has sent so much: one send quantum.
constexpr std::uint64_t kUnpacedStart = 64u << 10;

}  // namespace

PacketWriter::PacketWriter(EndpointCore& endpoint)
    : endpoint_(endpoint),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kBurstBytes + kMaxUdpPayload)) {
  ngtcp2_path_storage_zero(&path_);
  ngtcp2_path_storage_zero(&train_path_);
}

void PacketWriter::write(ConnectionCore& connection, ngtcp2_tstamp now) {
  const std::size_t most = endpoint_.max_train(connection.current_socket());
  const std::size_t burst = burst_bytes(connection.ngtcp2());
  std::size_t total = 0;
  trains_.clear();
  connection_blocked_ = false;

  // A last train much shorter than the others costs as much as they do: it waits for the next pass.
  while (total == 0 || total + kMaxUdpPayload <= burst) {
    if (endpoint_.wait_if_blocked(connection)) break;
    std::size_t length = 0;
    std::uint8_t ecn = 0;
    const Next next = build(connection, buffer_.get() + total, length, ecn, now);
    if (next == Next::failed) return;  // the connection is closing; the trains are lost with it
    if (next == Next::done) break;
    // A path MTU probe, or another path or mark, goes in a train of its own.
    if (trains_.empty() || trains_.back().full || length > trains_.back().segment ||
        ecn != trains_.back().ecn || !ngtcp2_path_eq(&path_.path, &train_path_.path)) {
      ngtcp2_path_copy(&train_path_.path, &path_.path);
      trains_.push_back({.socket = connection.socket_for(path_.path),
                         .to = to_address(path_.path.remote),
                         .from = to_address(path_.path.local),
                         .at = total,
                         .segment = length,
                         .ecn = ecn});
    }
    Train& train = trains_.back();
    total += length;
    train.bytes += length;
    train.full = length < train.segment || train.bytes / train.segment >= most ||
                 train.bytes + train.segment > kTrainBytes;
  }
  for (const Train& train : trains_) {
    if (!send(connection, train, now)) return;
  }
  if (total > 0) pace(connection, total, now);
  if (total + kMaxUdpPayload > burst) endpoint_.schedule(connection);
  connection.streams().rotate_sending();
}

namespace {

// Bytes a nanosecond at which the congestion controller would have us send.
double pacing_rate(ngtcp2_conn* conn) {
  const auto stat = shim::stat_of(conn);
  return 1.25 * static_cast<double>(stat.cwnd) /
         static_cast<double>(std::max<std::uint64_t>(stat.smoothed_rtt, 1));
}

}  // namespace

std::size_t PacketWriter::burst_bytes(ngtcp2_conn* conn) {
  const std::size_t quantum = ngtcp2_conn_get_send_quantum(conn);
  if (quantum < kTrainBytes) return quantum;
  const double grain = pacing_rate(conn) * static_cast<double>(kPacingGrain);
  if (grain <= static_cast<double>(kTrainBytes)) return kTrainBytes;
  if (grain >= static_cast<double>(kBurstBytes)) return kBurstBytes;
  return static_cast<std::size_t>(grain) / kTrainBytes * kTrainBytes;
}

void PacketWriter::pace(ConnectionCore& connection, std::size_t total, ngtcp2_tstamp now) {
  // Round trips of the handshake hold the peer's signature arithmetic, and before the first one the
  // guess is a third of a second: paced by them, a first answer would wait several times its real
  // round trip. Slow start bounds these bursts.
  if (connection.sent() < kUnpacedStart) return;
  const std::size_t unpaced = connection.add_unpaced(total);
  if (static_cast<double>(unpaced) <
      pacing_rate(connection.ngtcp2()) * static_cast<double>(kPacingGrain)) {
    return;
  }
  connection.clear_unpaced();
  ngtcp2_conn_update_pkt_tx_time(connection.ngtcp2(), now);
}

PacketWriter::Next PacketWriter::build(ConnectionCore& connection, std::uint8_t* out,
                                       std::size_t& length, std::uint8_t& ecn, ngtcp2_tstamp now) {
  ngtcp2_conn* conn = connection.ngtcp2();
  StreamTable& streams = connection.streams();
  std::array<ngtcp2_vec, 8> pieces;
  for (;;) {
    StreamState* stream = connection_blocked_ ? nullptr : streams.sending();
    std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    std::int64_t id = -1;
    std::size_t count = 0;
    bool fin = false;
    if (stream) {
      id = stream->id;
      count = stream->outgoing.next(pieces, kMaxUdpPayload);
      std::uint64_t offered = 0;
      for (std::size_t i = 0; i < count; ++i) offered += pieces[i].len;
      fin = stream->finish_wanted && offered == stream->outgoing.unsent();
      flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
      if (fin) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    }
    ngtcp2_pkt_info info{};
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize written =
        ngtcp2_conn_writev_stream(conn, &path_.path, &info, out, kMaxUdpPayload, &taken, flags, id,
                                  pieces.data(), count, now);
    if (stream && taken >= 0) {
      stream->outgoing.mark_sent(static_cast<std::size_t>(taken));
      if (fin && stream->outgoing.unsent() == 0) {
        stream->fin_sent = true;
        stream->fin_alone = taken == 0 && stream->outgoing.queued() > 0;
      }
      if (stream->writer_waits) streams.mark_dirty(*stream);
    }
    if (written > 0) {
      length = static_cast<std::size_t>(written);
      ecn = static_cast<std::uint8_t>(info.ecn);
      return Next::packet;
    }
    if (written == 0) return Next::done;
    switch (static_cast<int>(written)) {
      case NGTCP2_ERR_WRITE_MORE:
        continue;
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        if (ngtcp2_conn_get_max_data_left(conn) == 0) {
          connection_blocked_ = true;
        } else {
          stream->flow_blocked = true;
          streams.skip_sending();
        }
        continue;
      case NGTCP2_ERR_STREAM_SHUT_WR:
      case NGTCP2_ERR_STREAM_NOT_FOUND:
        stream->reset_sent = true;
        streams.mark_dirty(*stream);
        streams.skip_sending();
        continue;
      default:
        connection.write_failed(static_cast<int>(written), now);
        return Next::failed;
    }
  }
}

bool PacketWriter::send(ConnectionCore& connection, const Train& train, ngtcp2_tstamp now) {
  connection.count_sent(train.bytes);
  const auto status =
      endpoint_.send(train.socket, train.to, {buffer_.get() + train.at, train.bytes}, train.segment,
                     train.ecn, train.from);
  if (status != rt::SendStatus::dropped) return true;
  connection.path_refused(now);
  return connection.may_write();
}

}  // namespace archy::quic

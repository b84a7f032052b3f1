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

// A pause shorter than this is not worth a timer, which is no finer and costs a system call: bursts
// gather until their pause is longer. Below some 400 MB/s every burst is paced by itself.
constexpr ngtcp2_duration kPacingGrain = 150'000;

}  // namespace

PacketWriter::PacketWriter(EndpointCore& endpoint)
    : endpoint_(endpoint),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kTrainBytes + kMaxUdpPayload)) {
  ngtcp2_path_storage_zero(&path_);
  ngtcp2_path_storage_zero(&train_path_);
}

void PacketWriter::write(ConnectionCore& connection, ngtcp2_tstamp now) {
  ngtcp2_conn* conn = connection.ngtcp2();
  const std::size_t quantum = ngtcp2_conn_get_send_quantum(conn);
  const std::size_t most = endpoint_.max_train(connection.current_socket());
  std::size_t total = 0;
  Train train;
  connection_blocked_ = false;

  auto send_train = [&] {
    const Train full = std::exchange(train, {});
    return full.bytes == 0 || send(connection, {buffer_.get(), full.bytes}, full.segment, full.ecn,
                                   train_path_.path, now);
  };

  while (total < quantum || total == 0) {
    if (endpoint_.wait_if_blocked(connection)) break;
    std::uint8_t* out = buffer_.get() + train.bytes;
    std::size_t length = 0;
    std::uint8_t ecn = 0;
    const Next next = build(connection, out, length, ecn, now);
    if (next == Next::failed) return;  // the connection is closing; the train is lost with it
    if (next == Next::done) break;
    total += length;
    const bool fits = train.count == 0 || (length <= train.segment && ecn == train.ecn &&
                                           ngtcp2_path_eq(&path_.path, &train_path_.path));
    if (!fits) {
      // A path MTU probe, or another path or mark: it goes alone, after the train before it.
      const std::size_t before = train.bytes;
      if (!send_train()) return;
      if (!send(connection, {buffer_.get() + before, length}, length, ecn, path_.path, now)) return;
      continue;
    }
    if (train.count == 0) {
      ngtcp2_path_copy(&train_path_.path, &path_.path);
      train.segment = length;
      train.ecn = ecn;
    }
    train.bytes += length;
    ++train.count;
    const bool last =
        length < train.segment || train.count == most || train.bytes + train.segment > kTrainBytes;
    if (last && !send_train()) return;
  }
  if (!send_train()) return;
  if (total > 0) pace(connection, total, now);
  if (total >= quantum) endpoint_.schedule(connection);
  connection.streams().rotate_sending();
}

void PacketWriter::pace(ConnectionCore& connection, std::size_t total, ngtcp2_tstamp now) {
  // Before the first round trip is measured the rate would come from the initial guess of a third
  // of a second: the client's second flight would wait 20 ms. The initial window bounds the burst.
  if (ngtcp2_conn_get_handshake_completed(connection.ngtcp2()) == 0) return;
  const auto stat = shim::stat_of(connection.ngtcp2());
  const std::size_t unpaced = connection.add_unpaced(total);
  const double rest = static_cast<double>(unpaced) * static_cast<double>(stat.smoothed_rtt) /
                      (1.25 * static_cast<double>(std::max<std::uint64_t>(stat.cwnd, 1)));
  if (rest < static_cast<double>(kPacingGrain)) return;
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

bool PacketWriter::send(ConnectionCore& connection, ByteView bytes, std::size_t segment,
                        std::uint8_t ecn, const ngtcp2_path& path, ngtcp2_tstamp now) {
  const std::size_t socket = connection.socket_for(path);
  connection.count_sent(bytes.size());
  const auto status =
      endpoint_.send(socket, to_address(path.remote), bytes, segment, ecn, to_address(path.local));
  if (status != rt::SendStatus::dropped) return true;
  connection.path_refused(now);
  return connection.may_write();
}

}  // namespace archy::quic

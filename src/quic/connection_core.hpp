// One QUIC connection: owns ngtcp2's state and the TLS session, feeds packets in, lets the packet
// writer take packets out, and knows how it ended.
#pragma once

#include <functional>
#include <memory>

#include "quic/close_mapping.hpp"
#include "quic/ngtcp2_shim.hpp"
#include "quic/stop_sending.hpp"
#include "quic/stream_table.hpp"
#include "quic/tls_session.hpp"
#include "quic/types.hpp"

namespace archy::quic {

class EndpointCore;

// Thread: the loop. Lifetime: the endpoint owns it until it is over; handles keep the object (not
// ngtcp2's state) longer.
// Invariants:
// 1. established() implies a peer key that TLS verified.
// 2. closed() set implies every stream has been told, and no stream data is written any more.
// 3. ngtcp2 is never re-entered: its call-backs only change state and mark streams.
class ConnectionCore : public std::enable_shared_from_this<ConnectionCore> {
 public:
  struct ClientStart {
    rt::Address local, remote;
    std::size_t socket = 0;
    EndpointId expected;
    std::string alpn;
  };
  struct ServerStart {
    rt::Address local, remote;
    std::size_t socket = 0;
    const ngtcp2_pkt_hd* initial = nullptr;
    const ngtcp2_cid* original_dcid = nullptr;  // set after a Retry
    rt::Instant now{};
  };
  // Errors: unsupported, internal.
  static Result<std::shared_ptr<ConnectionCore>> connect(EndpointCore& endpoint,
                                                         std::uint64_t serial,
                                                         const ClientStart& start);
  static Result<std::shared_ptr<ConnectionCore>> accept(EndpointCore& endpoint,
                                                        std::uint64_t serial,
                                                        const ServerStart& start);
  ~ConnectionCore();
  ConnectionCore(const ConnectionCore&) = delete;

  // --- the endpoint's side
  std::uint64_t serial() const { return serial_; }
  void receive(std::size_t socket, const rt::Address& from, const rt::Address& to, std::uint8_t ecn,
               ByteView packet, ngtcp2_tstamp now);
  // The end of a read batch or a turn with writes: packets out, waiters woken, timer set.
  void flush(ngtcp2_tstamp now);
  // The endpoint goes: silently over, with whatever CONNECTION_CLOSE was sent before.
  void abandon();
  bool scheduled = false;  // in the endpoint's list for the next flush
  bool half_open() const { return server_ && !established_ && !closed_; }
  bool over() const { return over_; }

  // --- the user's side
  bool established() const { return established_; }
  const EndpointId& peer() const { return peer_; }
  const std::string& alpn() const { return alpn_; }
  const std::string& key_failure() const { return tls_failure_; }
  const rt::Address& remote_address() const { return remote_; }
  Stats stats() const;
  void close(std::uint64_t application_code, std::string_view reason);
  const std::optional<CloseInfo>& closed() const { return closed_; }
  // Woken when the handshake is complete, a stream was offered, credit came, or it is closed.
  rt::Signal& changed() { return changed_; }
  rt::Clock& clock() const { return clock_; }
  const rt::Executor& executor() const { return executor_; }
  StreamTable& streams() { return streams_; }
  // Null when the peer grants no stream now. Requires: established, not closed.
  std::shared_ptr<StreamState> open_stream();
  // Somebody else to tell once, at establishment or the end.
  std::function<void()> on_outcome;

  // --- streams call these; each is a no-op once closed
  void stream_writes(StreamState& stream);
  void stream_consumed(StreamState& stream, std::size_t n);
  void stream_resets(StreamState& stream, std::uint64_t code);
  void stream_stops(StreamState& stream, std::uint64_t code);
  void stream_released(StreamState& stream);

  // --- the packet writer's view
  ngtcp2_conn* ngtcp2() const { return conn_; }
  bool may_write() const { return conn_ != nullptr && !closed_; }
  std::size_t socket_for(const ngtcp2_path& path);
  std::size_t current_socket() const { return socket_; }
  void count_sent(std::size_t bytes) { bytes_sent_ += bytes; }
  std::uint64_t sent() const { return bytes_sent_; }
  // Bytes sent since ngtcp2 was last told to pace.
  std::size_t add_unpaced(std::size_t bytes) { return unpaced_ += bytes; }
  void clear_unpaced() { unpaced_ = 0; }
  void write_failed(int liberr, ngtcp2_tstamp now);
  // The system refuses the path for good.
  void path_refused(ngtcp2_tstamp now);

 private:
  friend struct Ngtcp2Events;
  ConnectionCore(EndpointCore& endpoint, std::uint64_t serial, bool server);
  Result<> finish_start(int liberr);
  void apply_stops();
  void read_failed(int liberr, ngtcp2_tstamp now);
  void close_with(const shim::CloseError& error, CloseInfo info, ngtcp2_tstamp now);
  void answer_after_close();
  void ended(CloseInfo info);
  void linger(ngtcp2_tstamp now);
  void forget_transport();
  void release();
  void arm(ngtcp2_tstamp now);
  void on_timer();
  void outcome();

  EndpointCore* endpoint_;
  rt::Clock& clock_;
  rt::Executor executor_;
  const std::uint64_t serial_;
  const bool server_;
  std::unique_ptr<TlsSession> tls_;
  ngtcp2_conn* conn_ = nullptr;

  // Path of the last packet, so that a run of packets converts addresses once.
  ngtcp2_path_storage path_{};
  rt::Address local_, remote_;
  std::size_t socket_ = 0;

  StreamTable streams_;
  std::vector<StopSending> stops_;  // found in the packet being read
  rt::Signal changed_;
  bool signal_changed_ = false;
  bool established_ = false;
  bool stateless_reset_ = false;
  EndpointId peer_;
  std::string alpn_;
  std::string tls_failure_;
  std::optional<CloseInfo> closed_;
  Stats last_stats_;
  std::size_t unpaced_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_received_ = 0;

  std::vector<ngtcp2_cid> cids_;  // ids under which we are in the table, besides ngtcp2's own
  Bytes close_packet_;            // repeated while packets still come in
  std::uint32_t packets_while_closing_ = 0;
  bool over_ = false;
  std::unique_ptr<rt::Timer> timer_;
  rt::Instant armed_ = rt::kNever;
};

}  // namespace archy::quic

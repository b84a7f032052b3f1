#include "quic/connection_core.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "quic/connection_config.hpp"
#include "quic/endpoint_core.hpp"
#include "quic/ngtcp2_events.hpp"
#include "quic/socket_address.hpp"

namespace archy::quic {

ConnectionCore::ConnectionCore(EndpointCore& endpoint, std::uint64_t serial, bool server)
    : endpoint_(&endpoint),
      clock_(endpoint.env().clock),
      executor_(endpoint.env().executor),
      serial_(serial),
      server_(server),
      changed_(executor_),
      timer_(clock_.make_timer()) {}

ConnectionCore::~ConnectionCore() {
  if (conn_) ngtcp2_conn_del(conn_);
}

Result<> ConnectionCore::finish_start(int liberr) {
  if (liberr != 0) return fail(Code::internal, ngtcp2_strerror(liberr));
  tls_->attach(conn_);
  return {};
}

Result<std::shared_ptr<ConnectionCore>> ConnectionCore::connect(EndpointCore& endpoint,
                                                                std::uint64_t serial,
                                                                const ClientStart& start) {
  std::shared_ptr<ConnectionCore> self(new ConnectionCore(endpoint, serial, false));
  auto tls =
      TlsSession::client(endpoint.identity(), start.alpn, start.expected, endpoint.tuning().tls);
  if (!tls) return fail(std::move(tls).error());
  self->tls_ = std::move(*tls);
  self->local_ = start.local;
  self->remote_ = start.remote;
  self->socket_ = start.socket;
  set_path(self->path_, start.local, start.remote);

  auto settings = make_settings(endpoint.config(), to_ngtcp2(self->clock_.now()));
  settings.rand_ctx.native_handle = &endpoint.env().random;
  const auto params = make_params(endpoint.config());
  ngtcp2_cid source, destination;
  destination.datalen = 20;
  endpoint.env().random.fill({destination.data, destination.datalen});
  endpoint.fresh_cid(*self, source);
  self->cids_.push_back(source);
  TRY_OK(self->finish_start(ngtcp2_conn_client_new(
      &self->conn_, &destination, &source, &self->path_.path, NGTCP2_PROTO_VER_V1,
      &client_callbacks(), &settings, &params, nullptr, self.get())));
  return self;
}

Result<std::shared_ptr<ConnectionCore>> ConnectionCore::accept(EndpointCore& endpoint,
                                                               std::uint64_t serial,
                                                               const ServerStart& start) {
  std::shared_ptr<ConnectionCore> self(new ConnectionCore(endpoint, serial, true));
  auto tls = TlsSession::server(endpoint.identity(), endpoint.config().alpns);
  if (!tls) return fail(std::move(tls).error());
  self->tls_ = std::move(*tls);
  self->local_ = start.local;
  self->remote_ = start.remote;
  self->socket_ = start.socket;
  set_path(self->path_, start.local, start.remote);

  auto settings = make_settings(endpoint.config(), to_ngtcp2(start.now));
  settings.rand_ctx.native_handle = &endpoint.env().random;
  auto params = make_params(endpoint.config());
  const ngtcp2_pkt_hd& initial = *start.initial;
  if (start.original_dcid) {
    shim::set_token(settings, shim::token_of(initial), true);
    shim::set_original_dcid(params, *start.original_dcid);
    params.retry_scid = initial.dcid;
    params.retry_scid_present = 1;
  } else {
    shim::set_original_dcid(params, initial.dcid);
  }
  ngtcp2_cid source;
  endpoint.fresh_cid(*self, source);
  self->cids_.push_back(source);
  params.stateless_reset_token_present = 1;
  endpoint.reset_token(source, params.stateless_reset_token);
  TRY_OK(self->finish_start(ngtcp2_conn_server_new(
      &self->conn_, &initial.scid, &source, &self->path_.path, initial.version, &server_callbacks(),
      &settings, &params, nullptr, self.get())));
  // The client's copies of its first packet, on whatever socket, find this connection.
  endpoint.cids().add({initial.dcid.data, initial.dcid.datalen}, self.get());
  self->cids_.push_back(initial.dcid);
  return self;
}

void ConnectionCore::receive(std::size_t socket, const rt::Address& from, const rt::Address& to,
                             std::uint8_t ecn, ByteView packet, ngtcp2_tstamp now) {
  if (over_) return;
  bytes_received_ += packet.size();
  if (closed_) {
    answer_after_close();
    return;
  }
  if (server_) {
    if (from != remote_ || to != local_ || socket != socket_) {
      // iroh sends its first flights to every address it knows: one path answers, the first.
      if (!established_) return;
      local_ = to;
      remote_ = from;
      socket_ = socket;
      set_path(path_, to, from);
    }
  } else if (from != remote_ || socket != socket_) {
    return;  // a client's server does not move
  }
  ngtcp2_pkt_info info{};
  info.ecn = ecn;
  const int rv = read_packet(*this, path_.path, info, packet, now);
  if (!stops_.empty()) apply_stops();
  if (rv != 0) read_failed(rv, now);
}

void ConnectionCore::apply_stops() {
  for (const auto& stop : stops_) {
    StreamState* stream = streams_.find(static_cast<std::int64_t>(stop.stream));
    if (!stream || stream->stop_code || stream->fin_acked) continue;
    stream->stop_code = stop.code;
    stream->outgoing.drop_unsent();
    streams_.mark_dirty(*stream);
  }
  stops_.clear();
}

void ConnectionCore::read_failed(int liberr, ngtcp2_tstamp now) {
  if (tls_failure_.empty()) tls_failure_ = tls_->key_failure();
  shim::CloseError error;
  shim::close_error_default(error);
  switch (liberr) {
    case NGTCP2_ERR_DRAINING: {
      if (stateless_reset_) {
        ended({CloseInfo::By::lost, false, 0, "stateless reset"});
      } else {
        ended(close_from_wire(CloseInfo::By::peer, shim::close_error_of(conn_)));
      }
      linger(now);
      return;
    }
    case NGTCP2_ERR_CLOSING:
      return;
    case NGTCP2_ERR_RETRY:  // a first packet we cannot use: it is as if it never came
    case NGTCP2_ERR_DROP_CONN:
      ended({CloseInfo::By::lost, false, 0, "unusable first packet"});
      release();
      return;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      ended({CloseInfo::By::lost, false, 0, "no common QUIC version"});
      release();
      return;
    case NGTCP2_ERR_CRYPTO:
      shim::set_tls_alert(error, ngtcp2_conn_get_tls_alert(conn_));
      break;
    default:
      shim::set_liberr(error, liberr);
  }
  CloseInfo info = close_from_wire(CloseInfo::By::us, error);
  info.reason = tls_failure_.empty() ? ngtcp2_strerror(liberr) : tls_failure_;
  close_with(error, std::move(info), now);
}

void ConnectionCore::write_failed(int liberr, ngtcp2_tstamp now) { read_failed(liberr, now); }

void ConnectionCore::path_refused(ngtcp2_tstamp now) {
  (void)now;
  if (server_ || established_ || closed_) return;
  ended({CloseInfo::By::lost, false, 0, "no route to the address"});
  release();
}

void ConnectionCore::flush(ngtcp2_tstamp now) {
  if (may_write()) endpoint_->writer().write(*this, now);
  streams_.wake_dirty();
  if (std::exchange(signal_changed_, false)) {
    if (established_) outcome();
    changed_.notify();
  }
  if (!closed_ && conn_) arm(now);
}

void ConnectionCore::arm(ngtcp2_tstamp now) {
  const ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(conn_);
  if (expiry == UINT64_MAX) return;
  const rt::Instant when{rt::Duration(std::max(expiry, now))};
  if (when >= armed_) return;  // it fires too early and is set again then: cheaper than re-arming
  armed_ = when;
  timer_->arm(when, [this] { on_timer(); });
}

void ConnectionCore::on_timer() {
  armed_ = rt::kNever;
  if (over_) return;
  if (closed_) {
    release();
    return;
  }
  const ngtcp2_tstamp now = to_ngtcp2(clock_.now());
  if (ngtcp2_conn_get_expiry(conn_) <= now) {
    const int rv = ngtcp2_conn_handle_expiry(conn_, now);
    if (rv == NGTCP2_ERR_IDLE_CLOSE || rv == NGTCP2_ERR_HANDSHAKE_TIMEOUT) {
      ended({CloseInfo::By::timeout, false, 0, {}});
      release();
      return;
    }
    if (rv != 0) {
      write_failed(rv, now);
      return;
    }
  }
  flush(now);
}

void ConnectionCore::close(std::uint64_t application_code, std::string_view reason) {
  if (closed_ || !conn_) return;
  reason = reason.substr(0, kReasonBytes);
  shim::CloseError error;
  shim::close_error_default(error);
  shim::set_application(error, application_code, reason);
  close_with(error, {CloseInfo::By::us, true, application_code, std::string(reason)},
             to_ngtcp2(clock_.now()));
}

void ConnectionCore::close_with(const shim::CloseError& error, CloseInfo info, ngtcp2_tstamp now) {
  if (closed_) return;
  close_packet_.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info packet_info{};
  const auto length = ngtcp2_conn_write_connection_close(
      conn_, &path.path, &packet_info, close_packet_.data(), close_packet_.size(), &error, now);
  close_packet_.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  close_packet_.shrink_to_fit();
  if (length > 0) {
    endpoint_->send_alone(socket_for(path.path), to_address(path.path.remote),
                          to_address(path.path.local), close_packet_);
    count_sent(close_packet_.size());
  }
  ended(std::move(info));
  linger(now);
}

void ConnectionCore::answer_after_close() {
  // Ever more rarely: 1st, 2nd, 4th, 8th ... packet.
  ++packets_while_closing_;
  if (close_packet_.empty() || (packets_while_closing_ & (packets_while_closing_ - 1)) != 0) return;
  endpoint_->send_alone(socket_, remote_, local_, close_packet_);
}

void ConnectionCore::ended(CloseInfo info) {
  if (closed_) return;
  last_stats_ = stats();
  closed_ = std::move(info);
  streams_.lose_all(gone_error(*closed_));
  outcome();
  changed_.notify();
}

void ConnectionCore::outcome() {
  auto tell = std::exchange(on_outcome, nullptr);
  if (tell) tell();
}

void ConnectionCore::linger(ngtcp2_tstamp now) {
  if (!conn_) return;
  const auto rest = 3 * ngtcp2_conn_get_pto(conn_);
  forget_transport();
  armed_ = rt::Instant(rt::Duration(now + rest));
  timer_->arm(armed_, [this] { on_timer(); });
}

void ConnectionCore::forget_transport() {
  if (!conn_) return;
  std::vector<ngtcp2_cid> ours(ngtcp2_conn_get_num_scid(conn_));
  ours.resize(ngtcp2_conn_get_scid(conn_, ours.data()));
  cids_.insert(cids_.end(), ours.begin(), ours.end());
  ngtcp2_conn_del(std::exchange(conn_, nullptr));
  tls_.reset();
}

void ConnectionCore::release() {
  if (over_) return;
  over_ = true;
  forget_transport();
  timer_->disarm();
  if (!endpoint_) return;
  for (const auto& cid : cids_) endpoint_->cids().remove({cid.data, cid.datalen}, this);
  endpoint_->connection_over(*this);
}

void ConnectionCore::abandon() {
  ended({CloseInfo::By::us, true, 0, "endpoint closed"});
  over_ = true;
  forget_transport();
  timer_.reset();
  endpoint_ = nullptr;
}

std::size_t ConnectionCore::socket_for(const ngtcp2_path& path) {
  const ngtcp2_addr& known = path_.path.local;
  if (path.local.addrlen == known.addrlen &&
      std::memcmp(path.local.addr, known.addr, known.addrlen) == 0) {
    return socket_;
  }
  return endpoint_->socket_of(to_address(path.local)).value_or(socket_);
}

Stats ConnectionCore::stats() const {
  if (!conn_) return last_stats_;
  Stats out;
  const auto stat = shim::stat_of(conn_);
  out.bytes_sent = bytes_sent_;
  out.bytes_received = bytes_received_;
  out.smoothed_rtt = rt::Duration(stat.smoothed_rtt);
  out.path_mtu = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_);
  return out;
}

std::shared_ptr<StreamState> ConnectionCore::open_stream() {
  if (closed_ || !conn_ || ngtcp2_conn_get_streams_bidi_left(conn_) == 0) return nullptr;
  std::int64_t id = -1;
  if (ngtcp2_conn_open_bidi_stream(conn_, &id, nullptr) != 0) return nullptr;
  auto stream = std::make_shared<StreamState>(this, executor_, id);
  streams_.add(stream);
  return stream;
}

void ConnectionCore::stream_writes(StreamState& stream) {
  if (!may_write()) return;
  streams_.schedule(stream);
  endpoint_->schedule(*this);
}

void ConnectionCore::stream_consumed(StreamState& stream, std::size_t n) {
  if (!may_write() || n == 0) return;
  ngtcp2_conn_extend_max_offset(conn_, n);
  if (!stream.forgotten && !stream.fin_received) {
    ngtcp2_conn_extend_max_stream_offset(conn_, stream.id, n);
  }
  endpoint_->schedule(*this);
}

void ConnectionCore::stream_resets(StreamState& stream, std::uint64_t code) {
  if (!may_write() || stream.forgotten || stream.reset_sent || stream.fin_acked) return;
  stream.reset_sent = true;
  stream.outgoing.drop_unsent();
  shim::shutdown_write(conn_, stream.id, code);
  streams_.mark_dirty(stream);
  endpoint_->schedule(*this);
}

void ConnectionCore::stream_stops(StreamState& stream, std::uint64_t code) {
  if (!may_write() || stream.stopped) return;
  stream.stopped = true;
  stream_consumed(stream, stream.received.size());
  stream.received.clear();
  if (!stream.forgotten && !stream.fin_received && !stream.reset_code) {
    shim::shutdown_read(conn_, stream.id, code);
  }
  streams_.mark_dirty(stream);
  endpoint_->schedule(*this);
}

void ConnectionCore::stream_released(StreamState& stream) {
  if (stream.released) return;
  stream.released = true;
  if (may_write() && stream.remote && stream.forgotten) {
    ngtcp2_conn_extend_max_streams_bidi(conn_, 1);
    endpoint_->schedule(*this);
  }
}

}  // namespace archy::quic

#include "quic/ngtcp2_events.hpp"

#include <array>

#include "quic/connection_core.hpp"
#include "quic/endpoint_core.hpp"
#include "quic/stop_sending.hpp"

namespace archy::quic {

struct Ngtcp2Events {
  // The connection whose packet is being read on this thread: the decrypt call-back is told none.
  static thread_local ConnectionCore* reading;

  static ConnectionCore& core(void* user_data) { return *static_cast<ConnectionCore*>(user_data); }

  static void rand(std::uint8_t* out, std::size_t length, const ngtcp2_rand_ctx* context) {
    static_cast<rt::Random*>(context->native_handle)->fill({out, length});
  }

  static int new_connection_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token,
                               std::size_t length, void* user_data) {
    auto& self = core(user_data);
    return self.endpoint_->issue_cid(self, *cid, token, length) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }

  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user_data) {
    auto& self = core(user_data);
    self.endpoint_->cids().remove({cid->data, cid->datalen}, &self);
    return 0;
  }

  static int handshake_completed(ngtcp2_conn* conn, void* user_data) {
    auto& self = core(user_data);
    if (!self.tls_->peer()) {
      self.tls_failure_ = "the peer proved no key";
      ngtcp2_conn_set_tls_alert(conn, 116);  // certificate_required
      return NGTCP2_ERR_CRYPTO;
    }
    self.peer_ = *self.tls_->peer();
    self.alpn_ = self.tls_->alpn();
    self.established_ = true;
    const auto& negotiated = self.endpoint_->tuning().negotiated;
    if (negotiated) negotiated(self.tls_->group());
    self.signal_changed_ = true;
    ngtcp2_conn_set_keep_alive_timeout(
        conn, static_cast<ngtcp2_duration>(self.endpoint_->config().keep_alive.count()));
    return 0;
  }

  static int recv_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t,
                              const std::uint8_t* data, std::size_t length, void* user_data,
                              void*) {
    auto& self = core(user_data);
    StreamState* stream = self.streams_.find(id);
    if (!stream) return 0;
    if (stream->stopped) self.stream_consumed(*stream, length);
    stream->on_data({data, length}, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
    if (stream->wanted > 0) self.streams_.mark_dirty(*stream);
    return 0;
  }

  static int acked_stream_data(ngtcp2_conn* conn, std::int64_t id, std::uint64_t offset,
                               std::uint64_t length, void* user_data, void*) {
    auto& self = core(user_data);
    StreamState* stream = self.streams_.find(id);
    if (!stream) return 0;
    stream->on_acked(offset + length, ngtcp2_conn_get_stream_loss_count(conn, id));
    if (stream->drain_waits) self.streams_.mark_dirty(*stream);
    return 0;
  }

  static int stream_open(ngtcp2_conn*, std::int64_t id, void* user_data) {
    auto& self = core(user_data);
    auto stream = std::make_shared<StreamState>(&self, self.executor_, id);
    stream->remote = true;
    self.streams_.add(stream);
    self.streams_.offer(std::move(stream));
    self.signal_changed_ = true;
    return 0;
  }

  static int stream_close(ngtcp2_conn* conn, std::uint32_t, std::int64_t id, std::uint64_t,
                          void* user_data, void*) {
    auto& self = core(user_data);
    auto stream = self.streams_.remove(id);
    if (!stream) return 0;
    stream->forgotten = true;
    stream->fin_acked = true;
    stream->outgoing.clear();
    self.streams_.mark_dirty(*stream);
    if (self.streams_.withdraw_offered(*stream)) stream->released = true;
    if (stream->remote && stream->released) ngtcp2_conn_extend_max_streams_bidi(conn, 1);
    return 0;
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t code,
                          void* user_data, void*) {
    auto& self = core(user_data);
    StreamState* stream = self.streams_.find(id);
    if (!stream) return 0;
    if (!stream->reset_code) stream->reset_code = code;
    self.streams_.mark_dirty(*stream);
    return 0;
  }

  // Looks for STOP_SENDING in what was decrypted. A replayed packet tells nothing new: the code of
  // a stream is set once.
  static int decrypt(std::uint8_t* out, const ngtcp2_crypto_aead* aead,
                     const ngtcp2_crypto_aead_ctx* context, const std::uint8_t* sealed,
                     std::size_t length, const std::uint8_t* nonce, std::size_t nonce_length,
                     const std::uint8_t* header, std::size_t header_length) {
    const int rv = ngtcp2_crypto_decrypt_cb(out, aead, context, sealed, length, nonce, nonce_length,
                                            header, header_length);
    const bool short_header = header_length > 0 && (header[0] & 0x80) == 0;
    if (rv != 0 || !short_header || reading == nullptr || length < aead->max_overhead) return rv;
    auto& stops = reading->stops_;
    std::array<StopSending, 16> found;
    const auto count = find_stop_sending({out, length - aead->max_overhead}, found);
    stops.insert(stops.end(), found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count));
    return rv;
  }

  static int more_stream_credit(ngtcp2_conn*, std::uint64_t, void* user_data) {
    core(user_data).signal_changed_ = true;
    return 0;
  }

  static int more_stream_window(ngtcp2_conn*, std::int64_t id, std::uint64_t, void* user_data,
                                void*) {
    auto& self = core(user_data);
    StreamState* stream = self.streams_.find(id);
    if (!stream) return 0;
    stream->flow_blocked = false;
    self.streams_.schedule(*stream);
    return 0;
  }

  static int stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user_data) {
    core(user_data).stateless_reset_ = true;
    return 0;
  }

  static ngtcp2_callbacks common() {
    ngtcp2_callbacks out{};
    out.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    out.encrypt = ngtcp2_crypto_encrypt_cb;
    out.decrypt = decrypt;
    out.hp_mask = ngtcp2_crypto_hp_mask_cb;
    out.update_key = ngtcp2_crypto_update_key_cb;
    out.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    out.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    out.rand = rand;
    out.get_new_connection_id = new_connection_id;
    out.remove_connection_id = remove_connection_id;
    out.handshake_completed = handshake_completed;
    out.recv_stream_data = recv_stream_data;
    out.acked_stream_data_offset = acked_stream_data;
    out.stream_open = stream_open;
    out.stream_close = stream_close;
    out.stream_reset = stream_reset;
    out.extend_max_local_streams_bidi = more_stream_credit;
    out.extend_max_stream_data = more_stream_window;
    out.recv_stateless_reset = stateless_reset;
    return out;
  }
};

thread_local ConnectionCore* Ngtcp2Events::reading = nullptr;

int read_packet(ConnectionCore& connection, const ngtcp2_path& path, const ngtcp2_pkt_info& info,
                ByteView packet, ngtcp2_tstamp now) {
  Ngtcp2Events::reading = &connection;
  const int rv =
      ngtcp2_conn_read_pkt(connection.ngtcp2(), &path, &info, packet.data(), packet.size(), now);
  Ngtcp2Events::reading = nullptr;
  return rv;
}

const ngtcp2_callbacks& client_callbacks() {
  static const ngtcp2_callbacks table = [] {
    auto out = Ngtcp2Events::common();
    out.client_initial = ngtcp2_crypto_client_initial_cb;
    out.recv_retry = ngtcp2_crypto_recv_retry_cb;
    return out;
  }();
  return table;
}

const ngtcp2_callbacks& server_callbacks() {
  static const ngtcp2_callbacks table = [] {
    auto out = Ngtcp2Events::common();
    out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    return out;
  }();
  return table;
}

}  // namespace archy::quic

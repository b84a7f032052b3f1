// The inside of an endpoint: sockets, connection ids, connections, and the turn of the loop in
// which packets come in and go out.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "quic/admission.hpp"
#include "quic/cid_table.hpp"
#include "quic/connection_core.hpp"
#include "quic/packet_writer.hpp"
#include "quic/socket_set.hpp"
#include "quic/stateless_replies.hpp"

namespace archy::quic {

// Thread: the loop. Lifetime: shared by the public Endpoint and its pending coroutines; shut_down()
// ends every connection and closes the sockets, after which nothing happens any more.
class EndpointCore : public std::enable_shared_from_this<EndpointCore> {
 public:
  // Errors: io, unsupported.
  static Result<std::shared_ptr<EndpointCore>> make(rt::Env& env, const crypto::Ed25519Seed& seed,
                                                    Config config, EndpointTuning tuning);
  EndpointCore(const EndpointCore&) = delete;

  // --- the user's side
  const EndpointId& id() const { return identity_->id(); }
  // One attempt at one address. Errors: unreachable (no socket for that family), try_later (full).
  Result<std::shared_ptr<ConnectionCore>> dial(const EndpointId& peer, const rt::Address& remote,
                                               const std::string& alpn);
  std::shared_ptr<ConnectionCore> take_accepted();
  rt::Signal& accepted_signal() { return accepted_signal_; }
  std::size_t live_connections() const;
  void close_all(std::uint64_t code, std::string_view reason);
  void shut_down();
  bool is_shut_down() const { return shut_down_; }

  // --- connections' side
  rt::Env& env() { return env_; }
  const Config& config() const { return config_; }
  const EndpointTuning& tuning() const { return tuning_; }
  const Identity& identity() const { return *identity_; }
  CidTable& cids() { return cids_; }
  PacketWriter& writer() { return writer_; }
  SocketSet& sockets() { return sockets_; }
  // A new id, entered in the table.
  void fresh_cid(ConnectionCore& connection, ngtcp2_cid& out);
  bool issue_cid(ConnectionCore& connection, ngtcp2_cid& cid, std::uint8_t* token,
                 std::size_t length);
  void reset_token(const ngtcp2_cid& cid, std::uint8_t* out) const {
    replies_.reset_token(cid, out);
  }
  // Flushes the connection at the end of this batch, or on the next turn of the loop.
  void schedule(ConnectionCore& connection);
  void connection_over(ConnectionCore& connection);
  std::size_t max_train(std::size_t socket) const { return sockets_.max_train(socket); }
  std::optional<std::size_t> socket_of(const rt::Address& local) const {
    return sockets_.find(local);
  }
  // True when the connection's socket takes nothing now; it is flushed when it does again.
  bool wait_if_blocked(ConnectionCore& connection);
  rt::SendStatus send(std::size_t socket, const rt::Address& to, ByteView bytes,
                      std::size_t segment, std::uint8_t ecn, const rt::Address& from) {
    return sockets_.send(socket, to, bytes, segment, ecn, from);
  }
  void send_alone(std::size_t socket, const rt::Address& to, const rt::Address& from,
                  ByteView packet) {
    if (!packet.empty()) (void)sockets_.send(socket, to, packet, packet.size(), 0, from);
  }

 private:
  EndpointCore(rt::Env& env, Config config, EndpointTuning tuning,
               std::unique_ptr<Identity> identity);
  void on_trains(std::size_t socket, std::span<const rt::DatagramTrain> trains);
  void on_datagram(std::size_t socket, const rt::DatagramTrain& train, ByteView packet,
                   rt::Instant now);
  void on_first_packet(std::size_t socket, const rt::DatagramTrain& train, ByteView packet,
                       rt::Instant now);
  void admit(std::size_t socket, const rt::DatagramTrain& train, ByteView packet,
             const ngtcp2_pkt_hd& initial, const ngtcp2_cid* original, rt::Instant now);
  void flush_scheduled(ngtcp2_tstamp now);
  void post_turn();
  void turn();

  rt::Env& env_;
  const Config config_;
  const EndpointTuning tuning_;
  std::unique_ptr<Identity> identity_;
  StatelessReplies replies_;
  Admission admission_;
  CidTable cids_;
  SocketSet sockets_;
  PacketWriter writer_;
  std::uint64_t next_serial_ = 1;
  std::map<std::uint64_t, std::shared_ptr<ConnectionCore>> connections_;
  std::deque<std::shared_ptr<ConnectionCore>> accepted_;
  rt::Signal accepted_signal_;

  std::vector<std::shared_ptr<ConnectionCore>> scheduled_;
  std::vector<std::shared_ptr<ConnectionCore>> flushing_;
  std::vector<std::shared_ptr<ConnectionCore>> blocked_;
  std::vector<std::uint64_t> over_;
  bool in_batch_ = false;
  bool turn_posted_ = false;
  bool shut_down_ = false;

  // The last short-header id looked up: packets of one connection come in runs.
  std::array<std::uint8_t, kCidBytes> last_cid_{};
  ConnectionCore* last_connection_ = nullptr;
};

}  // namespace archy::quic

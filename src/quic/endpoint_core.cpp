#include "quic/endpoint_core.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/log.hpp"
#include "quic/connection_config.hpp"

namespace archy::quic {

EndpointCore::EndpointCore(rt::Env& env, Config config, EndpointTuning tuning,
                           std::unique_ptr<Identity> identity)
    : env_(env),
      config_(std::move(config)),
      tuning_(std::move(tuning)),
      identity_(std::move(identity)),
      replies_(*identity_, env.random),
      admission_(tuning_, config_.always_retry),
      cids_(env.random.u64()),
      writer_(*this),
      accepted_signal_(env.executor) {}

Result<std::shared_ptr<EndpointCore>> EndpointCore::make(rt::Env& env,
                                                         const crypto::Ed25519Seed& seed,
                                                         Config config, EndpointTuning tuning) {
  TRY(identity, Identity::make(seed, tuning.tls));
  std::shared_ptr<EndpointCore> self(
      new EndpointCore(env, std::move(config), std::move(tuning), std::move(identity)));
  EndpointCore* raw = self.get();
  TRY_OK(self->sockets_.open(
      env.network, self->config_,
      [raw](std::size_t socket, std::span<const rt::DatagramTrain> trains) {
        raw->on_trains(socket, trains);
      },
      [raw](std::size_t) {
        for (auto& waiting : std::exchange(raw->blocked_, {})) raw->schedule(*waiting);
      }));
  return self;
}

void EndpointCore::on_trains(std::size_t socket, std::span<const rt::DatagramTrain> trains) {
  if (shut_down_) return;
  const auto keep = shared_from_this();
  const rt::Instant now = env_.clock.now();
  in_batch_ = true;
  for (const auto& train : trains) {
    if (train.segment == 0) continue;
    for (std::size_t at = 0; at < train.bytes.size(); at += train.segment) {
      const std::size_t n = std::min(train.segment, train.bytes.size() - at);
      on_datagram(socket, train, train.bytes.subspan(at, n), now);
    }
  }
  flush_scheduled(to_ngtcp2(now));
  in_batch_ = false;
  if (!scheduled_.empty() || !over_.empty()) post_turn();
}

void EndpointCore::on_datagram(std::size_t socket, const rt::DatagramTrain& train, ByteView packet,
                               rt::Instant now) {
  ConnectionCore* connection = nullptr;
  if ((packet[0] & 0x80) == 0) {
    if (packet.size() < 1 + kCidBytes) return;
    if (last_connection_ && std::memcmp(last_cid_.data(), packet.data() + 1, kCidBytes) == 0) {
      connection = last_connection_;
    } else {
      connection = cids_.find(packet.subspan(1, kCidBytes));
      if (!connection) {
        const Bytes reset =
            replies_.reset(packet.subspan(1, kCidBytes), packet.size(), to_ngtcp2(now));
        send_alone(socket, train.from, train.to, reset);
        return;
      }
      std::memcpy(last_cid_.data(), packet.data() + 1, kCidBytes);
      last_connection_ = connection;
    }
  } else {
    ngtcp2_version_cid ids;
    const int rv = ngtcp2_pkt_decode_version_cid(&ids, packet.data(), packet.size(), kCidBytes);
    if ((rv != 0 && rv != NGTCP2_ERR_VERSION_NEGOTIATION) || ids.dcidlen > NGTCP2_MAX_CIDLEN) {
      return;
    }
    connection = cids_.find({ids.dcid, ids.dcidlen});
    if (!connection) {
      on_first_packet(socket, train, packet, now);
      return;
    }
  }
  connection->receive(socket, train.from, train.to, train.ecn, packet, to_ngtcp2(now));
  schedule(*connection);
}

void EndpointCore::on_first_packet(std::size_t socket, const rt::DatagramTrain& train,
                                   ByteView packet, rt::Instant now) {
  if (config_.alpns.empty() || packet.size() < NGTCP2_MAX_UDP_PAYLOAD_SIZE) return;
  ngtcp2_version_cid ids;
  const int rv = ngtcp2_pkt_decode_version_cid(&ids, packet.data(), packet.size(), kCidBytes);
  if (rv == NGTCP2_ERR_VERSION_NEGOTIATION || (rv == 0 && ids.version != NGTCP2_PROTO_VER_V1)) {
    if (ids.version == 0) return;  // never answer a version negotiation packet with one
    send_alone(socket, train.from, train.to, replies_.version_negotiation(ids));
    return;
  }
  ngtcp2_pkt_hd initial;
  if (rv != 0 || ngtcp2_accept(&initial, packet.data(), packet.size()) != 0) return;
  const auto original = replies_.verify_retry(initial, train.from, to_ngtcp2(now));
  switch (admission_.judge(train.from, original.has_value(), connections_.size())) {
    case Admission::Verdict::admit:
      admit(socket, train, packet, initial, original ? &*original : nullptr, now);
      return;
    case Admission::Verdict::retry: {
      ngtcp2_cid next;
      next.datalen = kCidBytes;
      env_.random.fill({next.data, next.datalen});
      const Bytes reply = replies_.retry(initial, train.from, next, to_ngtcp2(now));
      send_alone(socket, train.from, train.to, reply);
      return;
    }
    case Admission::Verdict::refuse:
      send_alone(socket, train.from, train.to, replies_.refusal(initial));
      return;
    case Admission::Verdict::ignore:
      return;
  }
}

void EndpointCore::admit(std::size_t socket, const rt::DatagramTrain& train, ByteView packet,
                         const ngtcp2_pkt_hd& initial, const ngtcp2_cid* original,
                         rt::Instant now) {
  const std::uint64_t serial = next_serial_++;
  auto made = ConnectionCore::accept(*this, serial,
                                     {train.to, train.from, socket, &initial, original, now});
  if (!made) {
    log::warn("quic", "cannot accept: {}", to_string(made.error()));
    return;
  }
  auto connection = std::move(*made);
  connections_.emplace(serial, connection);
  admission_.opened(train.from);
  connection->on_outcome = [this, raw = connection.get(), from = train.from] {
    admission_.settled(from);
    if (!raw->established() || raw->closed() || shut_down_) return;
    accepted_.push_back(raw->shared_from_this());
    accepted_signal_.notify();
  };
  connection->receive(socket, train.from, train.to, train.ecn, packet, to_ngtcp2(now));
  schedule(*connection);
}

Result<std::shared_ptr<ConnectionCore>> EndpointCore::dial(const EndpointId& peer,
                                                           const rt::Address& remote,
                                                           const std::string& alpn) {
  if (shut_down_) return fail(Code::cancelled, "endpoint closed");
  if (connections_.size() >= tuning_.connections) {
    return fail(Code::try_later, "too many connections");
  }
  const auto socket = sockets_.for_remote(remote);
  if (!socket || remote.port == 0) {
    return fail(Code::unreachable, "no local socket for " + rt::to_string(remote));
  }
  const std::uint64_t serial = next_serial_++;
  auto made = ConnectionCore::connect(*this, serial,
                                      {sockets_.bound(*socket), remote, *socket, peer, alpn});
  if (!made) return made;
  connections_.emplace(serial, *made);
  schedule(**made);
  return made;
}

std::shared_ptr<ConnectionCore> EndpointCore::take_accepted() {
  while (!accepted_.empty()) {
    auto out = std::move(accepted_.front());
    accepted_.pop_front();
    if (!out->closed()) return out;
  }
  return nullptr;
}

std::size_t EndpointCore::live_connections() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& at) { return !at.second->closed(); }));
}

void EndpointCore::fresh_cid(ConnectionCore& connection, ngtcp2_cid& out) {
  out.datalen = kCidBytes;
  do {
    env_.random.fill({out.data, out.datalen});
  } while (cids_.find({out.data, out.datalen}) != nullptr);
  cids_.add({out.data, out.datalen}, &connection);
}

bool EndpointCore::issue_cid(ConnectionCore& connection, ngtcp2_cid& cid, std::uint8_t* token,
                             std::size_t length) {
  if (length != kCidBytes) return false;
  fresh_cid(connection, cid);
  reset_token(cid, token);
  return true;
}

void EndpointCore::schedule(ConnectionCore& connection) {
  if (connection.scheduled || shut_down_) return;
  connection.scheduled = true;
  scheduled_.push_back(connection.shared_from_this());
  if (!in_batch_) post_turn();
}

void EndpointCore::post_turn() {
  if (std::exchange(turn_posted_, true)) return;
  boost::asio::post(env_.executor, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->turn();
  });
}

void EndpointCore::turn() {
  turn_posted_ = false;
  if (shut_down_) return;
  flush_scheduled(to_ngtcp2(env_.clock.now()));
}

void EndpointCore::flush_scheduled(ngtcp2_tstamp now) {
  std::swap(scheduled_, flushing_);
  for (const auto& connection : flushing_) {
    connection->scheduled = false;
    connection->flush(now);
  }
  flushing_.clear();
  if (over_.empty()) return;
  last_connection_ = nullptr;
  for (const std::uint64_t serial : std::exchange(over_, {})) connections_.erase(serial);
}

void EndpointCore::connection_over(ConnectionCore& connection) {
  over_.push_back(connection.serial());
  if (last_connection_ == &connection) last_connection_ = nullptr;
  if (!in_batch_) post_turn();
}

bool EndpointCore::wait_if_blocked(ConnectionCore& connection) {
  if (!sockets_.blocked(connection.current_socket())) return false;
  blocked_.push_back(connection.shared_from_this());
  return true;
}

void EndpointCore::close_all(std::uint64_t code, std::string_view reason) {
  for (const auto& [serial, connection] : connections_) connection->close(code, reason);
}

void EndpointCore::shut_down() {
  if (std::exchange(shut_down_, true)) return;
  close_all(0, {});
  for (const auto& [serial, connection] : connections_) connection->abandon();
  connections_.clear();
  scheduled_.clear();
  blocked_.clear();
  accepted_.clear();
  last_connection_ = nullptr;
  sockets_.close();
  accepted_signal_.notify();
}

}  // namespace archy::quic

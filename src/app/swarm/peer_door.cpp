#include "app/peer_door.hpp"

#include "app/swarm/store_catalog.hpp"
#include "blobs/provider.hpp"
#include "paid/gate_admission.hpp"
#include "paid/paid_peer.hpp"
#include "paid/paid_server.hpp"
#include "quic/types.hpp"
#include "rt/scope.hpp"
#include "swarm/peer_source.hpp"

namespace archy::app {
namespace {

// A peer that does not answer within this is as good as gone; the next source is waiting.
constexpr auto kDialLimit = std::chrono::seconds(3);

class QuicPeerDoor final : public PeerDoor {
 public:
  QuicPeerDoor(Core& core, std::unique_ptr<quic::Endpoint> endpoint)
      : core_(core),
        endpoint_(std::move(endpoint)),
        catalog_(core.store()),
        admission_(catalog_, till_),
        asked_(core.env(), catalog_, till_),
        provider_(core.env(), core.store(), admission_),
        serving_(core.env().executor) {
    provider_.on_request_end = [this](const blobs::RequestReport& report) {
      if (report.damaged) core_.damage_found(*report.damaged);
    };
  }

  void start_serving() { serving_.start(accept_all(serving_.stop_token())); }

  const EndpointId& id() const override { return endpoint_->id(); }
  std::vector<rt::Address> bound_addresses() const override { return endpoint_->bound_addresses(); }
  std::vector<rt::Address> addresses() const override { return endpoint_->addresses(); }

  std::shared_ptr<fetch::Source> source(const fetch::PeerAddress& peer,
                                        const Payer& payer) override {
    auto bytes = std::make_shared<swarm::PeerSource>(core_.env().clock, *endpoint_, peer);
    if (payer.buyer == nullptr || !payer.policy.pays()) return bytes;
    return std::make_shared<paid::PaidPeer>(
        core_.env(), *endpoint_, peer, std::move(bytes), *payer.buyer,
        paid::PaidSourceOptions{.policy = payer.policy, .root = payer.root});
  }

  void sell(streaming::Gate& gate) override {
    catalog_.sell_by(gate);
    till_.sell_by(gate);
  }

  ServeCounters counters() const override {
    const blobs::ProviderCounters& counted = provider_.counters();
    ServeCounters out;
    out.connections = counted.connections;
    out.requests = counted.get + counted.get_many + counted.observe;
    out.payload_sent = counted.payload_bytes_sent;
    out.payload_acked = counted.payload_bytes_acked;
    return out;
  }

  std::vector<PeerConnection> connections() const override {
    std::vector<PeerConnection> out;
    for (const auto& entry : accepted_) {
      const auto connection = entry.lock();
      if (!connection || connection->closed()) continue;
      const quic::Stats stats = connection->stats();
      out.push_back({connection->peer(), connection->remote_address(), stats.bytes_sent,
                     stats.bytes_received, stats.smoothed_rtt});
    }
    return out;
  }

  boost::asio::awaitable<void> close() override {
    serving_.request_stop();
    co_await endpoint_->close(0, "");
    co_await serving_.close(core_.env().clock);
  }

 private:
  boost::asio::awaitable<void> accept_all(std::stop_token stop) {
    while (!stop.stop_requested()) {
      auto accepted = co_await endpoint_->accept();
      if (!accepted) break;
      std::shared_ptr<quic::Connection> connection = std::move(*accepted);
      const bool is_of_money = connection->alpn() == paid::kAlpn;
      if (!is_of_money && connection->alpn() != blobs::kAlpn) {
        connection->close(0, "");
        continue;
      }
      std::erase_if(accepted_, [](const auto& entry) { return entry.expired(); });
      accepted_.push_back(connection);
      serving_.start(is_of_money ? asked_.serve(std::move(connection), stop)
                                 : provider_.serve(std::move(connection), stop));
    }
  }

  Core& core_;
  std::unique_ptr<quic::Endpoint> endpoint_;
  std::vector<std::weak_ptr<quic::Connection>> accepted_;  // bounded by limits::kConnections
  StoreCatalog catalog_;
  DoorTill till_;
  paid::GateAdmission admission_;
  paid::PaidServer asked_;
  blobs::Provider provider_;
  rt::Scope serving_;
};

}  // namespace

Result<std::unique_ptr<PeerDoor>> open_peer_door(Core& core, const PeerOptions& options) {
  quic::Config config;
  config.bind = options.bind;
  if (options.serve) config.alpns = {std::string(blobs::kAlpn), std::string(paid::kAlpn)};
  if (!options.serve) config.handshake_timeout = kDialLimit;
  config.congestion = options.bbr ? quic::Congestion::bbr : quic::Congestion::cubic;
  TRY(endpoint, quic::make_endpoint(core.env(), core.data_dir().endpoint_seed(), config));
  auto door = std::make_unique<QuicPeerDoor>(core, std::move(endpoint));
  if (options.serve) door->start_serving();
  return std::unique_ptr<PeerDoor>(std::move(door));
}

}  // namespace archy::app

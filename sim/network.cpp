#include "sim/network.hpp"

#include "base/check.hpp"

namespace archy::sim {

class VirtualSocket final : public rt::DatagramSocket {
 public:
  VirtualSocket(NetworkHost& host, const rt::Address& local)
      : host_(host), network_(host.network_), local_(local), public_(local) {
    network_.sockets_[public_] = this;
  }
  ~VirtualSocket() override { silence(); }

  rt::Address local_address() const override { return local_; }
  void on_receive(std::function<void(std::span<const rt::DatagramTrain>)> receiver) override {
    receiver_ = std::move(receiver);
  }
  rt::SendStatus send(const rt::Address& to, ByteView bytes, std::size_t segment, std::uint8_t ecn,
                      const std::optional<rt::Address>& /*from*/) override {
    CHECK(segment > 0 && bytes.size() <= segment * max_train());
    if (silent_) return rt::SendStatus::dropped;
    if (blocked_) return rt::SendStatus::blocked;
    if (network_.random_.chance(network_.blocked_ppm_)) {
      block();
      return rt::SendStatus::blocked;
    }
    while (!bytes.empty()) {
      const std::size_t n = std::min(segment, bytes.size());
      network_.transmit(forwarded_.contains(to) ? local_ : public_, to, to_bytes(bytes.first(n)),
                        ecn);
      bytes = bytes.subspan(n);
    }
    return rt::SendStatus::sent;
  }
  void on_writable(std::function<void()> ready) override {
    if (!blocked_) {
      network_.time_.at(network_.time_.now(), [ready = std::move(ready), life = life_] {
        if (*life) ready();
      });
      return;
    }
    ready_ = std::move(ready);
  }
  std::size_t max_train() const override { return host_.max_train_; }

  void receive(const rt::Address& from, const rt::Address& to, ByteView bytes, std::uint8_t ecn) {
    if (to == local_ && public_ != local_) forwarded_.insert(from);
    if (!receiver_) return;
    const rt::DatagramTrain train{from, local_, bytes, bytes.size(), ecn};
    receiver_({&train, 1});
  }
  void silence() {
    *life_ = false;
    if (!silent_) {
      network_.sockets_.erase(public_);
      network_.sockets_.erase(local_);
    }
    silent_ = true;
    receiver_ = nullptr;
  }
  void move_to(std::uint16_t port) {
    if (public_ != local_) network_.sockets_.erase(public_);
    public_.port = port;
    network_.sockets_[public_] = this;
    forwarded_.clear();
  }

 private:
  void block() {
    blocked_ = true;
    network_.counters_.hit(Fault::send_blocked);
    network_.time_.at(network_.time_.now() + std::chrono::microseconds(300), [this, life = life_] {
      if (!*life) return;
      blocked_ = false;
      if (auto ready = std::exchange(ready_, nullptr)) ready();
    });
  }

  NetworkHost& host_;
  VirtualNetwork& network_;
  rt::Address local_;
  rt::Address public_;               // where what we send seems to come from
  std::set<rt::Address> forwarded_;  // who asked at the bound address: answered from there
  std::function<void(std::span<const rt::DatagramTrain>)> receiver_;
  std::function<void()> ready_;
  bool blocked_ = false;
  bool silent_ = false;
  std::shared_ptr<bool> life_ = std::make_shared<bool>(true);
};

VirtualNetwork::VirtualNetwork(VirtualTime& time, SeededRandom random, EventLog& log,
                               Counters& counters)
    : time_(time), random_(random), log_(log), counters_(counters) {}
VirtualNetwork::~VirtualNetwork() { CHECK(sockets_.empty()); }

std::unique_ptr<NetworkHost> VirtualNetwork::add_host(const rt::Address& ip) {
  return std::make_unique<NetworkHost>(*this, ip);
}

VirtualNetwork::LinkState& VirtualNetwork::state_of(const Ip& from, const Ip& to) {
  return links_.try_emplace({from, to}, LinkState{default_link_, {}, {}}).first->second;
}
void VirtualNetwork::set_link(const rt::Address& from, const rt::Address& to, const Link& link) {
  state_of(from.ip, to.ip).link = link;
}
void VirtualNetwork::cut(const rt::Address& from, const rt::Address& to) {
  cut_.insert({from.ip, to.ip});
}
void VirtualNetwork::heal(const rt::Address& from, const rt::Address& to) {
  cut_.erase({from.ip, to.ip});
}
void VirtualNetwork::calm() {
  cut_.clear();
  blocked_ppm_ = 0;
  for (auto& [ends, state] : links_) state.link = default_link_;
}

void VirtualNetwork::transmit(const rt::Address& from, const rt::Address& to, Bytes bytes,
                              std::uint8_t ecn) {
  ++sent_;
  const std::uint64_t size = bytes.size();
  auto fate = [&](std::string_view what) {
    log_.add(time_.now(), what, {from.ip[3], from.port, to.ip[3], to.port, size});
  };
  if (cut_.contains({from.ip, to.ip})) {
    counters_.hit(Fault::datagram_partitioned);
    return fate("net.cut");
  }
  LinkState& state = state_of(from.ip, to.ip);
  const Link& link = state.link;
  if (random_.chance(link.loss_ppm)) {
    counters_.hit(Fault::datagram_lost);
    return fate("net.lost");
  }
  rt::Instant sent = time_.now();
  if (link.bytes_per_s != 0) {
    const auto waiting = std::max(state.busy_until, sent) - sent;
    const std::uint64_t queued =
        static_cast<std::uint64_t>(waiting.count()) * link.bytes_per_s / 1'000'000'000;
    if (queued + size > link.queue_bytes) {
      counters_.hit(Fault::datagram_queue_full);
      return fate("net.full");
    }
    state.busy_until = sent + waiting + rt::Duration(size * 1'000'000'000 / link.bytes_per_s);
    sent = state.busy_until;
  }
  rt::Instant arrives = sent + link.delay;
  if (link.jitter.count() > 0) {
    arrives += rt::Duration(random_.below(static_cast<std::uint64_t>(link.jitter.count())));
    counters_.hit(Fault::datagram_delayed);
  }
  if (random_.chance(link.reorder_ppm) && link.reorder_by.count() > 0) {
    arrives += rt::Duration(random_.below(static_cast<std::uint64_t>(link.reorder_by.count())));
  }
  if (arrives < state.last_arrival) counters_.hit(Fault::datagram_reordered);
  state.last_arrival = std::max(state.last_arrival, arrives);
  if (random_.chance(link.corrupt_ppm) && !bytes.empty()) {
    bytes[random_.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random_.below(8));
    counters_.hit(Fault::datagram_corrupted);
    fate("net.corrupt");
  }
  if (random_.chance(link.duplicate_ppm)) {
    counters_.hit(Fault::datagram_duplicated);
    deliver_at(arrives + rt::Duration(random_.below(5'000'000)), from, to, bytes, ecn);
  }
  fate("net.send");
  deliver_at(arrives, from, to, std::move(bytes), ecn);
}

void VirtualNetwork::deliver_at(rt::Instant when, const rt::Address& from, const rt::Address& to,
                                Bytes bytes, std::uint8_t ecn) {
  time_.at(when, [this, from, to, ecn, bytes = std::move(bytes)] {
    const auto target = sockets_.find(to);
    if (target == sockets_.end()) return;  // nobody listens: silence, as on a real network
    ++delivered_;
    target->second->receive(from, to, bytes, ecn);
  });
}

Result<std::unique_ptr<rt::DatagramSocket>> NetworkHost::bind(const rt::Address& address,
                                                              rt::DatagramOptions /*options*/) {
  rt::Address local = rt::is_unspecified(address) ? ip_ : address;
  if (local.ip != ip_.ip || local.v6 != ip_.v6)
    return fail(Code::io, "not an address of this host");
  local.port = address.port != 0 ? address.port : next_port_++;
  if (network_.sockets_.contains(local)) return fail(Code::io, "address in use");
  return std::make_unique<VirtualSocket>(*this, local);
}

void NetworkHost::power_off() {
  std::vector<VirtualSocket*> mine;
  for (auto& [address, socket] : network_.sockets_) {
    if (address.ip == ip_.ip) mine.push_back(socket);
  }
  for (VirtualSocket* socket : mine) socket->silence();  // twice is harmless
}

void NetworkHost::rebind_ports() {
  std::vector<VirtualSocket*> mine;
  for (auto& [address, socket] : network_.sockets_) {
    if (address == socket->local_address() && address.ip == ip_.ip) mine.push_back(socket);
  }
  for (VirtualSocket* socket : mine) socket->move_to(next_port_++);
  if (!mine.empty()) network_.counters_.hit(Fault::address_rebound);
}

}  // namespace archy::sim

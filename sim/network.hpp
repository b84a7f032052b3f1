// Virtual UDP between the nodes of a world: every link can lose, delay, reorder, duplicate,
// corrupt, queue and cut. Trains are split: each datagram meets its own fate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "rt/datagram.hpp"
#include "sim/counters.hpp"
#include "sim/event_log.hpp"
#include "sim/random.hpp"
#include "sim/virtual_time.hpp"

namespace archy::sim {

// One direction between two hosts. Probabilities in parts per million.
struct Link {
  std::uint64_t loss_ppm = 0;
  std::uint64_t duplicate_ppm = 0;
  std::uint64_t corrupt_ppm = 0;
  std::uint64_t reorder_ppm = 0;  // held back by up to reorder_by
  rt::Duration reorder_by{};
  rt::Duration delay = std::chrono::milliseconds(2);
  rt::Duration jitter{};                   // added to delay, uniform
  std::uint64_t bytes_per_s = 0;           // 0: no cap
  std::uint64_t queue_bytes = 256u << 10;  // beyond it a capped link drops
};

class NetworkHost;

// Thread: the world's. Lifetime: outlives its hosts and their sockets.
class VirtualNetwork {
 public:
  VirtualNetwork(VirtualTime& time, SeededRandom random, EventLog& log, Counters& counters);
  ~VirtualNetwork();

  // A machine with one IPv4 address. Requires: no other host has it.
  std::unique_ptr<NetworkHost> add_host(const rt::Address& ip);
  void set_default_link(const Link& link) { default_link_ = link; }
  void set_link(const rt::Address& from, const rt::Address& to, const Link& link);
  // Drops everything from -> to (one direction).
  void cut(const rt::Address& from, const rt::Address& to);
  void heal(const rt::Address& from, const rt::Address& to);
  void heal_all() { cut_.clear(); }
  // A send is refused once with `blocked`, and the socket says so when it takes data again.
  void set_blocked_ppm(std::uint64_t ppm) { blocked_ppm_ = ppm; }
  // Everything back to the default link, nothing cut.
  void calm();

  std::uint64_t datagrams_sent() const { return sent_; }
  std::uint64_t datagrams_delivered() const { return delivered_; }

 private:
  friend class NetworkHost;
  friend class VirtualSocket;
  using Ip = std::array<std::uint8_t, 16>;
  struct LinkState {
    Link link;
    rt::Instant busy_until{};
    rt::Instant last_arrival{};
  };

  LinkState& state_of(const Ip& from, const Ip& to);
  void transmit(const rt::Address& from, const rt::Address& to, Bytes bytes, std::uint8_t ecn);
  void deliver_at(rt::Instant when, const rt::Address& from, const rt::Address& to, Bytes bytes,
                  std::uint8_t ecn);

  VirtualTime& time_;
  SeededRandom random_;
  EventLog& log_;
  Counters& counters_;
  Link default_link_;
  std::map<std::pair<Ip, Ip>, LinkState> links_;
  std::set<std::pair<Ip, Ip>> cut_;
  std::map<rt::Address, class VirtualSocket*> sockets_;  // by the address the world sees
  std::uint64_t blocked_ppm_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t delivered_ = 0;
};

// The network as one machine sees it. Lifetime: outlives its sockets, unless power_off() came
// first.
class NetworkHost final : public rt::DatagramNetwork {
 public:
  NetworkHost(VirtualNetwork& network, const rt::Address& ip) : network_(network), ip_(ip) {}
  Result<std::unique_ptr<rt::DatagramSocket>> bind(const rt::Address& address,
                                                   rt::DatagramOptions options) override;
  std::vector<rt::Address> interface_addresses() override { return {ip_}; }

  const rt::Address& ip() const { return ip_; }
  // Sockets bound so far fall silent for ever; later ones work (the machine was restarted).
  void power_off();
  // A NAT in front gives every socket of this host a new public port; the bound one stays
  // forwarded, so that a ticket's address keeps working.
  void rebind_ports();
  void set_max_train(std::size_t datagrams) { max_train_ = datagrams; }

 private:
  friend class VirtualSocket;
  VirtualNetwork& network_;
  rt::Address ip_;
  std::uint16_t next_port_ = 40000;
  std::size_t max_train_ = 16;
};

}  // namespace archy::sim

// The door to peers as the rest of the program sees it: no quic type shows, so that the no-swarm
// build has the same shape (there open_peer_door() says `unsupported`).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/core.hpp"
#include "app/target.hpp"
#include "fetch/source.hpp"
#include "streaming/buyer.hpp"
#include "streaming/gate.hpp"

namespace archy::app {

struct PeerOptions {
  std::vector<rt::Address> bind{rt::Address::v4(0, 0, 0, 0, 0)};
  bool bbr = false;
  bool serve = false;  // accept connections and answer blob requests
};

struct ServeCounters {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t payload_sent = 0;   // bytes of leaves written
  std::uint64_t payload_acked = 0;  // bytes of leaves the peers have acknowledged
};

// One connection of a peer that is open now.
struct PeerConnection {
  EndpointId id;
  rt::Address address;
  std::uint64_t bytes_sent = 0;  // UDP payload
  std::uint64_t bytes_received = 0;
  rt::Duration rtt{};
};

// Who pays where a peer asks for money. Buyer null, as it is by default: nobody, nothing.
struct Payer {
  streaming::Buyer* buyer = nullptr;
  streaming::PaymentPolicy policy = {};
  std::optional<Blake3Hash> root = std::nullopt;  // what the purchases count for; none: each blob
};

class PeerDoor {
 public:
  virtual ~PeerDoor() = default;
  virtual const EndpointId& id() const = 0;
  // As put into tickets: bound addresses, loopback only if nothing else.
  virtual std::vector<rt::Address> addresses() const = 0;
  virtual std::vector<rt::Address> bound_addresses() const = 0;
  virtual std::shared_ptr<fetch::Source> source(const fetch::PeerAddress& peer,
                                                const Payer& payer) = 0;
  // What has a price is served by this gate from now on; before, what is marked paid is not served
  // at all. Lifetime: it outlives close().
  virtual void sell(streaming::Gate& gate) = 0;
  // Up to date after stop().
  virtual ServeCounters counters() const = 0;
  // Those that came to us.
  virtual std::vector<PeerConnection> connections() const = 0;
  // Closes every connection and waits until that is said to the peers.
  virtual boost::asio::awaitable<void> close() = 0;
};

// Errors: unsupported in a build without the swarm, io (cannot bind).
Result<std::unique_ptr<PeerDoor>> open_peer_door(Core& core, const PeerOptions& options);

// The port a node listens on unless told otherwise.
inline constexpr std::uint16_t kDefaultPort = 4919;

// Where a node that binds `bind` is reachable: wildcards become the machine's addresses, loopback
// only if nothing else.
std::vector<rt::Address> advertised_addresses(rt::DatagramNetwork& network,
                                              const rt::Address& bind);
// Errors: unsupported in a build without the swarm.
Result<std::string> make_ticket(const EndpointId& id, const std::vector<rt::Address>& addresses,
                                const store::HashAndFormat& content);

// A ticket as a target. Errors: bad_input, unsupported in a build without the swarm.
Result<Target> parse_ticket(std::string_view text);

}  // namespace archy::app

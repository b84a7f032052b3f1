// swarm.*, transport.*: peers, and how they are reached.
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"

namespace archy::rpc {
namespace {

Json texts_of(const std::vector<rt::Address>& addresses) {
  Json out = Json::array();
  for (const rt::Address& address : addresses) out.push_back(rt::to_string(address));
  return out;
}

rt::Task<Json> swarm_status(Context& context, const Grant&, const Json&) {
  const SwarmStatus swarm = context.node.swarm();
  co_return Json{{"built", swarm.built},
                 {"enabled", swarm.enabled},
                 {"running", swarm.running},
                 {"addresses", texts_of(swarm.addresses)},
                 {"connections_now", swarm.connections_now},
                 {"connections", swarm.connections},
                 {"requests", swarm.requests},
                 {"payload_sent_bytes", swarm.payload_sent_bytes},
                 {"payload_acked_bytes", swarm.payload_acked_bytes}};
}

rt::Task<Json> swarm_peers(Context& context, const Grant&, const Json&) {
  Json list = Json::array();
  for (const PeerView& peer : context.node.peers()) {
    list.push_back({{"endpoint_id", peer.id.hex()},
                    {"address", rt::to_string(peer.address)},
                    {"bytes_sent", peer.bytes_sent},
                    {"bytes_received", peer.bytes_received},
                    {"rtt_us", peer.rtt_us}});
  }
  co_return Json{{"peers", list}};
}

rt::Task<Json> transport_status(Context& context, const Grant&, const Json&) {
  const TransportStatus transport = context.node.transport();
  co_return Json{{"bound", texts_of(transport.bound)},
                 {"congestion", transport.congestion},
                 {"connections", transport.connections},
                 {"bytes_sent", transport.bytes_sent},
                 {"bytes_received", transport.bytes_received}};
}

}  // namespace

std::vector<Method> swarm_methods() {
  return {
      {.name = "swarm.status",
       .scope = Scope::read,
       .help = "Whether peers are served, and what they were served since the start.",
       .result = {{"built", "this build has a swarm"},
                  {"enabled", "by the settings"},
                  {"running", ""},
                  {"addresses", "as told to others in tickets"},
                  {"connections_now", ""},
                  {"connections", "since the start"},
                  {"requests", ""},
                  {"payload_sent_bytes", ""},
                  {"payload_acked_bytes", ""}},
       .handler = swarm_status},
      {.name = "swarm.peers",
       .scope = Scope::read,
       .help = "The peers that are connected to us now.",
       .result = {{"peers[].endpoint_id", "proven by its key"},
                  {"peers[].address", ""},
                  {"peers[].bytes_sent", "to it, UDP payload"},
                  {"peers[].bytes_received", ""},
                  {"peers[].rtt_us", "smoothed"}},
       .handler = swarm_peers},
      {.name = "transport.status",
       .scope = Scope::read,
       .help = "The UDP sockets, and the sums over the connections that are open now.",
       .result = {{"bound", "addresses; empty while the swarm does not run"},
                  {"congestion", "cubic or bbr"},
                  {"connections", ""},
                  {"bytes_sent", ""},
                  {"bytes_received", ""}},
       .handler = transport_status},
  };
}

}  // namespace archy::rpc

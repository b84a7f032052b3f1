#include "rpc/metrics.hpp"

#include <fmt/core.h>

#include <initializer_list>
#include <utility>

#include "rpc/content_port.hpp"
#include "rpc/control_port.hpp"

namespace archy::rpc {
namespace {

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ +=
        fmt::format("# HELP archipelago_{0} {2}\n# TYPE archipelago_{0} {1}\n", name, type, help);
  }
  // `labels`: names and values of ours only, so nothing needs escaping.
  void sample(std::uint64_t value, std::string_view labels = {}) {
    out_ += labels.empty() ? fmt::format("archipelago_{} {}\n", name_, value)
                           : fmt::format("archipelago_{}{{{}}} {}\n", name_, labels, value);
  }
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value) {
    family(name, type, help);
    sample(value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string_view name_;
};

void fetches(Page& page, NodeApi& node) {
  std::map<FetchState, std::uint64_t> by_state;
  for (const FetchState state : {FetchState::waiting, FetchState::running, FetchState::complete,
                                 FetchState::failed, FetchState::cancelled})
    by_state[state] = 0;
  std::uint64_t peers = 0, origins = 0;
  for (const FetchView& fetch : node.fetches()) {
    ++by_state[fetch.state];
    peers += fetch.from_peers_bytes;
    origins += fetch.from_origin_bytes;
  }
  page.family("fetches", "gauge", "Fetches that run or ended last, by state.");
  for (const auto& [state, count] : by_state)
    page.sample(count, fmt::format("state=\"{}\"", to_string(state)));
  page.family("fetched_bytes", "gauge", "Verified payload of those fetches, by kind of source.");
  page.sample(peers, "from=\"peers\"");
  page.sample(origins, "from=\"origin\"");
}

}  // namespace

std::string metrics_text(NodeApi& node, const Events& events, const Dispatcher& dispatcher,
                         const ControlCounts& control, const ContentCounts* content) {
  Page page;
  if (const auto info = node.info()) {
    page.one("uptime_seconds", "gauge", "Since the node was started.", info->uptime_ms / 1000);
    page.one("blobs", "gauge", "Blobs in the store, partial ones included.", info->blobs);
  }
  const SwarmStatus swarm = node.swarm();
  page.one("swarm_running", "gauge", "1 while peers are served.", swarm.running ? 1 : 0);
  page.one("swarm_connections", "gauge", "Connections of peers open now.", swarm.connections_now);
  page.one("swarm_connections_total", "counter", "Connections of peers.", swarm.connections);
  page.one("swarm_requests_total", "counter", "Requests of peers.", swarm.requests);
  page.one("swarm_payload_sent_bytes_total", "counter", "Payload written to peers.",
           swarm.payload_sent_bytes);
  page.one("swarm_payload_acked_bytes_total", "counter", "Payload known to have arrived.",
           swarm.payload_acked_bytes);
  fetches(page, node);
  page.family("rpc_calls_total", "counter", "Calls by method and how they ended.");
  for (const auto& [method, counts] : dispatcher.counts()) {
    page.sample(counts.ok, fmt::format("method=\"{}\",outcome=\"ok\"", method));
    page.sample(counts.failed, fmt::format("method=\"{}\",outcome=\"failed\"", method));
  }
  page.family("control_refused_total", "counter", "Requests refused, by the check that did.");
  for (const auto& [check, count] : control.refused)
    page.sample(count, fmt::format("check=\"{}\"", check));
  page.one("control_served_total", "counter", "Requests that passed every check.", control.served);
  page.one("event_listeners", "gauge", "Listeners of /events.", events.listeners());
  if (content) {
    page.one("content_requests_total", "counter", "Requests on the content port.",
             content->requests);
    page.one("content_not_found_total", "counter", "Of these, for what is not held or not offered.",
             content->not_found);
    page.one("content_sent_bytes_total", "counter", "Bytes of blobs sent there.",
             content->body_bytes);
    page.one("content_broken_off_total", "counter", "Bodies that ended short.",
             content->broken_off);
  }
  return page.take();
}

}  // namespace archy::rpc

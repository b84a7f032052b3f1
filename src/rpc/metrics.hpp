// The node's counters as Prometheus text.
#pragma once

#include <string>

#include "rpc/dispatch.hpp"

namespace archy::rpc {

struct ContentCounts;
struct ControlCounts;

// `content`: none where there is no content port. Source: Prometheus exposition format 0.0.4.
std::string metrics_text(NodeApi& node, const Events& events, const Dispatcher& dispatcher,
                         const ControlCounts& control, const ContentCounts* content);

}  // namespace archy::rpc

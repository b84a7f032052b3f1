// Dialling several addresses of one peer: the first that completes the handshake wins.
#pragma once

#include "quic/endpoint_core.hpp"

namespace archy::quic {

// Each address is its own attempt, started a little after the one before, or at once when that one
// failed. Losers are closed. Lifetime: keeps the endpoint's inside alive while it runs.
rt::Task<std::shared_ptr<Connection>> connect_race(std::shared_ptr<EndpointCore> endpoint,
                                                   EndpointId peer,
                                                   std::vector<rt::Address> addresses,
                                                   std::string alpn, std::stop_token stop);

}  // namespace archy::quic

// What the user holds: thin objects over the shared state, whose going means something on the wire.
#pragma once

#include <memory>

#include "quic/connection_core.hpp"

namespace archy::quic {

// Dropping the last reference, streams' included, closes with application code 0.
std::shared_ptr<Connection> make_connection_handle(std::shared_ptr<ConnectionCore> core);

}  // namespace archy::quic

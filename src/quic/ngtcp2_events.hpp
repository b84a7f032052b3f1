// ngtcp2's call-backs, translated into changes of a ConnectionCore and its streams.
#pragma once

#include "quic/ngtcp2_shim.hpp"

namespace archy::quic {

// The tables to hand to ngtcp2_conn_client_new / server_new; user_data is the ConnectionCore.
const ngtcp2_callbacks& client_callbacks();
const ngtcp2_callbacks& server_callbacks();

}  // namespace archy::quic

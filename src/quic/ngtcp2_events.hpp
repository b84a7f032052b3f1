// ngtcp2's call-backs, translated into changes of a ConnectionCore and its streams.
#pragma once

#include "quic/ngtcp2_shim.hpp"

namespace archy::quic {

class ConnectionCore;

// The tables to hand to ngtcp2_conn_client_new / server_new; user_data is the ConnectionCore.
const ngtcp2_callbacks& client_callbacks();
const ngtcp2_callbacks& server_callbacks();

// ngtcp2_conn_read_pkt() for one connection.
int read_packet(ConnectionCore& connection, const ngtcp2_path& path, const ngtcp2_pkt_info& info,
                ByteView packet, ngtcp2_tstamp now);

}  // namespace archy::quic

// What tests and the interop probe may change and the product never does: kept out of Config.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/limits.hpp"
#include "quic/types.hpp"

namespace archy::quic {

// A client that misbehaves in one chosen way.
struct TlsOverrides {
  bool no_raw_key = false;      // no RFC 7250 extensions offered
  bool no_certificate = false;  // answers a CertificateRequest with an empty Certificate
  bool p256_only = false;       // key share and group P-256 instead of X25519
  std::string server_name;      // sent as SNI unless empty
};

struct EndpointTuning {
  TlsOverrides tls;
  bool refuse_all = false;  // every Initial is answered CONNECTION_REFUSED
  std::size_t connections = limits::kConnections;
  std::size_t half_open = limits::kHalfOpen;
  std::size_t half_open_per_prefix = limits::kHalfOpenPerPrefix;
  std::size_t retry_threshold = limits::kRetryThreshold;
  // Told of each dialled attempt that failed, and of the key-exchange group of each that did not.
  std::function<void(const CloseInfo&)> attempt_failed;
  std::function<void(std::string_view group)> negotiated;
};

// As make_endpoint(), for tests and tools.
Result<std::unique_ptr<Endpoint>> make_tuned_endpoint(rt::Env& env, const crypto::Ed25519Seed& seed,
                                                      Config config, EndpointTuning tuning);

}  // namespace archy::quic

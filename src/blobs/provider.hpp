// Serves blobs over `/iroh-bytes/4`: reads requests, asks the admission, answers from the store.
// Every byte sent was verified against its root while it was read. Never dials, never writes to the
// store, never accepts a push. Source: iroh-blobs 0.103 provider.rs; page doc/formats/request.md.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <unordered_map>

#include "blobs/admission.hpp"
#include "quic/types.hpp"
#include "rt/env.hpp"
#include "rt/signal.hpp"

namespace archy::blobs {

struct ProviderConfig {
  rt::Duration first_byte_limit = std::chrono::seconds(5);
  rt::Duration request_limit = std::chrono::seconds(10);  // from the first look to FIN
  rt::Duration stall_limit = std::chrono::seconds(60);    // an answer nobody reads is given up
  rt::Duration observe_poll = std::chrono::milliseconds(250);
};

// How one request ended.
struct RequestReport {
  RequestContext request;
  std::uint64_t payload_bytes_sent = 0;  // leaf bytes handed to the stream
  std::uint64_t payload_bytes_acked =
      0;                            // of these, known to have arrived (to a buffer's granularity)
  std::uint64_t encoded_bytes = 0;  // payload, hashes and sizes
  rt::Duration duration{};
  std::optional<std::uint64_t> reset_code;  // what we refused or broke off with
  std::optional<Blake3Hash> damaged;        // a blob of ours that did not hash when it was read
};

// Sums over all requests. Units: bytes, requests.
struct ProviderCounters {
  std::uint64_t connections = 0;
  std::uint64_t get = 0;
  std::uint64_t get_many = 0;
  std::uint64_t observe = 0;
  std::uint64_t push = 0;
  std::uint64_t malformed = 0;
  std::uint64_t refused = 0;  // answered with code 1, 2 or 3
  std::uint64_t payload_bytes_sent = 0;
  std::uint64_t payload_bytes_acked = 0;
  std::uint64_t encoded_bytes_sent = 0;
};

// What all connections of one peer share.
struct PeerSlots {
  explicit PeerSlots(rt::Executor executor) : freed(std::move(executor)) {}
  std::size_t requests = 0;  // at most limits::kRequestsAtOnce
  std::size_t observes = 0;  // at most limits::kObservesAtOnce
  rt::Signal freed;
};

// Thread: the loop. Lifetime: outlives every serve() it started; env, store and admission outlive
// it.
class Provider {
 public:
  Provider(rt::Env& env, store::BlobStore& store, Admission& admission, ProviderConfig config = {});

  // Answers requests until the connection ends; all of them have ended when this returns. A stop
  // request closes the connection.
  boost::asio::awaitable<void> serve(std::shared_ptr<quic::Connection> connection,
                                     std::stop_token stop);
  // Accepts and serves until the endpoint closes or `stop` is requested; connections of other ALPNs
  // are closed.
  boost::asio::awaitable<void> serve_endpoint(quic::Endpoint& endpoint, std::stop_token stop);

  const ProviderCounters& counters() const { return counters_; }
  // Called at the end of every request that was understood.
  std::function<void(const RequestReport&)> on_request_end;

 private:
  friend class ProviderSession;
  std::shared_ptr<PeerSlots> slots_of(const EndpointId& peer);

  rt::Env& env_;
  store::BlobStore& store_;
  Admission& admission_;
  ProviderConfig config_;
  ProviderCounters counters_;
  std::uint64_t next_serial_ = 0;
  std::unordered_map<EndpointId, std::weak_ptr<PeerSlots>> slots_;
};

}  // namespace archy::blobs

// A peer that speaks the real wire on a real endpoint, and lies: about bytes, parents, size or
// order, or by stopping, dripping, resetting, or sending noise. It serves from the truth and spoils
// it on the way out.
#pragma once

#include <map>
#include <memory>

#include "bao/chunk_ranges.hpp"
#include "quic/types.hpp"
#include "rt/scope.hpp"
#include "sim/counters.hpp"
#include "sim/event_log.hpp"
#include "sim/random.hpp"
#include "sim/truth.hpp"

namespace archy::sim {

enum class PeerMood : unsigned char {
  wrong_bytes,       // one byte of some leaf
  wrong_parent,      // one byte of some parent
  wrong_last_group,  // one byte of the last leaf sent, everything before it true
  wrong_size,        // the size header; the rest true
  wrong_order,       // two leaves swapped
  truncated,         // FIN in the middle
  stalls,            // silence in the middle
  drips,             // a byte a second
  resets,            // RESET_STREAM in the middle
  garbage,           // noise
  kCount,
};
// True for moods after which a fetch must never ask this peer again: it sent bytes that do not
// hash.
bool is_lie(PeerMood mood);

// Lifetime: env and truths outlive it; close() has been awaited before the destructor.
class EvilPeer {
 public:
  EvilPeer(rt::Env& env, PeerMood mood, SeededRandom random, EventLog& log, Counters& counters)
      : env_(env),
        mood_(mood),
        random_(random),
        log_(log),
        counters_(counters),
        scope_(env.executor) {}

  void serve(const Truth& truth) { blobs_[truth.hash] = &truth; }
  Result<> start(const crypto::Ed25519Seed& seed, const rt::Address& bind);
  boost::asio::awaitable<void> close();

  const quic::Endpoint& endpoint() const { return *endpoint_; }
  PeerMood mood() const { return mood_; }
  // Answers with a lie about `hash` to one asker.
  std::uint64_t lies_told(const Blake3Hash& hash, const EndpointId& to) const;

 private:
  boost::asio::awaitable<void> accept_connections();
  boost::asio::awaitable<void> serve_connection(std::shared_ptr<quic::Connection> connection);
  boost::asio::awaitable<void> serve_stream(std::shared_ptr<quic::Stream> stream, EndpointId asker);
  rt::Task<Bytes> read_request(quic::Stream& stream);
  rt::Task<> answer(quic::Stream& stream, const Truth& truth, bao::ChunkRanges wanted,
                    EndpointId asker);

  rt::Env& env_;
  PeerMood mood_;
  SeededRandom random_;
  EventLog& log_;
  Counters& counters_;
  rt::Scope scope_;
  std::unique_ptr<quic::Endpoint> endpoint_;
  std::map<Blake3Hash, const Truth*> blobs_;
  std::map<std::pair<Blake3Hash, EndpointId>, std::uint64_t> lies_;
};

}  // namespace archy::sim

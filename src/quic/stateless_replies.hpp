// Answers that cost no memory: version negotiation, Retry, refusal, stateless reset. Each is
// smaller than what it answers, so none amplifies.
#pragma once

#include <optional>

#include "quic/identity.hpp"
#include "quic/ngtcp2_shim.hpp"
#include "rt/env.hpp"

namespace archy::quic {

class StatelessReplies {
 public:
  StatelessReplies(const Identity& identity, rt::Random& random);

  Bytes version_negotiation(const ngtcp2_version_cid& asked);
  // `ours`: the id the client shall use next.
  Bytes retry(const ngtcp2_pkt_hd& initial, const rt::Address& from, const ngtcp2_cid& ours,
              ngtcp2_tstamp now);
  // The client's first destination id, when its token is one of ours, fresh, and from its address.
  std::optional<ngtcp2_cid> verify_retry(const ngtcp2_pkt_hd& initial, const rt::Address& from,
                                         ngtcp2_tstamp now) const;
  Bytes refusal(const ngtcp2_pkt_hd& initial);
  // Empty when the packet is too short to answer, or too many were answered this second.
  Bytes reset(ByteView cid, std::size_t answered_bytes, ngtcp2_tstamp now);
  // `out`: 16 bytes. The same for one id and one identity, over restarts.
  void reset_token(const ngtcp2_cid& cid, std::uint8_t* out) const;

 private:
  static constexpr std::uint32_t kResetsPerSecond = 100;

  rt::Random& random_;
  std::array<std::uint8_t, 32> reset_secret_;
  std::array<std::uint8_t, 32> retry_secret_;
  ngtcp2_tstamp reset_second_ = 0;
  std::uint32_t resets_ = 0;
};

}  // namespace archy::quic

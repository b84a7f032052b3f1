// Whether a stranger's first packet may cost us a connection: half-open caps and Retry.
#pragma once

#include <array>
#include <map>

#include "quic/tuning.hpp"

namespace archy::quic {

// Policy, in this order: every table full -> refuse; too many half-open handshakes -> prove your
// address by a Retry token first; far too many even so -> silence.
// A spoofed source can therefore never shut a real prefix out: it has no token.
class Admission {
 public:
  explicit Admission(const EndpointTuning& tuning, bool always_retry)
      : tuning_(tuning), always_retry_(always_retry) {}

  enum class Verdict : unsigned char { admit, retry, refuse, ignore };
  Verdict judge(const rt::Address& from, bool address_proven, std::size_t connections) const;
  // A half-open handshake begins / is settled one way or the other.
  void opened(const rt::Address& from);
  void settled(const rt::Address& from);
  std::size_t half_open() const { return half_open_; }

 private:
  // A /24 or a /64.
  using Prefix = std::array<std::uint8_t, 9>;
  static Prefix prefix_of(const rt::Address& from);

  const EndpointTuning& tuning_;
  bool always_retry_;
  std::size_t half_open_ = 0;
  std::map<Prefix, std::size_t> by_prefix_;
};

}  // namespace archy::quic

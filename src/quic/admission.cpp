#include "quic/admission.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace archy::quic {

Admission::Prefix Admission::prefix_of(const rt::Address& from) {
  Prefix out{};
  out[0] = from.v6 ? 6 : 4;
  std::copy_n(from.ip.begin(), from.v6 ? 8 : 3, out.begin() + 1);
  return out;
}

Admission::Verdict Admission::judge(const rt::Address& from, bool address_proven,
                                    std::size_t connections) const {
  if (tuning_.refuse_all) return Verdict::refuse;
  const auto at = by_prefix_.find(prefix_of(from));
  const bool prefix_full = at != by_prefix_.end() && at->second >= tuning_.half_open_per_prefix;
  if (!address_proven) {
    const bool busy = always_retry_ || half_open_ >= tuning_.retry_threshold || prefix_full;
    if (busy) return Verdict::retry;
  }
  if (prefix_full || half_open_ >= tuning_.half_open) return Verdict::ignore;
  if (connections >= tuning_.connections) return Verdict::refuse;
  return Verdict::admit;
}

void Admission::opened(const rt::Address& from) {
  ++half_open_;
  ++by_prefix_[prefix_of(from)];
}

void Admission::settled(const rt::Address& from) {
  const auto at = by_prefix_.find(prefix_of(from));
  CHECK(half_open_ > 0 && at != by_prefix_.end());
  --half_open_;
  if (--at->second == 0) by_prefix_.erase(at);
}

}  // namespace archy::quic

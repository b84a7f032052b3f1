#include "quic/stateless_replies.hpp"

#include <algorithm>

#include "quic/socket_address.hpp"

namespace archy::quic {
namespace {

constexpr ngtcp2_duration kRetryTokenLife = 10 * NGTCP2_SECONDS;
constexpr std::size_t kMaxReply = 1200;

// `write` fills the buffer and returns the length, or an error.
template <class Write>
Bytes written(std::size_t most, Write write) {
  Bytes out(most);
  const ngtcp2_ssize length = write(out);
  out.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return out;
}

}  // namespace

StatelessReplies::StatelessReplies(const Identity& identity, rt::Random& random)
    : random_(random), reset_secret_(identity.derive_secret("quic stateless reset")) {
  random_.fill(retry_secret_);
}

Bytes StatelessReplies::version_negotiation(const ngtcp2_version_cid& asked) {
  std::uint8_t unused = 0;
  random_.fill({&unused, 1});
  const std::uint32_t versions[] = {NGTCP2_PROTO_VER_V1};
  return written(kMaxReply, [&](Bytes& out) {
    return ngtcp2_pkt_write_version_negotiation(out.data(), out.size(), unused, asked.scid,
                                                asked.scidlen, asked.dcid, asked.dcidlen, versions,
                                                1);
  });
}

Bytes StatelessReplies::retry(const ngtcp2_pkt_hd& initial, const rt::Address& from,
                              const ngtcp2_cid& ours, ngtcp2_tstamp now) {
  ngtcp2_path_storage path;
  set_path(path, from, from);
  std::uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
  const auto length = ngtcp2_crypto_generate_retry_token(
      token, retry_secret_.data(), retry_secret_.size(), initial.version, path.path.remote.addr,
      path.path.remote.addrlen, &ours, &initial.dcid, now);
  if (length < 0) return {};
  return written(kMaxReply, [&](Bytes& out) {
    return ngtcp2_crypto_write_retry(out.data(), out.size(), initial.version, &initial.scid, &ours,
                                     &initial.dcid, token, static_cast<std::size_t>(length));
  });
}

std::optional<ngtcp2_cid> StatelessReplies::verify_retry(const ngtcp2_pkt_hd& initial,
                                                         const rt::Address& from,
                                                         ngtcp2_tstamp now) const {
  const ByteView token = shim::token_of(initial);
  if (token.empty() || token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) return std::nullopt;
  ngtcp2_path_storage path;
  set_path(path, from, from);
  ngtcp2_cid original;
  const int rv = ngtcp2_crypto_verify_retry_token(
      &original, token.data(), token.size(), retry_secret_.data(), retry_secret_.size(),
      initial.version, path.path.remote.addr, path.path.remote.addrlen, &initial.dcid,
      kRetryTokenLife, now);
  if (rv != 0) return std::nullopt;
  return original;
}

Bytes StatelessReplies::refusal(const ngtcp2_pkt_hd& initial) {
  return written(kMaxReply, [&](Bytes& out) {
    return ngtcp2_crypto_write_connection_close(out.data(), out.size(), initial.version,
                                                &initial.scid, &initial.dcid,
                                                NGTCP2_CONNECTION_REFUSED, nullptr, 0);
  });
}

Bytes StatelessReplies::reset(ByteView cid, std::size_t answered_bytes, ngtcp2_tstamp now) {
  // RFC 9000 10.3: at least 21 bytes, smaller than what it answers, not tellable from a packet.
  constexpr std::size_t kShortest = NGTCP2_MIN_STATELESS_RESET_RANDLEN + 16 + 21;
  if (answered_bytes <= kShortest || cid.size() > NGTCP2_MAX_CIDLEN) return {};
  if (now - reset_second_ >= NGTCP2_SECONDS) {
    reset_second_ = now;
    resets_ = 0;
  }
  if (++resets_ > kResetsPerSecond) return {};
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, cid.data(), cid.size());
  std::uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
  reset_token(id, token);
  std::uint8_t noise[NGTCP2_MIN_STATELESS_RESET_RANDLEN + 20];
  random_.fill(noise);
  return written(sizeof noise + sizeof token, [&](Bytes& out) {
    return ngtcp2_pkt_write_stateless_reset(out.data(), out.size(), token, noise, sizeof noise);
  });
}

void StatelessReplies::reset_token(const ngtcp2_cid& cid, std::uint8_t* out) const {
  (void)ngtcp2_crypto_generate_stateless_reset_token(out, reset_secret_.data(),
                                                     reset_secret_.size(), &cid);
}

}  // namespace archy::quic

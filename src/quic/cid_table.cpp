#include "quic/cid_table.hpp"

#include "base/check.hpp"

namespace archy::quic {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::size_t CidTable::Hash::operator()(const Key& k) const noexcept {
  std::uint64_t h = key;
  for (std::size_t at = 0; at < k.bytes.size(); at += 8) {
    h = mix(h ^ load_u64_le(k.bytes.data() + at), 0x9e3779b97f4a7c15u ^ key);
  }
  return h;
}

CidTable::Key CidTable::key_of(ByteView cid) {
  CHECK(cid.size() <= 20);
  Key out;
  out.bytes[0] = static_cast<std::uint8_t>(cid.size());
  if (!cid.empty()) std::memcpy(out.bytes.data() + 1, cid.data(), cid.size());
  return out;
}

ConnectionCore* CidTable::find(ByteView cid) const {
  const auto at = ids_.find(key_of(cid));
  return at == ids_.end() ? nullptr : at->second;
}

void CidTable::add(ByteView cid, ConnectionCore* connection) {
  ids_.insert_or_assign(key_of(cid), connection);
}

void CidTable::remove(ByteView cid, const ConnectionCore* connection) {
  const auto at = ids_.find(key_of(cid));
  if (at != ids_.end() && at->second == connection) ids_.erase(at);
}

}  // namespace archy::quic

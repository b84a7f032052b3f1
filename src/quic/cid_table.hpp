// Which connection a datagram belongs to: connection ids, never addresses, over all sockets.
#pragma once

#include <array>
#include <cstring>
#include <unordered_map>

#include "base/bytes.hpp"

namespace archy::quic {

class ConnectionCore;

// Length of every id we issue.
inline constexpr std::size_t kCidBytes = 8;

// Cost: one hash of at most 20 bytes a lookup. Peers choose some of the ids (a client's first), so
// the hash is keyed. Never iterated: its order depends on the key.
class CidTable {
 public:
  explicit CidTable(std::uint64_t hash_key) : ids_(16, Hash{hash_key}) {}
  // Requires: cid.size() <= 20.
  ConnectionCore* find(ByteView cid) const;
  void add(ByteView cid, ConnectionCore* connection);
  // Only if it still points at `connection`.
  void remove(ByteView cid, const ConnectionCore* connection);
  std::size_t size() const { return ids_.size(); }

 private:
  struct Key {
    std::array<std::uint8_t, 24> bytes{};  // length, then the id, then zeros
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::uint64_t key;
    std::size_t operator()(const Key& k) const noexcept;
  };
  static Key key_of(ByteView cid);

  std::unordered_map<Key, ConnectionCore*, Hash> ids_;
};

}  // namespace archy::quic

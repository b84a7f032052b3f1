#include "streaming/grace.hpp"

#include <algorithm>

#include "streaming/session_book.hpp"

namespace archy::streaming {
namespace {

// Peers for whom something is kept in memory; beyond it, all of it is forgotten.
constexpr std::size_t kMostAhead = 4096;

std::uint64_t rest(std::uint64_t budget, std::uint64_t taken) {
  return budget - std::min(budget, taken);
}

Bytes key(char kind, ByteView whose) {
  Bytes out{static_cast<std::uint8_t>(kind)};
  append(out, whose);
  return out;
}

Result<std::uint64_t> counted(wallet::WalletDb& db, std::int64_t day, ByteView whose) {
  TRY(query,
      db.connection().query("SELECT bytes FROM grace WHERE day = ? AND whose = ?", day, whose));
  TRY(there, query.step());
  return there ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

Result<GraceTaken> read(wallet::WalletDb& db, std::int64_t day, const EndpointId& peer,
                        std::string_view prefix) {
  GraceTaken out;
  TRY(of_peer, counted(db, day, key('p', peer.view())));
  TRY(of_node, counted(db, day, key('n', {})));
  out.peer = of_peer;
  out.node = of_node;
  if (!prefix.empty()) {
    TRY(of_prefix, counted(db, day, key('a', as_bytes(prefix))));
    out.prefix = of_prefix;
  }
  return out;
}

Result<> count(wallet::WalletDb& db, std::int64_t day, ByteView whose, std::uint64_t bytes) {
  return db.connection().run(
      "INSERT INTO grace (day, whose, bytes) VALUES (?, ?, ?) ON CONFLICT (day, whose) DO UPDATE "
      "SET bytes = bytes + excluded.bytes",
      day, whose, bytes);
}

}  // namespace

std::uint64_t grace_left(const GraceTaken& taken, bool has_prefix, std::uint64_t asked) {
  std::uint64_t out = std::min(rest(kGraceOfPeer, taken.peer), rest(kGraceOfNode, taken.node));
  if (has_prefix) out = std::min(out, rest(kGraceOfPrefix, taken.prefix));
  return std::min(out, asked);
}

Result<bool> Grace::take(wallet::WalletDb& db, const EndpointId& peer, std::string_view prefix,
                         ServiceId service, std::uint64_t bytes, std::int64_t now_ms) {
  const std::int64_t day = now_ms / kDayMs;
  if (day != day_ || ahead_.size() >= kMostAhead) ahead_.clear();
  day_ = day;
  if (const auto kept = ahead_.find(peer); kept != ahead_.end() && kept->second >= bytes) {
    kept->second -= bytes;
    return true;
  }
  TRY(transaction, db.begin());
  TRY(taken, read(db, day, peer, prefix));
  const std::uint64_t more =
      grace_left(taken, !prefix.empty(), std::max<std::uint64_t>(bytes, kGraceStep));
  if (more < bytes) return false;
  TRY_OK(count(db, day, key('p', peer.view()), more));
  TRY_OK(count(db, day, key('n', {}), more));
  if (!prefix.empty()) TRY_OK(count(db, day, key('a', as_bytes(prefix)), more));
  TRY_OK(db.connection().run("DELETE FROM grace WHERE day < ?", day - 1));
  SessionBook book(db);
  TRY_OK(book.add_to_day({.service = service, .day = day, .units_grace = more}));
  TRY_OK(transaction.commit());
  ahead_[peer] = more - bytes;
  return true;
}

Result<bool> Grace::has_room(wallet::WalletDb& db, const EndpointId& peer, std::string_view prefix,
                             std::int64_t now_ms) {
  TRY(taken, read(db, now_ms / kDayMs, peer, prefix));
  return grace_left(taken, !prefix.empty(), 1) > 0;
}

}  // namespace archy::streaming

// The rows that every operation works with, over one database.
#pragma once

#include <set>

#include "rt/clock.hpp"
#include "wallet/ledger/journal.hpp"
#include "wallet/ledger/operation_book.hpp"
#include "wallet/ledger/recovery_book.hpp"
#include "wallet/ledger/route_book.hpp"
#include "wallet/ledger/transfer_book.hpp"
#include "wallet/ledger/wallet_keys.hpp"

namespace archy::wallet {

// Thread: the loop. Lifetime: `db`, `clock` and `random` outlive it.
struct Books {
  Books(WalletDb& database, const crypto::Bip39Seed& seed, rt::Clock& time, rt::Random& random)
      : db(database),
        keys(seed),
        seal_key(keys.seal_key()),
        derivation(seed),
        clock(time),
        mints(database),
        recoveries(database),
        proofs(database, seal_key, derivation, random),
        operations(database, seal_key, random),
        transfers(database),
        routes(database),
        journal(database, seal_key, derivation, random) {}
  Books(const Books&) = delete;

  std::int64_t now_ms() const { return clock.unix_ms(); }
  std::uint64_t now_s() const { return static_cast<std::uint64_t>(clock.unix_ms() / 1000); }

  WalletDb& db;
  const WalletKeys keys;
  const crypto::SealKey seal_key;
  cashu::Derivation derivation;
  rt::Clock& clock;
  MintBook mints;
  RecoveryBook recoveries;
  ProofBook proofs;
  OperationBook operations;
  TransferBook transfers;
  RouteBook routes;
  Journal journal;
  // What this run of the program is beginning now: its row is nobody else's to end.
  std::set<OperationId> being_begun;
};

// What is booked of a part is followed by its whole's own step. A power cut in between has it asked
// for and booked again.
inline db::Durable durability_of(const std::optional<OperationId>& part_of) {
  return part_of ? db::Durable::with_the_next : db::Durable::now;
}

}  // namespace archy::wallet

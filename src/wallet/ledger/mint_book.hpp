// The mints that the wallet knows, their keysets, and the counters that secrets are derived with.
// A mint gets in here by the operator alone: nothing that a peer or a token names adds one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/strong.hpp"
#include "cashu/keyset.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::wallet {

using MintId = Strong<struct MintIdTag, std::int64_t>;

struct MintRow {
  MintId id;
  std::string url;  // normalised: one spelling a mint
  bool trusted = false;
  bool home = false;
  std::optional<cashu::Amount> cap;  // the most that may lie there
};

struct KeysetRow {
  cashu::Keyset keyset;
  bool active = false;
};

struct EndingKeyset {
  cashu::KeysetId keyset;
  std::uint64_t final_expiry = 0;  // Units: seconds since 1970
};

// Counters [first, first + count) of one keyset, taken for ever: they are never given back.
struct CounterRange {
  cashu::KeysetId keyset;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

class MintBook {
 public:
  explicit MintBook(WalletDb& db) : db_(db.connection()) {}

  // Puts a mint in, trusted, or trusts again one that was taken out. `url` is as a token or a
  // person writes it. Errors: bad_input (no mint's URL).
  Result<MintRow> add(std::string_view url, std::int64_t now_ms);
  // No longer trusted; its rows and what lies there stay. Errors: not_found; denied: it is home.
  Result<> remove(std::string_view url);
  // The one mint that ecash is kept at by preference. Errors: not_found (or not trusted).
  Result<> set_home(std::string_view url);
  Result<> set_cap(std::string_view url, std::optional<cashu::Amount> cap);

  Result<std::optional<MintRow>> find(std::string_view url);
  Result<std::optional<MintRow>> home();
  Result<std::vector<MintRow>> list();
  Result<std::optional<MintRow>> find(MintId id);
  Result<bool> is_trusted(std::string_view url);
  // What the mint said of itself last, as JSON (GET /v1/info); none before the first time.
  Result<> put_info(MintId mint, std::string_view json);
  Result<std::optional<std::string>> info(MintId mint);

  // Notes a keyset of this mint, or only whether it is active. Errors: denied: another mint has
  // this id, or one that the same secrets would be derived for: who signs for both could take what
  // lies at the other.
  Result<> put_keyset(MintId mint, const cashu::Keyset& keyset, bool active);
  Result<std::vector<KeysetRow>> keysets(MintId mint);
  // Those of unit sat that end before this time, ended ones too.
  Result<std::vector<EndingKeyset>> ending(MintId mint, std::uint64_t before_s);
  // Errors: not_found; corrupt: its id does not follow from its keys.
  Result<KeysetRow> keyset(const cashu::KeysetId& id);
  // Errors: not_found.
  Result<MintId> mint_of(const cashu::KeysetId& keyset);
  // Takes the next `count` of them. Requires: within the transaction that stores the request they
  // are for. Errors: not_found; denied: the keyset is doubtful; unsupported: NUT-13 has no more
  // (v1: 2^31).
  Result<CounterRange> take_counters(const cashu::KeysetId& keyset, std::uint64_t count);
  Result<std::uint64_t> next_counter(const cashu::KeysetId& keyset);
  // A doubtful keyset's counters may have been used by another copy of this database: none is taken
  // until that has been looked into.
  Result<std::vector<cashu::KeysetId>> doubtful(MintId mint);
  Result<> set_doubtful(const cashu::KeysetId& keyset, bool doubtful);
  // How often this database was opened to be written.
  Result<std::uint64_t> openings();
  Result<> set_openings(std::uint64_t count);
  // How many backups were made of it.
  Result<std::uint64_t> backups();
  Result<> set_backups(std::uint64_t count);
  // When all of it was found to be sound last; 0: never. Units: milliseconds since 1970.
  Result<std::int64_t> checked_ms();
  Result<> set_checked_ms(std::int64_t now_ms);
  // After a restore: no counter below this one is free any more.
  Result<> advance_counter(const cashu::KeysetId& keyset, std::uint64_t next);

 private:
  Result<std::int64_t> fact(std::string_view name);
  Result<> set_fact(std::string_view name, std::int64_t value);

  db::Connection& db_;
};

}  // namespace archy::wallet

// A mint of the book, as operations meet it: what it says it can do, its keysets, and the way to
// it. What was heard once is kept in the book, so that much can be done while the mint is away.
#pragma once

#include "cashu/checked_proof.hpp"
#include "cashu/mint_info.hpp"
#include "wallet/ledger/books.hpp"
#include "wallet/mint_client.hpp"

namespace archy::wallet {

inline constexpr std::string_view kUnit = "sat";

// Thread: the loop. Lifetime: `http` and `books` outlive it.
class KnownMint {
 public:
  // Errors: corrupt: what the book has of it cannot be read.
  static Result<std::unique_ptr<KnownMint>> load(http::Client& http, Books& books, MintRow row);

  MintId id() const { return row_.id; }
  const std::string& url() const { return row_.url; }
  MintClient& client() { return client_; }
  const cashu::MintInfo& info() const { return info_; }
  const cashu::Keysets& keysets() const { return keysets_; }
  const std::vector<KeysetRow>& keyset_rows() const { return rows_; }
  cashu::DleqRule dleq_rule() const {
    return info_.dleq ? cashu::DleqRule::required : cashu::DleqRule::if_present;
  }

  // Asks for what the mint is and for its keysets; new ones are noted. Errors: as MintClient's
  // questions; denied: a keyset that belongs to another mint of ours.
  rt::Task<> refresh(std::stop_token stop);
  // refresh(), unless that has been done since the program started.
  rt::Task<> meet(std::stop_token stop);
  bool is_met() const { return met_; }
  // What time it is there, as far as it has said (NUT-06): ends of quotes are by that clock.
  // Units: seconds since 1970.
  std::uint64_t now_s() const;

  // The keyset that new ecash is asked for in: active, of our unit, not about to expire; the
  // cheapest one to spend. Errors: unsupported: there is none.
  Result<const cashu::Keyset*> for_outputs() const;
  // Fee of a request with these inputs. Errors: not_found: an unknown keyset.
  Result<cashu::Amount> input_fee(std::span<const cashu::Proof> inputs) const;

 private:
  KnownMint(http::Client& http, Books& books, MintRow row);
  Result<> read_book();

  Books& books_;
  const MintRow row_;
  MintClient client_;
  cashu::MintInfo info_;
  std::vector<KeysetRow> rows_;
  cashu::Keysets keysets_;
  bool met_ = false;
  std::int64_t ahead_s_ = 0;  // of our clock
};

}  // namespace archy::wallet

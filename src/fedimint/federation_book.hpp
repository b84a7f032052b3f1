// What was asked of the client daemon of a federation, as rows: each with the exact bytes of its
// one request, how often they were sent, and what the daemon calls it.
//
// A sending counts before its first byte leaves. While the answer to one of them is missing, a copy
// of the request may still be on its way: `lost_ms` says since when.
#pragma once

#include <set>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "crypto/seal.hpp"
#include "rt/random.hpp"
#include "wallet/issuer.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::fedimint {

using wallet::IssuerAction;
using wallet::IssuerHandle;
using wallet::kMostMsat;
using wallet::Msat;
using wallet::WalletDb;

// How far one is; the way through them is at the top of fmcd_federation.hpp. From `done` on an end.
enum class FederationStage : unsigned char {
  armed = 0,   // the request is stored and was never sent
  sent = 1,    // it may have been executed
  known = 2,   // the daemon has an operation for it, which is not decided
  handed = 3,  // spend: the notes are stored
  done = 4,
  undone = 5,
  lapsed = 6,  // spend: the daemon had the time to take the notes back
};

struct FederationOperation {
  IssuerHandle id;
  std::string federation;
  IssuerAction kind = IssuerAction::receive;
  FederationStage stage = FederationStage::armed;
  std::string mark;  // our own name for it, which the daemon is told where it can be. 32 hex digits
  Msat amount;
  std::optional<Msat> most_fee;  // pay
  std::optional<Msat> fee;
  std::string invoice;
  std::optional<Sha256Digest> payment_hash;  // pay
  std::optional<std::int64_t> expires_s;     // pay: the invoice's. Units: seconds since 1970
  std::string path;
  std::optional<std::string> anchor;            // the daemon's newest operation before the request
  std::optional<std::string> daemon_operation;  // known from then on, and never another
  std::optional<std::int64_t> take_back_ms;     // spend
  std::optional<std::string> preimage;          // pay
  std::int64_t sendings = 0;
  std::optional<std::int64_t> sent_ms;  // the last one
  std::optional<std::int64_t> lost_ms;  // the last one that has no answer
  // What lost_ms was before the last sending. Not in the row: an answer comes in the same process.
  std::optional<std::int64_t> lost_before = std::nullopt;
  std::string note;
  std::int64_t version = 0;

  bool has_ended() const { return stage >= FederationStage::done; }
};

struct NewFederationOperation {
  std::string federation;
  IssuerAction kind = IssuerAction::receive;
  std::string key;
  Sha256Digest request;  // what was asked for under that key
  std::string mark;
  Msat amount;
  std::optional<Msat> most_fee = std::nullopt;
  std::string invoice = {};
  std::optional<Sha256Digest> payment_hash = std::nullopt;
  std::optional<std::int64_t> expires_s = std::nullopt;
  std::string path;
  Secret<std::string> body;
  std::optional<std::string> anchor = std::nullopt;
};

// Thread and lifetime: as WalletDb's. Every call is durable when it returns.
class FederationBook {
 public:
  FederationBook(WalletDb& db, const crypto::SealKey& key, rt::Random& random)
      : db_(db), key_(key), random_(random) {}

  // A fresh mark.
  std::string new_mark();
  // Errors: try_later: another spend, or reissue, of the same amount is not decided, and the
  // daemon's log could not tell the two apart.
  Result<> check_alone(std::string_view federation, IssuerAction kind, Msat amount);
  // Stores a request. Errors: denied: the key is taken, or another operation pays this invoice;
  // those of check_alone.
  Result<FederationOperation> begin(const NewFederationOperation& operation, std::int64_t now_ms);
  // Before the first byte of each sending. Errors: denied: it is at an end, or somebody else's.
  Result<> mark_sent(FederationOperation& operation, std::int64_t now_ms);
  // The daemon itself has answered the last sending, whatever it says: that copy is used up.
  void note_answer(FederationOperation& operation) const;
  // Everything but the request itself and its sendings; `notes` beside it where they are given.
  // Errors: denied: somebody else has gone on with it.
  Result<> update(FederationOperation& operation, std::int64_t now_ms,
                  const std::optional<Secret<std::string>>& notes = std::nullopt);

  Result<std::optional<FederationOperation>> find(IssuerHandle id);
  // The last one begun with this key. Errors: denied: it was begun for another request.
  Result<std::optional<FederationOperation>> find(std::string_view federation, std::string_view key,
                                                  const Sha256Digest& request);
  // Those that are not at an end, oldest first.
  Result<std::vector<FederationOperation>> open(std::string_view federation);
  // What the daemon calls those of our operations that it has named.
  Result<std::set<std::string>> named(std::string_view federation);
  Result<Secret<std::string>> body(const FederationOperation& operation);
  Result<std::optional<Secret<std::string>>> notes(const FederationOperation& operation);

 private:
  Bytes sealed(const Secret<std::string>& plain, std::string_view what, std::string_view mark);
  Result<Secret<std::string>> unsealed(ByteView box, std::string_view what, std::string_view mark);

  WalletDb& db_;
  const crypto::SealKey& key_;
  rt::Random& random_;
};

}  // namespace archy::fedimint

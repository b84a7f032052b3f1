// Paying for content: instalments from the wallet, each with a row before its token exists, within
// the caps of a policy however many fetches run and however often the program dies.
//
//   begun (row, counted with its worst cost) -> token built -> handed to the seller -> taken
//     |                                            |              (he granted, with a receipt)
//     '-> none (no way to pay: counts nothing)     '-> called back: had back, or lost to him
//
// A start goes on with what is open: a token that no answer was seen to is called back; what cannot
// be had back was redeemed, and counts as paid to a seller who did not say so. He may say so yet:
// whoever buys for the same blob from him shows him that token first (unanswered()), which gives
// the same receipt and counts once.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "base/secret.hpp"
#include "rt/env.hpp"
#include "streaming/payment_policy.hpp"
#include "streaming/purse.hpp"

namespace archy::streaming {

using PurchaseId = Strong<struct PurchaseTag, std::int64_t>;

// What is bought, from whom.
struct Purchase {
  EndpointId seller;
  Blake3Hash blob;                                 // root
  std::optional<std::string> film = std::nullopt;  // id of the film it belongs to
};

struct Instalment {
  PurchaseId id;
  Secret<std::string> token;
  Amount amount;  // that the seller has after his mint's fee
  Amount fee;     // what it has cost over that
};

enum class PurchaseState : unsigned char {
  begun = 0,   // the wallet builds the token, or was to
  handed = 1,  // the seller may have it
  taken = 2,   // he granted
  none = 3,    // nothing was paid
  had_back = 4,
  lost = 5,  // redeemed, and nothing granted
};

struct PurchaseView {
  PurchaseId id;
  Purchase what;
  PurchaseState state{};
  Amount amount, fee;
  std::string payment;  // the seller's name for it, where he gave a receipt
  std::int64_t at_ms = 0;
  bool undelivered = false;  // taken, and the bytes did not come
};

// Thread: the loop. Lifetime: `env` and `purse` outlive it and its tasks.
class Buyer {
 public:
  Buyer(const rt::Env& env, Purse& purse);
  ~Buyer();

  // A token worth `price` to the seller, or none, never an error: over a cap (what is open counts
  // with its worst), no mint of his, no balance, no wallet. `why`, where given, is set to the
  // reason. `soon`: what this and the next payments to him come to; where ecash has to be brought
  // to a mint of his, so much is brought at once if the limits allow it.
  boost::asio::awaitable<std::optional<Instalment>> auto_pay_token(
      PaymentPolicy policy, Purchase what, std::vector<std::string> accepted_mints, Amount price,
      std::stop_token stop, std::string* why = nullptr, Amount soon = {});
  // The largest price that auto_pay_token would not refuse for a cap now. Errors: the database's.
  Result<Amount> room(const PaymentPolicy& policy, const Purchase& what);
  // A token of before that this seller may have taken for this blob and did not say so, within a
  // day; it is the caller's to hand out again and to end with taken() or call_back(). None: there
  // is none, or somebody else is at it. Errors: the database's.
  Result<std::optional<Instalment>> unanswered(const EndpointId& seller, const Blake3Hash& blob);
  // Until no token is being called back: only then is it known which ones are unanswered. Errors:
  // timed_out.
  rt::Task<> calls_back_ended();
  // Before the token goes out. Errors: the disk's: it must not go out then; denied: it was taken
  // back, or is over.
  Result<> handing(PurchaseId id);
  // He granted. Errors: denied: it was had back before.
  Result<> taken(PurchaseId id, std::string payment);
  // He granted, and the bytes did not come, or were not those of the blob. Counts as lost to him.
  Result<> not_delivered(PurchaseId id);
  // He refused it, or does not answer: had back where it was not redeemed. How it is afterwards;
  // what could not be decided now is gone on with by recover().
  boost::asio::awaitable<PurchaseState> call_back(PurchaseId id, std::stop_token stop);
  // After a start, and now and then. Errors: the database's.
  rt::Task<> recover(std::stop_token stop);
  Result<std::vector<PurchaseView>> purchases(std::optional<Blake3Hash> blob, std::uint64_t limit);
  // Paid to this seller within a day and nothing granted: he is not bought from meanwhile.
  Result<Amount> lost_to(const EndpointId& seller);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archy::streaming

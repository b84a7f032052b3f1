// Whoever owes us money in some form of ecash, and what the rest of the program may ask of him: a
// Cashu mint (cashu_issuer.hpp), a Fedimint federation through its client daemon
// (fedimint/fmcd_federation.hpp). Plain data on both sides; how an issuer keeps its books is its
// own affair.
//
// One rule for all: a row before the request. Every call that moves money returns an operation that
// is at an end or in a book on the disk, and an operation whose answer was lost is `unknown`, never
// `failed`. It is gone on with by asking (status, recover), never by asking for the same again
// under another key.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/secret.hpp"
#include "base/strong.hpp"
#include "rt/task.hpp"

namespace archy::wallet {

// Units: thousandths of a sat.
using Msat = Strong<struct MsatTag>;
// More than there will ever be: no issuer's number above it is believed, and sums do not wrap.
inline constexpr Msat kMostMsat{2'100'000'000'000'000'000};

// An operation in the book of its issuer; another issuer's may have the same number.
using IssuerHandle = Strong<struct IssuerHandleTag, std::int64_t>;

enum class IssuerAction : unsigned char {
  receive = 0,  // an invoice that somebody pays becomes ecash
  pay = 1,      // ecash pays an invoice
  spend = 2,    // ecash for somebody else
  reissue = 3,  // somebody else's ecash becomes ours
};

enum class IssuerState : unsigned char {
  open,     // under way, or it waits for somebody (an invoice to be paid)
  unknown,  // a request may have been executed; nothing is done before that is known
  handed,   // spend: the notes are stored and may be given to somebody
  lapsed,   // spend, at an end: the notes' time is over. They were redeemed or came back; the
            // balance is right either way, but which of the two nobody has said
  done,     // at an end: it happened
  failed,   // at an end: nothing happened, or it is all back
};
// Shape: the snake_case name.
std::string_view to_string(IssuerState state);

struct IssuerOperation {
  IssuerHandle handle;
  IssuerAction action = IssuerAction::receive;
  IssuerState state = IssuerState::open;
  Msat amount;
  std::optional<Msat> fee = std::nullopt;                   // as far as it is known
  std::string invoice = {};                                 // receive, pay; none yet: empty
  std::optional<std::string> preimage = std::nullopt;       // pay: as the issuer says it
  std::optional<std::int64_t> take_back_ms = std::nullopt;  // spend: the notes are good until then
  std::string note = {};  // for people: what is waited for, why it failed

  bool has_ended() const {
    return state == IssuerState::lapsed || state == IssuerState::done ||
           state == IssuerState::failed;
  }
};

struct IssuerBalance {
  Msat spendable;
  Msat undecided;  // in operations that are not decided; a part of it may be in `spendable` too
  Msat given;      // in notes that are out
};

// Thread: the loop. Lifetime: outlives its tasks.
//
// `key`: the caller's own name for an operation. Shape: 1 to 128 characters. The same key with the
// same request gives the same operation, whatever has become of it; with another request: denied.
// Amounts are exact: an issuer that cannot do one says bad_input and rounds nothing.
//
// Errors of all tasks: bad_input; denied (a cap, a key that was used, a password); payment_needed
// (not enough there); try_later; unreachable, timed_out, peer_fault (of a question that changes
// nothing; what became of a request is told by its operation); cancelled; the disk's.
class Issuer {
 public:
  virtual ~Issuer() = default;
  // What people see: a URL, a federation's id.
  virtual std::string name() const = 0;
  virtual rt::Task<IssuerBalance> balance(std::stop_token stop) = 0;

  // The operation has the invoice unless it is `unknown` or `failed`.
  virtual rt::Task<IssuerOperation> receive_invoice(Msat amount, std::string key,
                                                    std::stop_token stop) = 0;
  // Errors: denied: every way would cost more than `most_fee`.
  virtual rt::Task<IssuerOperation> pay_invoice(std::string invoice, Msat most_fee, std::string key,
                                                std::stop_token stop) = 0;
  // The notes are notes_of() the operation once it is `handed`: stored before they are shown.
  virtual rt::Task<IssuerOperation> spend(Msat amount, std::string key, std::stop_token stop) = 0;
  // The notes are their own key.
  virtual rt::Task<IssuerOperation> reissue(Secret<std::string> notes, std::stop_token stop) = 0;

  // Goes on with it as far as asking goes. Errors: not_found.
  virtual rt::Task<IssuerOperation> status(IssuerHandle handle, std::stop_token stop) = 0;
  // Errors: not_found: no such notes, or not yet; denied: their time is over.
  virtual Result<Secret<std::string>> notes_of(IssuerHandle handle) = 0;
  // After a start: every operation that is not at an end, as status(). Errors: the first one met,
  // after all were tried.
  virtual rt::Task<> recover(std::stop_token stop) = 0;
};

}  // namespace archy::wallet

// The seller's one gate: what a peer may have, what it costs, and what has been paid for it. Asked
// by the negotiation (a price, a payment) and by every blob request (may it begin, may it go on),
// so the two cannot disagree.
//
//   ask(): class public -> allowed, nothing else is looked at
//          a token      -> redeemed first (a row with the operation, credit when the mint has
//                          signed, both in transactions of the wallet), then as without
//          credit       -> allowed; none: payment_required with a price that holds for two minutes
//   begin() / reserve() / settle(): credit is taken before bytes leave, at most kStepBytes at a
//          time, by one change that either has it or has not; what was not sent goes back
//
// Rules:
// - An error never improves a verdict: of `paid` content it is "try later"; of `metered` content
//   the grace budget, which is counted, and "try later" when that cannot be read.
// - Credit belongs to a peer (the key its TLS connection proved), a service and a root hash, until
//   it expires; never to a token, never to what a message says.
// - A token is looked at (size, proofs, unit, its mint against the list, no proof twice, none that
//   was used before) before anything is asked of anybody.
// - Whose tokens were refused 16 times within a minute is told to try later for a minute, and what
//   comes meanwhile is not looked at. Credit that is there goes on as if nothing were.
// - Net value only: what the wallet got after its mint's fee. More than the price is credit.
// - What is paid for is `allowed` as soon as the smallest purchase, or all of it where that is
//   less, is covered: the rest is paid in instalments, before it is sent.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "base/secret.hpp"
#include "rt/env.hpp"
#include "streaming/content_class.hpp"
#include "streaming/purse.hpp"
#include "streaming/service.hpp"

namespace archy::streaming {

// Credit taken ahead of sending, at most. Units: payload bytes.
inline constexpr std::uint64_t kStepBytes = 4u << 20;
// How much may be used before it is written down, at most: what a crash gives the buyer.
inline constexpr std::uint64_t kUnwrittenBytes = 16u << 20;
inline constexpr std::int64_t kQuoteMs = 120'000;
inline constexpr std::size_t kTokenChars = 32u << 10;
inline constexpr std::size_t kTokenProofs = 64;

// What is asked for, by whom. `klass` and `size` are the seller's own knowledge of the content.
struct Want {
  EndpointId peer;
  ServiceId service = ServiceId::content_download;
  Blake3Hash hash;  // root: credit for it covers the children of a sequence too
  ContentClass klass = ContentClass::public_;
  std::uint64_t size = 0;   // of all that it may cost. Units: of the service's metric
  std::string prefix = {};  // of the peer's addresses, where they are known: grace is shared by it
};

enum class GateVerdict : unsigned char {
  allowed,           // free, or paid before
  paid_and_allowed,  // by this token
  payment_required,
  insufficient,  // the token was worth too little; it is untouched, or its value is credit
  failed,        // the token is none that we take: `reason`
  unavailable,   // try later; a token that came with it may be sent again, and counts once
};
std::string_view to_string(GateVerdict verdict);

struct Quote {
  std::string id;  // 32 hex digits
  Amount price;    // for what is asked for, credit taken off
  Price terms;     // per step
  std::vector<std::string> accepted_mints;
  std::int64_t expires_ms = 0;  // unix
};

struct Receipt {
  std::string payment;  // id. Shape: 32 hex digits, the same for the same token
  Amount paid;          // net
  Msat credit;          // of the session afterwards
};

struct GateAnswer {
  GateVerdict verdict = GateVerdict::unavailable;
  std::optional<Quote> quote = std::nullopt;      // payment_required, insufficient
  std::optional<Receipt> receipt = std::nullopt;  // paid_and_allowed, insufficient
  std::string reason = {};                        // one line, for people and logs
};

// A blob request that is being answered. Closed by settle().
struct GateTicket {
  std::uint64_t number = 0;
};

enum class MeterVerdict : unsigned char {
  go_on,
  wait,     // no credit just now: ask again at `again`
  payment,  // none came: the request ends (code 1 on the wire)
  later,    // grace is used up, or an error (code 2)
};
struct MeterAnswer {
  MeterVerdict verdict = MeterVerdict::later;
  rt::Instant again{};
};

struct SessionView {
  std::uint64_t id = 0;
  EndpointId peer;
  ServiceId service{};
  Blake3Hash hash;
  Msat credit;  // paid in, all in all
  Msat used;
  std::uint64_t units = 0;  // delivered
  std::int64_t opened_ms = 0, expires_ms = 0;
  bool closed = false;
  std::optional<wallet::OperationId> refund = std::nullopt;
};

struct UsageLine {  // one service, one day (UTC)
  ServiceId service{};
  std::int64_t day = 0;  // since 1970
  std::uint64_t units_paid = 0, units_grace = 0, sessions = 0;
  Amount earned;    // net of mints' fees
  Amount refunded;  // with what giving it back took (and the mint's fee, which is the seller's)
};

// Thread: the loop. Lifetime: `env` and `purse` outlive it, it outlives its tasks; close() before
// the destructor.
class Gate {
 public:
  Gate(const rt::Env& env, Purse& purse);
  ~Gate();

  // --- what is sold ----------------------------------------------------------------------------
  // All of them, those never configured with their defaults. Without a wallet: all off.
  Result<std::vector<Service>> services();
  // `expected_revision`: of what the caller has seen. Errors: try_later: somebody else has changed
  // it since; bad_input: a price that is none, a mint that is not trusted; not_found: no wallet.
  Result<Service> configure(Service service, std::uint64_t expected_revision);
  // What content of this stored class is as things are: a service that is on makes what is
  // not marked metered. Errors: the database's: the caller treats it as `paid` where it is marked
  // so, and as metered otherwise.
  Result<bool> is_on(ServiceId id);

  // --- negotiation -----------------------------------------------------------------------------
  boost::asio::awaitable<GateAnswer> ask(Want want, std::optional<Secret<std::string>> token,
                                         std::stop_token stop);
  // What `units` would cost anybody now, without a session. Errors: not_found: it is off.
  Result<Quote> quote(ServiceId service, std::uint64_t units);

  // --- blob requests ---------------------------------------------------------------------------
  // Whether it may begin at all; never called for class public. The ticket is for the others.
  struct Begun {
    MeterVerdict verdict = MeterVerdict::later;
    GateTicket ticket;
  };
  Begun begin(const Want& want);
  // The next `payload` bytes go out (a group): taken from what is reserved, or reserved now.
  MeterAnswer take(GateTicket ticket, std::uint64_t payload);
  // The request has ended: what was reserved and not taken goes back.
  void settle(GateTicket ticket);

  // --- sessions --------------------------------------------------------------------------------
  Result<std::vector<SessionView>> sessions(bool open_only);
  // What is left is given back as a token (null: less than a sat, or than giving it back takes).
  // Again: the same token. Errors: not_found; try_later: a request runs on it, or the mint is away.
  struct Closed {
    SessionView session;
    std::optional<Secret<std::string>> token;
  };
  rt::Task<Closed> close_session(std::uint64_t id, std::stop_token stop);
  Result<std::vector<UsageLine>> usage(std::int64_t from_day, std::int64_t to_day);

  // What is used is written with every kUnwrittenBytes of it, and here: now and then, at the end.
  Result<> write_used();
  Result<> close() { return write_used(); }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archy::streaming

// Sessions and payments as rows of wallet.db. What makes a payment credit is the database itself
// (wallet/ledger/schema.cpp); nothing here adds to a session's credit.
//
// Thread and lifetime: as WalletDb's. What writes more than one row does so in one transaction.
#pragma once

#include <optional>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "streaming/service.hpp"
#include "wallet/ledger/operation.hpp"
#include "wallet/ledger/wallet_db.hpp"

namespace archy::streaming {

using SessionId = Strong<struct SessionTag, std::int64_t>;

inline constexpr std::int64_t kDayMs = 86'400'000;
// Credit is good for so long after the last payment; what is left then can still be given back.
inline constexpr std::int64_t kSessionMs = 30 * kDayMs;

// Whose credit, for what.
struct Scope {
  EndpointId peer;
  ServiceId service = ServiceId::content_download;
  Blake3Hash hash;
  auto operator<=>(const Scope&) const = default;
};

struct Refund {
  Amount amount;
  std::string mint;
  std::int64_t tries = 0;  // sendings that failed: nothing was given
  std::optional<wallet::OperationId> operation = std::nullopt;
};

struct Session {
  SessionId id;
  Scope scope;
  Price terms;
  std::string terms_of;  // the payment that they came with; empty: of none yet
  Msat credit, base, used;
  std::uint64_t units = 0;  // delivered under these terms
  std::uint64_t units_before = 0;
  std::int64_t opened_ms = 0, expires_ms = 0;
  std::optional<std::int64_t> closed_ms = std::nullopt;
  std::optional<Refund> refund = std::nullopt;
};

enum class PaymentState : unsigned char {
  open = 0,      // the wallet has the token, and has not got its value yet
  credited = 1,  // at an end: the session has it
  failed = 2,    // at an end: the token was worth nothing
};

struct Payment {
  std::string name;  // its id. Shape: 32 hex digits
  wallet::OperationId operation;
  SessionId session;
  Scope scope;
  PaymentState state = PaymentState::open;
  Price terms;
  Msat net;
};

class SessionBook {
 public:
  explicit SessionBook(wallet::WalletDb& db) : db_(db) {}

  Result<std::optional<Session>> find(SessionId id);
  // The one that is not closed.
  Result<std::optional<Session>> open(const Scope& scope);
  Result<std::vector<Session>> list(bool open_only);

  // A peer's token, with its session, which is opened where there is none. Requires: within the
  // transaction that stores the operation.
  Result<> begin_payment(const Scope& scope, std::string_view name, wallet::OperationId operation,
                         const Price& terms, std::int64_t now_ms);
  Result<std::optional<Payment>> payment(std::string_view name);
  // The last one that became credit.
  Result<std::optional<Payment>> last_credited(SessionId id);
  Result<bool> has_open_payment(SessionId id);
  // Whether the wallet has received a proof, or may still.
  Result<bool> is_received(ByteView y);
  // Mints whose ecash paid for it, the last one first.
  Result<std::vector<std::string>> mints_of(SessionId id);

  // What is used: terms, base, units, and of these so many since the last writing. Errors: denied:
  // it was closed.
  struct Used {
    SessionId id;
    ServiceId service{};
    Price terms;
    std::string terms_of = {};
    Msat base = {}, used = {};
    std::uint64_t units = 0, units_before = 0, units_new = 0;
  };
  Result<> write_used(const Used& used, std::int64_t now_ms);
  // Ends it, and says what is to be given back. Errors: denied: it was closed.
  Result<> close(SessionId id, std::int64_t now_ms);
  Result<> begin_refund(SessionId id, Amount amount, std::string_view mint);
  Result<> retry_refund(SessionId id, std::string_view mint, std::int64_t tries);
  // With what it has cost. Errors: denied: it was refunded before.
  Result<> end_refund(const Session& session, wallet::OperationId operation, Amount cost,
                      std::int64_t now_ms);

  struct Day {
    ServiceId service{};
    std::int64_t day = 0;
    std::uint64_t units_paid = 0, units_grace = 0, sessions = 0;
    Amount earned = {}, refunded = {};
  };
  Result<> add_to_day(const Day& more);
  Result<std::vector<Day>> days(std::int64_t from, std::int64_t to);

 private:
  wallet::WalletDb& db_;
};

}  // namespace archy::streaming

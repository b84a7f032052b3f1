// A toy Lightning: one ledger that knows who asked for each invoice and who paid it. Mints that
// stand on one of these are linked: what one pays the other has received. Payers and payees outside
// of all mints are kOutside.
//
// Never loses anything: what it answered is in its file. Thread: one. Lifetime: within that of
// `files` and `random`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fixed_bytes.hpp"
#include "db/connection.hpp"
#include "rt/random.hpp"

namespace archy::testmint {

inline constexpr const char* kOutside = "outside";

enum class PayState : unsigned char {
  none = 0,  // nobody has tried
  in_flight = 1,
  paid = 2,
  failed = 3,
  unknown = 4,  // the node cannot say, until resolve()
};

// How a payment goes, where it does not simply go well.
struct PayScript {
  enum class End : unsigned char { paid = 0, failed = 1, unknown = 2, claimed = 3 };
  End end = End::paid;              // claimed: called paid, and nobody received it
  std::uint64_t after_ms = 0;       // in flight until then
  std::uint64_t fee_above = 0;      // sat above the reserve
  std::uint64_t seen_after_ms = 0;  // the payee hears of it so much later
};

struct PayOrder {
  std::string payer;
  std::string invoice;
  std::uint64_t reserve_sat = 0;
  PayScript script = {};
  std::string reference = {};  // what the payer calls it: status() says whose payment it is
};

struct Payment {
  PayState state = PayState::none;
  std::uint64_t fee_sat = 0;
  std::string preimage = {};  // hex; once it is paid
  std::string reference = {};
};

struct IssuedInvoice {
  std::string text;
  Sha256Digest hash;
};

// What a payment costs inside the reserve: never more than it, nothing to oneself.
struct FeeRule {
  std::uint64_t base_sat = 1;
  std::uint64_t ppm = 0;
};

class Lightning {
 public:
  static Result<std::unique_ptr<Lightning>> open(rt::Files& files, const rt::Path& path,
                                                 rt::Random& random,
                                                 const db::Options& options = {});

  Result<IssuedInvoice> invoice(std::string_view owner, std::uint64_t amount_msat,
                                std::string_view description, std::uint64_t expiry_s,
                                std::int64_t now_ms);
  // What the owner knows to have come in for it, in sat.
  Result<std::uint64_t> received_sat(const Sha256Digest& hash, std::int64_t now_ms);
  // Who asked for it. Errors: not_found.
  Result<std::string> owner_of(const Sha256Digest& hash);

  // Tries once, and again after a failure. Errors: bad_input (no invoice); denied (paid already);
  // try_later (in flight).
  Result<Payment> pay(const PayOrder& order, std::int64_t now_ms);
  // How it stands. What was in flight and is due has ended.
  Result<Payment> status(const Sha256Digest& hash, std::int64_t now_ms);
  // Ends a payment that is in flight or unknown. Errors: not_found.
  Result<> resolve(const Sha256Digest& hash, bool paid, std::int64_t now_ms);
  // Somebody outside pays, as often as it is called. `amount_msat`: none: the invoice's.
  Result<> pay_from_outside(std::string_view invoice, std::optional<std::uint64_t> amount_msat,
                            std::int64_t now_ms);

  // Of the invoices to come: "lnbcrt" where it is not called, "lnbc".
  void set_chain(std::string prefix) { prefix_ = std::move(prefix); }
  void set_fees(FeeRule rule) { fees_ = rule; }
  // {"invoices": [...], "payments": [...]}, as JSON text.
  Result<std::string> report();
  Result<> close() { return connection_->close(); }

 private:
  Lightning(std::unique_ptr<db::Connection> connection, rt::Random& random)
      : connection_(std::move(connection)), random_(random) {}

  struct Row;
  Result<Row> read(const Sha256Digest& hash);
  Result<> write(const Sha256Digest& hash, const Row& row);
  Result<Row> end(const Sha256Digest& hash, Row row, std::int64_t now_ms);
  Result<> credit(const Sha256Digest& hash, std::uint64_t amount_msat, std::int64_t seen_from_ms);
  Result<Payment> shown(const Sha256Digest& hash, const Row& row);

  std::unique_ptr<db::Connection> connection_;
  rt::Random& random_;
  FeeRule fees_;
  std::string prefix_ = "lnbcrt";
};

}  // namespace archy::testmint

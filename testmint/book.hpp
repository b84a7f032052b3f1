// One mint's database: the referee of every test. What it says was issued and spent is what was,
// whatever a fault made the mint answer, and whenever the process was killed.
//
// Thread: one. Every change is within a transaction of the caller's.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cashu/mint_answers.hpp"
#include "cashu/proof.hpp"
#include "db/transaction.hpp"
#include "testmint/options.hpp"

namespace archy::testmint {

struct KeysetRow {
  std::uint64_t number = 0;
  KeysetPlan plan;
  bool active = false;
  bool expired = false;  // by a fault, whatever its terms say
};

struct MintQuoteRow {
  std::string id = {};
  std::uint64_t amount = 0;
  std::string invoice = {};
  Sha256Digest hash = {};
  std::optional<std::string> owner = std::nullopt;  // hex of a key
  std::uint64_t paid = 0;
  std::uint64_t issued = 0;
  std::uint64_t expiry_s = 0;
  std::uint64_t updated_s = 0;
  bool forgotten = false;
};

// What the mint does with the change.
enum class ChangeRule : unsigned char { honest = 0, keeps = 1, zeros_first = 2 };

struct MeltQuoteRow {
  std::string id = {};
  std::string invoice = {};
  Sha256Digest hash = {};
  std::uint64_t amount = 0;
  std::uint64_t fee_reserve = 0;
  cashu::QuoteState state = cashu::QuoteState::unpaid;  // or pending, or paid
  std::uint64_t expiry_s = 0;
  std::int64_t operation = 0;  // of the latest attempt; 0: none
  std::uint64_t fee = 0;
  std::string preimage = {};
  ChangeRule change_rule = ChangeRule::honest;
  std::uint64_t change_less = 0;
  bool forgotten = false;
};

enum class OperationKind : unsigned char { swap = 0, mint = 1, melt = 2 };

struct OperationRow {
  OperationKind kind = OperationKind::swap;
  std::string quote;
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  std::uint64_t input_fee = 0;
  std::int64_t at_ms = 0;
};

// Sums over the whole book, in sat.
struct Totals {
  std::uint64_t issued = 0, spent = 0, pending = 0;
  std::uint64_t received = 0, claimed = 0;                  // by mint quotes
  std::uint64_t melted = 0, fees_paid = 0, input_fees = 0;  // by what has ended
};

class Book {
 public:
  static Result<std::unique_ptr<Book>> open(rt::Files& files, const rt::Path& path,
                                            const db::Options& options);
  Result<db::Transaction> begin() { return db::Transaction::begin(*connection_); }
  db::Connection& connection() { return *connection_; }

  Result<std::optional<Bytes>> seed();
  Result<> put_seed(ByteView seed);
  Result<std::vector<KeysetRow>> keysets();
  Result<> put(const KeysetRow& row);

  Result<std::int64_t> put(const OperationRow& row);
  Result<std::optional<OperationRow>> operation(std::int64_t id);
  Result<> put_outputs(std::int64_t operation, std::uint64_t sum);

  // Signatures, by what they are on.
  Result<> put_issued(std::int64_t operation, std::size_t position, const crypto::Point& b,
                      const cashu::BlindSignature& signature);
  Result<std::optional<cashu::BlindSignature>> issued_on(const crypto::Point& b);
  Result<std::vector<std::pair<std::size_t, cashu::BlindSignature>>> issued_by(
      std::int64_t operation);

  // Proofs, by their Y: held while a melt is on its way, then spent or let go.
  Result<> hold(std::int64_t operation, const crypto::Point& y, const cashu::Proof& proof,
                cashu::SpendState state);
  struct Spend {
    cashu::SpendState state = cashu::SpendState::unspent;
    std::optional<std::string> witness;
  };
  Result<Spend> spend_of(const crypto::Point& y);
  Result<> settle(std::int64_t operation);
  Result<> release(std::int64_t operation);

  // A melt's blank outputs, in their order.
  Result<> put_blank(std::int64_t operation, std::size_t position,
                     const cashu::BlindedMessage& blank);
  Result<std::vector<cashu::BlindedMessage>> blanks_of(std::int64_t operation);
  // Of a melt that has not ended.
  Result<bool> is_open_blank(const crypto::Point& b);

  Result<> put(const MintQuoteRow& row);
  // Also those that forget_quote() took from who asks over HTTP.
  Result<std::optional<MintQuoteRow>> mint_quote(std::string_view id);
  Result<> put(const MeltQuoteRow& row);
  Result<std::optional<MeltQuoteRow>> melt_quote(std::string_view id);
  Result<std::vector<std::string>> all_mint_quotes();
  Result<std::vector<std::string>> pending_melts();
  Result<> forget_quote(std::string_view id);
  Result<> expire_quote(std::string_view id, std::uint64_t at_s);

  // Something a careful wallet does not do.
  Result<> remark(std::string_view what, std::int64_t at_ms);
  Result<std::vector<std::string>> remarks();
  Result<Totals> totals();

 private:
  explicit Book(std::unique_ptr<db::Connection> connection) : connection_(std::move(connection)) {}

  std::unique_ptr<db::Connection> connection_;
};

}  // namespace archy::testmint

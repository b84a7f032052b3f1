// A Cashu mint, as honest as its faults let it be: requests in, answers out, all of its state in a
// book that says what really happened. No I/O but the book's file; time is an argument.
//
// What it speaks: NUT-00 to 09, 10, 11, 12, 14, 19, 20, 23. bolt11 and sat only, no subscriptions.
// Thread: one. Lifetime: within that of `files`, `random` and `lightning`.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "testmint/book.hpp"
#include "testmint/faults.hpp"
#include "testmint/lightning.hpp"
#include "testmint/options.hpp"
#include "testmint/reply.hpp"
#include "testmint/signing_keyset.hpp"

namespace archy::testmint {

using Json = nlohmann::ordered_json;

class Mint {
 public:
  // The book is at `path`, and made where it is missing.
  static Result<std::unique_ptr<Mint>> open(rt::Files& files, const rt::Path& path,
                                            Lightning& lightning, rt::Random& random,
                                            MintOptions options, const db::Options& db = {});
  ~Mint();

  // One request, executed. `now_ms`: the world's wall clock. `faults`: the mint's part of a
  // Carriage.
  Reply handle(std::string_view method, std::string_view path, std::string_view body,
               std::int64_t now_ms, std::span<const Fault> faults = {});

  // What is to go wrong with requests to come; who carries them takes from it.
  FaultScript& faults() { return faults_; }
  MintOptions& options() { return options_; }
  Book& book() { return *book_; }

  // What an operator does. A new keyset becomes active, all others inactive.
  Result<> rotate(const KeysetPlan& plan);
  Result<> expire_keysets();
  const SigningKeyset& active() const;
  KeysetPlan active_plan() const { return active_keyset().row.plan; }
  cashu::Keysets public_keysets() const;
  // As if the process had been started anew.
  void restart() { cache_.clear(); }
  void set_clock_offset(std::int64_t ms) { clock_offset_ms_ = ms; }

  // What the mint owes and has; see report.cpp. JSON text.
  Result<std::string> report(std::int64_t now_ms);
  Result<> close() { return book_->connection().close(); }

 private:
  struct Keyset {
    KeysetRow row;
    SigningKeyset signing;
  };
  // One request with what belongs to it.
  struct Call {
    std::string_view path;
    const Json& body;
    std::int64_t now_ms;
    std::span<const Fault> faults;

    std::uint64_t now_s() const { return static_cast<std::uint64_t>(now_ms) / 1000; }
    const Fault* fault(FaultKind kind) const;
  };
  struct Inputs {
    std::vector<cashu::Proof> proofs;
    std::vector<crypto::Point> ys;
    std::uint64_t sum = 0;
    std::uint64_t fee = 0;
  };
  struct Cached {
    std::string key;
    std::int64_t at_ms;
    Reply reply;
  };
  using Outputs = std::vector<cashu::BlindedMessage>;

  Mint(std::unique_ptr<Book> book, Lightning& lightning, rt::Random& random, MintOptions options);
  Result<> load_keysets();
  bool has(int nut) const { return !options_.without.contains(nut); }
  const Keyset* find(const cashu::KeysetId& id) const;
  const Keyset& active_keyset() const;
  bool is_expired(const Keyset& keyset, std::uint64_t now_s) const;
  std::string new_id();

  // mint.cpp
  Result<> prepare(const Call& call);
  Answer<Json> route(std::string_view method, const Call& call);
  const Reply* cached(const std::string& key, std::int64_t now_ms);
  void remember(std::string key, std::int64_t now_ms, const Reply& reply);

  // mint_info.cpp
  Json info(const Call& call) const;
  Json keys_of(const Keyset& keyset) const;
  Answer<Json> keys(std::string_view id) const;
  Json keysets(const Call& call) const;

  // mint_checks.cpp
  Answer<Inputs> read_inputs(const Call& call);
  Answer<Outputs> read_outputs(const Call& call);
  Answer<> check_inputs(const Inputs& inputs);
  Answer<> check_outputs(const Outputs& outputs, const Call& call, bool blank);
  Answer<> check_unsigned(const Outputs& outputs);
  Answer<std::vector<cashu::BlindSignature>> sign(std::int64_t operation, const Outputs& outputs);

  // mint_swap.cpp
  Answer<Json> swap(const Call& call);
  Answer<Json> check_state(const Call& call);
  Answer<Json> restore(const Call& call);

  // mint_issue.cpp
  Answer<Json> new_mint_quote(const Call& call);
  Answer<MintQuoteRow> mint_quote(std::string_view id, const Call& call);
  Answer<MintQuoteRow> seen_paid(MintQuoteRow quote, std::int64_t now_ms);
  Json shown(const MintQuoteRow& quote) const;
  Answer<Json> issue(const Call& call);

  // mint_melt.cpp
  Answer<Json> new_melt_quote(const Call& call);
  Answer<MeltQuoteRow> melt_quote(std::string_view id);
  Answer<Json> shown(const MeltQuoteRow& quote);
  Answer<Json> melt(const Call& call);
  Answer<> hold(MeltQuoteRow& quote, const Inputs& inputs, const Outputs& blanks, const Call& call);
  Answer<MeltQuoteRow> ended(MeltQuoteRow quote, const Payment& payment);
  Answer<> sign_change(const MeltQuoteRow& quote, const OperationRow& operation);
  Result<> settle_due(std::int64_t now_ms);

  std::unique_ptr<Book> book_;
  Lightning& lightning_;
  rt::Random& random_;
  MintOptions options_;
  std::vector<Keyset> keysets_;
  FaultScript faults_;
  std::deque<Cached> cache_;
  std::int64_t clock_offset_ms_ = 0;
};

// What a signature is as JSON.
Json signature_json(const cashu::BlindSignature& signature, bool with_dleq);
// The faults that make an answer say something else than what was done.
void distort(Json& answer, std::span<const Fault> faults);

}  // namespace archy::testmint

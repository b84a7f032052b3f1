// A peer that may ask for money, as a source of a fetch: comes to terms with him first, pays a
// portion ahead of what is verified, and goes on paying while bytes come. Whoever takes a portion
// and does not deliver, or asks for more than he did first, is left.
#pragma once

#include "fetch/source.hpp"
#include "paid/negotiate.hpp"
#include "rt/signal.hpp"

namespace archy::paid {

struct PaidSourceOptions {
  streaming::PaymentPolicy policy;
  // What purchases count for: the film, and the root that the blob is a part of (none: the blob).
  std::optional<std::string> film = std::nullopt;
  std::optional<Blake3Hash> root = std::nullopt;
};

// Thread: the loop. Lifetime: env and buyer outlive it. For one blob: the first that is asked for;
// another one is refused (paid_peer.hpp has one for each).
// Invariant: what is paid for and did not come, in all, is at most one portion and one group, and
// a MiB for each question that was called off while he may have been sending.
class PaidSource final : public fetch::Source {
 public:
  // `bytes`: where the peer is asked for content. `buyer` null: nothing is ever paid.
  PaidSource(const rt::Env& env, std::shared_ptr<Asker> asker, std::shared_ptr<fetch::Source> bytes,
             streaming::Buyer* buyer, PaidSourceOptions options);

  std::string name() const override { return bytes_->name(); }
  fetch::SourceKind kind() const override { return bytes_->kind(); }
  std::uint64_t price(const Blake3Hash& hash) const override;
  rt::Task<> fetch(fetch::Attempt& attempt) override;
  rt::Task<> watch(Blake3Hash hash, std::function<void(bao::ChunkRanges)> tell,
                   std::stop_token stop) override {
    return bytes_->watch(hash, std::move(tell), std::move(stop));
  }
  // What was paid to him, fees with it.
  streaming::Amount paid() const { return deal_ ? deal_->paid() : streaming::Amount(0); }

 private:
  rt::Task<> run(fetch::Attempt& attempt);
  // Terms, and credit for the first bytes. Errors: denied: he is left.
  rt::Task<> make_ready(fetch::Attempt& attempt);
  // Whether what went wrong can be put right by asking or paying again. Errors: what to tell the
  // fetch. `paying`: a purchase was made, or is being made, since he was asked.
  Result<> judge(const Error& error, std::uint64_t came, bool paying);
  rt::Task<> buy_one(std::optional<std::uint64_t> needed, std::stop_token stop);
  boost::asio::awaitable<void> pay_along(fetch::Attempt& attempt, std::stop_token stop);
  std::optional<std::uint64_t> needed(const fetch::Attempt& attempt) const;
  std::uint64_t ahead() const;
  // What would be lost if nothing came any more.
  std::uint64_t at_risk() const;
  bool write_off();
  Result<> cheated(Error error);
  Error leave(std::string why);

  rt::Env env_;
  std::shared_ptr<fetch::Source> bytes_;
  streaming::Buyer* buyer_;
  PaidSourceOptions options_;
  std::shared_ptr<Asker> asker_;
  std::optional<Negotiation> deal_;
  std::optional<Blake3Hash> hash_;
  std::uint64_t bought_ = 0;         // Units: payload bytes
  std::uint64_t came_ = 0;           // since the first purchase
  std::uint64_t gone_ = 0;           // paid for, and written off
  std::uint64_t excused_ = 0;        // of it: questions that we called off may have cost so much
  bool may_have_sent_more_ = false;  // than came: a question broke off
  int silences_ = 0;                 // since something came
  bool at_it_ = false;               // somebody asks or buys now
  rt::Signal changed_;
  std::optional<Error> left_;
};

}  // namespace archy::paid

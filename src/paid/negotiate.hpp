// Coming to terms with one peer about one blob: what he wants is asked, and paid where the policy
// has room. He enforces his prices where the bytes are asked for; this only keeps one from asking
// in vain.
//
//   he does not speak of money, or grants         -> open
//   he wants what may be paid                     -> priced; buy() in portions
//   he wants more than that, or than he did first, or denies -> closed: the next peer, the origin
#pragma once

#include "paid/asker.hpp"
#include "paid/portion.hpp"
#include "rt/env.hpp"
#include "streaming/buyer.hpp"

namespace archy::paid {

enum class Access : unsigned char { unasked, open, priced, closed };

// Thread: the loop; one call at a time. Lifetime: env, asker and buyer outlive it.
class Negotiation {
 public:
  // `buyer` null: nothing is ever paid. `want`: the blob itself, where `what` counts for a root.
  Negotiation(const rt::Env& env, Asker& asker, streaming::Buyer* buyer,
              streaming::PaymentPolicy policy, streaming::Purchase what, Blake3Hash want);

  // How it is now, asked anew. `needed`: bytes that are wanted of him (none: not known). Errors:
  // try_later; cancelled.
  rt::Task<Access> negotiate(std::optional<std::uint64_t> needed, std::stop_token stop);
  Access access() const { return access_; }
  // He refuses what he granted: what he wants is not known any more.
  void ask_again() {
    if (access_ == Access::open) access_ = Access::unasked;
  }
  // The first terms he named.
  const std::optional<Terms>& terms() const { return terms_; }
  const std::string& why_closed() const { return why_; }

  // What would be bought next, if anything.
  std::optional<Portion> next(std::optional<std::uint64_t> needed, std::uint64_t ahead) const;
  // Pays for it; he has granted when this is ok. `needed`: all that will be bought of him, as far
  // as that is known. Errors: denied: he is closed from here on;
  // cancelled.
  rt::Task<> buy(Portion portion, std::optional<std::uint64_t> needed, std::stop_token stop);
  // The last purchase brought nothing.
  void not_delivered();

  streaming::Amount paid() const { return paid_; }  // granted, with fees

 private:
  using Amount = streaming::Amount;
  Amount soon(const Portion& portion, std::optional<std::uint64_t> needed) const;
  PaidRequest question() const;
  Access close(std::string why);
  rt::Task<> show_unanswered(std::stop_token stop);
  Result<> agree(const PaymentRequired& required, std::optional<std::uint64_t> needed);
  // Hands a token out until there is an answer. Errors: none came.
  rt::Task<PaidAnswer> hand(const streaming::Instalment& instalment,
                            std::optional<std::uint64_t> bytes, std::stop_token stop);
  enum class When : unsigned char { now, before };  // bought by this run, or by an earlier one
  // True when he has granted.
  boost::asio::awaitable<bool> settle(const streaming::Instalment& instalment,
                                      Result<PaidAnswer> answer, When when, std::stop_token stop);

  rt::Env env_;
  Asker& asker_;
  streaming::Buyer* buyer_;
  streaming::PaymentPolicy policy_;
  streaming::Purchase what_;
  Blake3Hash want_;
  Access access_ = Access::unasked;
  std::optional<Terms> terms_;
  std::optional<std::string> quote_;
  std::string why_;
  std::optional<streaming::PurchaseId> last_;
  Amount paid_;
};

}  // namespace archy::paid

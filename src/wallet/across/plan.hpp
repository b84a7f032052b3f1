// How to pay somebody who takes ecash of certain mints: with what is there already, with ecash that
// is swapped over first, or not at all. Pure.
//
// Rules, the earlier the stronger:
// 1. What is held at a mint that the payee takes is handed over as it is (Direct). That needs no
//    trust: it is held already.
// 2. Else ecash of one held mint is swapped to one that the payee takes (CrossSwap). The target
// must
//    be trusted by the operator, whatever the payee says of it, and be able to restore (NUT-09).
// 3. Of several ways those with the home mint at either end come first, then those that have proven
//    themselves, then those that cost less, then those that work more often, then as the payee
//    lists the mints and we the holdings.
// 4. Nothing: Insufficient. The caller goes to the free origin.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cashu/amount.hpp"

namespace archy::wallet {

struct Direct {
  std::string mint;
  bool operator==(const Direct&) const = default;
};
struct CrossSwap {
  std::string from, to;
  bool operator==(const CrossSwap&) const = default;
};
struct Insufficient {
  bool operator==(const Insufficient&) const = default;
};
using PaymentPlan = std::variant<Direct, CrossSwap, Insufficient>;

// Why a way cannot be gone. In the order in which they are told: the last one is nearest to
// success.
enum class Refusal : unsigned char {
  none,
  no_mint,  // the payee names none
  no_balance,
  untrusted,       // the target is not on the operator's list
  no_restore,      // the target cannot restore ecash, or lock quotes
  outside_limits,  // the amount, by what a mint says of itself or the operator's cap for it
  left_alone,      // it has failed lately
  mint_away,       // a mint that did not answer lately
  fee_over_cap,
  swap_failed,     // it was tried, and nothing or a fee was lost
  swap_under_way,  // ecash is on its way and will be there later
};
// Shape: the snake_case name.
std::string_view to_string(Refusal refusal);

// A mint where ecash lies. What is beyond the first three: for the costed form.
struct Holding {
  std::string mint;
  cashu::Amount spendable;
  bool is_home = false;
  bool is_away = false;
  bool pays = true;  // Lightning invoices of this sum
};

// A mint that the payee takes, in his order.
struct Acceptable {
  std::string mint;
  bool trusted = false;
  bool restores = false;
  bool is_home = false;
  bool is_away = false;
  bool takes = true;  // payments of this sum, under the operator's cap
};

// What is known of one way before it is gone.
struct WayFacts {
  cashu::Amount least_fee;     // it cannot cost less, as far as is known
  cashu::Amount expected_fee;  // a guess where no quote was asked for
  std::uint32_t score = 500;   // target_liquidity_score()
  bool proven = false;
  bool left_alone = false;
};
// `from` and `to` are the same: Direct.
using FactsOfWay = std::function<WayFacts(const std::string& from, const std::string& to)>;

struct CostedWay {
  std::string from, to;
  WayFacts facts;
  Refusal refusal = Refusal::none;
  bool is_direct() const { return from == to; }
};

struct CostedPlan {
  PaymentPlan plan;
  // All there are, by rule 3 the best first; those that are refused behind the others.
  std::vector<CostedWay> ways;
  // Of the refused one that was nearest to success; none when there is a plan.
  Refusal refusal = Refusal::none;
};

PaymentPlan plan_payment(std::span<const Holding> holdings, std::span<const Acceptable> accepted,
                         cashu::Amount amount);

// The same with what each way costs: dearer ones than `most_fee` are none.
CostedPlan cost_payment(std::span<const Holding> holdings, std::span<const Acceptable> accepted,
                        cashu::Amount amount, cashu::Amount most_fee, const FactsOfWay& facts_of);

}  // namespace archy::wallet

// Stories of a wallet: the same deed, killed at each point of it in turn; and random schedules of
// deeds, faults and kills. The mints' own books are the judge.
#pragma once

#include <functional>

#include "sim/money/wallet_world.hpp"
#include "sim/outcome.hpp"

namespace archy::sim {

enum class Deed : unsigned char {
  mint,
  swap,
  melt,
  send,
  receive,
  restore,
  // A swap to another mint; what is lost is the answer to
  cross_quote,  // the question for the target's quote (K2)
  cross_price,  // the question for the source's (K4)
  cross_exact,  // the swap for exact inputs at a source that gives no change (K6)
  cross_pay,    // the payment (K7 to K12)
  cross_claim,  // the claim (K14, K15)
};
inline constexpr Deed kDeeds[] = {Deed::mint,        Deed::swap,        Deed::melt,
                                  Deed::send,        Deed::receive,     Deed::restore,
                                  Deed::cross_quote, Deed::cross_price, Deed::cross_exact,
                                  Deed::cross_pay,   Deed::cross_claim};
constexpr bool is_cross(Deed deed) { return deed >= Deed::cross_quote; }
std::string_view to_string(Deed deed);

// What becomes of the request that moves the money.
enum class Loss : unsigned char {
  none,
  before,    // it never arrives
  after,     // it is executed, and the answer is lost
  by_proxy,  // executed, and a page of HTML comes back
};
inline constexpr Loss kLosses[] = {Loss::none, Loss::before, Loss::after, Loss::by_proxy};
std::string_view to_string(Loss loss);

struct Cell {
  Deed deed = Deed::mint;
  Loss loss = Loss::none;
  Death death = Death::killed;
  std::uint64_t point = 1;  // the disk call that the wallet dies in
  // Nothing is left of it but the words and its backups.
  bool machine_lost = false;
};

struct CellResult {
  bool died = false;    // false: the deed has fewer disk calls than that
  std::string problem;  // empty: every sat is where it should be
};

// One wallet, one deed, one death, and what is there after the next start.
CellResult run_cell(const Cell& cell);

// A schedule of ten deeds or so with what chance throws at them; then calm, and the books.
// `tell` hears each deed and, at the end, each operation.
void run_money_story(std::uint64_t seed, Outcome& outcome,
                     const std::function<void(const std::string&)>& tell = {});

// Three mints, two keysets each, `fundings` times 20 proofs in each keyset, some of them spent;
// then the words alone. outcome.events: the proofs that came back.
void run_restore(std::uint64_t fundings, Outcome& outcome);

}  // namespace archy::sim

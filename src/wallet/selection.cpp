#include "wallet/selection.hpp"

#include <algorithm>

namespace archy::wallet {
namespace {

using cashu::Amount;

// Proofs of one amount in one keyset.
struct Pile {
  const Purse* purse;
  std::uint64_t amount;
  std::uint64_t count;
  std::uint64_t taken = 0;
  std::uint64_t left() const { return count - taken; }
};

// Largest first; of one amount the retired keysets first, then the cheap ones.
std::vector<Pile> piles_of(std::span<const Purse> purses) {
  std::vector<Pile> out;
  for (const Purse& purse : purses)
    for (const auto& [amount, count] : purse.holdings)
      if (count > 0 && amount.value() > 0) out.push_back({&purse, amount.value(), count});
  std::ranges::sort(out, [](const Pile& a, const Pile& b) {
    if (a.amount != b.amount) return a.amount > b.amount;
    if (a.purse->active != b.purse->active) return b.purse->active;
    if (a.purse->input_fee_ppk != b.purse->input_fee_ppk)
      return a.purse->input_fee_ppk < b.purse->input_fee_ppk;
    return a.purse->keyset < b.purse->keyset;
  });
  return out;
}

// Nothing when it does not fit.
std::optional<std::uint64_t> total_of(const std::vector<Pile>& piles) {
  std::uint64_t sum = 0;
  for (const Pile& pile : piles) {
    std::uint64_t part = 0;
    if (__builtin_mul_overflow(pile.amount, pile.taken, &part) ||
        __builtin_add_overflow(sum, part, &sum))
      return std::nullopt;
  }
  return sum;
}

// Takes from the largest down what fits into `rest`; what is then left of it. With powers of two
// that leaves nothing whenever the piles can make up `rest` at all.
std::uint64_t take_down(std::vector<Pile>& piles, std::size_t from, std::uint64_t rest) {
  for (std::size_t i = from; i < piles.size(); ++i) {
    const std::uint64_t count = std::min(piles[i].left(), rest / piles[i].amount);
    piles[i].taken += count;
    rest -= count * piles[i].amount;
  }
  return rest;
}

// The proofs for exactly `wanted`, or those for the least sum above it. False: not that much.
bool cover(std::vector<Pile>& piles, std::uint64_t wanted) {
  for (Pile& pile : piles) pile.taken = 0;
  std::uint64_t rest = take_down(piles, 0, wanted);
  if (rest == 0) return true;
  // The least sum above: the smallest proof that is left and covers the rest, in place of the
  // smaller ones that are then too many.
  for (std::size_t i = piles.size(); i-- > 0;) {
    if (piles[i].left() == 0 || piles[i].amount < rest) continue;
    ++piles[i].taken;
    std::uint64_t over = piles[i].amount - rest;
    for (std::size_t k = i + 1; k < piles.size() && over > 0; ++k) {
      const std::uint64_t back = std::min(piles[k].taken, over / piles[k].amount);
      piles[k].taken -= back;
      over -= back * piles[k].amount;
    }
    return true;
  }
  return false;
}

std::uint64_t count_of(const std::vector<Pile>& piles) {
  std::uint64_t out = 0;
  for (const Pile& pile : piles) out += pile.taken;
  return out;
}

// The largest ones, as few as cover it. False: not that much.
bool cover_with_few(std::vector<Pile>& piles, std::uint64_t wanted) {
  std::uint64_t rest = wanted;
  for (Pile& pile : piles) {
    pile.taken = std::min(pile.count, rest / pile.amount + (rest % pile.amount != 0 ? 1 : 0));
    rest -= std::min(rest, pile.taken * pile.amount);
  }
  return rest == 0;
}

Result<Amount> fee_of(const std::vector<Pile>& piles) {
  std::vector<std::uint64_t> ppk;
  for (const Pile& pile : piles) ppk.insert(ppk.end(), pile.taken, pile.purse->input_fee_ppk);
  return cashu::input_fee(ppk);
}

Result<Selection> selection_of(const std::vector<Pile>& piles) {
  Selection out;
  const auto sum = total_of(piles);
  if (!sum) return fail(Code::bad_input, "more ecash than 64 bits hold");
  out.sum = Amount(*sum);
  TRY(fee, fee_of(piles));
  out.fee = fee;
  for (const Pile& pile : piles)
    if (pile.taken > 0) out.picks.push_back({pile.purse->keyset, Amount(pile.amount), pile.taken});
  return out;
}

}  // namespace

Result<Selection> select(std::span<const Purse> purses, Amount amount, InputFee rule) {
  std::vector<Pile> piles = piles_of(purses);
  Amount wanted = amount;
  // More proofs cost more, which may take one more proof: each round asks for more than the last.
  for (;;) {
    if (!cover(piles, wanted.value()))
      return fail(Code::payment_needed, "not enough ecash: " + std::to_string(amount.value()) +
                                            " sat and the mint's fee are needed");
    if (count_of(piles) > kMostInputs) (void)cover_with_few(piles, wanted.value());
    if (count_of(piles) > kMostInputs)
      return fail(Code::payment_needed,
                  "it would take more than " + std::to_string(kMostInputs) +
                      " proofs: small ones have to be swapped together first");
    TRY(out, selection_of(piles));
    if (rule == InputFee::none) return out;
    const auto needed = amount.plus(out.fee);
    if (!needed) return fail(Code::bad_input, "an amount beyond 64 bits");
    if (out.sum >= *needed) return out;
    wanted = *needed;
  }
}

bool is_in_small_coin(std::span<const Purse> purses, Amount amount) {
  std::vector<Pile> piles = piles_of(purses);
  return cover(piles, amount.value()) && count_of(piles) > kMostInputs &&
         cover_with_few(piles, amount.value()) && count_of(piles) > kMostInputs;
}

Result<Selection> select_smallest(std::span<const Purse> purses) {
  std::vector<Pile> piles = piles_of(purses);
  std::uint64_t room = kMostInputs;
  for (auto pile = piles.rbegin(); pile != piles.rend(); ++pile) {
    pile->taken = std::min(pile->count, room);
    room -= pile->taken;
  }
  return selection_of(piles);
}

Result<Selection> select_all(std::span<const Purse> purses) {
  std::vector<Pile> piles = piles_of(purses);
  for (Pile& pile : piles) pile.taken = pile.count;
  return selection_of(piles);
}

}  // namespace archy::wallet

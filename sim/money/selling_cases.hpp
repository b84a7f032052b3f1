// What must hold of a seller's gate, each in a world of its own: gives what was found wrong, or
// nothing. The tests run them as they are, and once with each bug that they have to notice.
#pragma once

#include <string>

namespace archy::sim {

// A token is one credit, of one peer, whoever sends it how often, before and after restarts.
std::string one_token_is_one_credit();
// Nothing is granted for a token that its mint does not take.
std::string a_worthless_token_buys_nothing();
// For each class, each call of the wallet that fails, and each shape of asking: no verdict is
// better than without the fault, but for grace within its budget.
std::string no_error_improves_a_verdict();
// What is left comes back once, as one token, and ends the session.
std::string a_session_is_refunded_once();
// Many requests of one session, in any order, are never sent more than was paid for.
std::string nothing_is_sent_beyond_the_credit();
// A seller who is killed in the middle of any disk call between a token and its credit: afterwards
// there is one credit of its value, or none and the token is still its owner's.
std::string a_kill_leaves_one_credit_or_none(std::uint64_t from, std::uint64_t stride);
std::string a_kill_leaves_one_refund(std::uint64_t from, std::uint64_t stride);

struct SellingPlant {
  const char* bug;
  const char* rule;
  std::string (*found)();
};
inline constexpr SellingPlant kSellingPlants[] = {
    {"gate_grants_before_redeem", "granted when the mint has signed",
     a_worthless_token_buys_nothing},
    {"gate_error_is_allow", "an error never improves a verdict", no_error_improves_a_verdict},
    {"gate_credits_twice", "one token, one credit", one_token_is_one_credit},
    {"gate_refunds_twice", "one session, one refund", a_session_is_refunded_once},
    {"meter_after_send", "credit is taken before bytes leave", nothing_is_sent_beyond_the_credit},
};

}  // namespace archy::sim

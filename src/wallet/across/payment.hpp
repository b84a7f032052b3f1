// A payment that was built: a token in the book, at a mint that the payee takes; or why there is
// none. Who gets none goes to the free origin.
#pragma once

#include <variant>

#include "wallet/across/costing.hpp"

namespace archy::wallet {

struct Payment {
  OperationId token;  // the send; token_of() it
  std::string mint;
  cashu::Amount amount;  // of the token
  cashu::Amount fee;     // what it cost over the price: the payee's own fee, ours, a swap's
};

struct NoPayment {
  Refusal reason = Refusal::no_balance;
  std::string why;  // for people
};

using PaymentOutcome = std::variant<Payment, NoPayment>;

}  // namespace archy::wallet

// What was paid against what was delivered, for one session: pure, in memory, the one place where
// credit is taken. Units are of the metric of the terms.
//
//   credit >= base + cost_of(terms, units + reserved)     always, so nothing is delivered unpaid
//
// `base` is what was used up under earlier terms. New terms end all reservations: who holds one
// sees by the epoch that it is void, and reserves anew.
#pragma once

#include <cstdint>

#include "streaming/price.hpp"

namespace archy::streaming {

class Account {
 public:
  // Errors: corrupt: more was used than was paid, or sums that do not fit.
  static Result<Account> of(const Price& terms, Msat credit, Msat base, std::uint64_t units);

  // What could be reserved now.
  std::uint64_t free() const;
  // What is paid for and not delivered, reserved or not.
  std::uint64_t unused() const { return free() + reserved_; }
  // All of it or nothing.
  bool reserve(std::uint64_t units);
  // Of what is reserved: delivered, or given back. Requires: as much is reserved.
  void use(std::uint64_t units);
  void release(std::uint64_t units);

  // As the database says; less than before is not believed.
  void set_credit(Msat credit);
  // Errors: bad_input: terms that are none.
  Result<> set_terms(const Price& terms);

  const Price& terms() const { return terms_; }
  Msat credit() const { return credit_; }
  Msat base() const { return base_; }
  Msat used() const;
  Msat left() const { return credit_ - used(); }
  std::uint64_t units() const { return units_; }
  std::uint64_t reserved() const { return reserved_; }
  std::uint64_t epoch() const { return epoch_; }

 private:
  Price terms_;
  Msat credit_, base_;
  std::uint64_t units_ = 0;  // delivered under these terms
  std::uint64_t reserved_ = 0;
  std::uint64_t epoch_ = 1;
};

}  // namespace archy::streaming

#include "streaming/account.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace archy::streaming {

Result<Account> Account::of(const Price& terms, Msat credit, Msat base, std::uint64_t units) {
  TRY_OK(check(terms));
  if (credit > wallet::kMostMsat || base > credit || units > units_for(terms, credit - base))
    return fail(Code::corrupt, "a session that used more than was paid");
  Account out;
  out.terms_ = terms;
  out.credit_ = credit;
  out.base_ = base;
  out.units_ = units;
  return out;
}

std::uint64_t Account::free() const {
  return units_for(terms_, credit_ - base_) - units_ - reserved_;
}

bool Account::reserve(std::uint64_t units) {
  if (units > free()) return false;
  reserved_ += units;
  return true;
}

void Account::use(std::uint64_t units) {
  CHECK(units <= reserved_);
  reserved_ -= units;
  units_ += units;
}

void Account::release(std::uint64_t units) {
  CHECK(units <= reserved_);
  reserved_ -= units;
}

void Account::set_credit(Msat credit) {
  credit_ = std::max(credit_, std::min(credit, wallet::kMostMsat));
}

Result<> Account::set_terms(const Price& terms) {
  if (terms == terms_) return {};
  TRY_OK(check(terms));
  base_ = used();
  units_ = 0;
  reserved_ = 0;
  terms_ = terms;
  ++epoch_;
  return {};
}

Msat Account::used() const {
  const auto cost = cost_of(terms_, units_);
  CHECK(cost.has_value());  // of() and reserve() let nothing grow beyond it
  return base_ + *cost;
}

}  // namespace archy::streaming

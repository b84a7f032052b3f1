#include "rpc/allowances.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace archy::rpc {

std::uint64_t Allowances::spent(std::uint64_t token) const {
  const auto account = accounts_.find(token);
  if (account == accounts_.end()) return 0;
  std::uint64_t out = account->second.settled_sats;
  for (const auto& [number, entry] : account->second.entries) out += entry.cost_sats;
  return out;
}

std::uint64_t Allowances::spent_on(std::uint64_t token, std::int64_t day) const {
  const auto account = accounts_.find(token);
  if (account == accounts_.end()) return 0;
  const Account& one = account->second;
  std::uint64_t out = one.last_day == day ? one.last_day_sats : 0;
  for (const auto& [number, entry] : one.entries) out += entry.day == day ? entry.cost_sats : 0;
  return out;
}

Result<Allowances::Taken> Allowances::take(const Asked& asked) {
  Account& account = accounts_[asked.token];
  for (const auto& [number, entry] : account.entries) {
    if (!asked.key.empty() && entry.key == asked.key)
      return Taken{asked.token, number, entry.most_fee_sats};
  }
  const std::uint64_t before = spent(asked.token);
  const std::uint64_t left_in_all = asked.cap_sats - std::min(before, asked.cap_sats);
  const std::uint64_t today = spent_on(asked.token, asked.day);
  const std::uint64_t left_today = asked.day_cap_sats - std::min(today, asked.day_cap_sats);
  if (asked.amount_sats > left_today && left_today < left_in_all)
    return fail(Code::denied, fmt::format("this token may spend {} sat more today, of {} a day",
                                          left_today, asked.day_cap_sats));
  const std::uint64_t left = std::min(left_in_all, left_today);
  if (asked.amount_sats > left)
    return fail(Code::denied, fmt::format("this token may spend {} sat more, of its cap of {}",
                                          left, asked.cap_sats));
  const std::uint64_t fee = std::min(asked.most_fee_sats, left - asked.amount_sats);
  const std::uint64_t number = next_++;
  account.entries[number] = {asked.key, asked.day, asked.amount_sats + fee, fee};
  return Taken{asked.token, number, fee};
}

void Allowances::settle(const Taken& taken, std::optional<std::uint64_t> cost_sats) {
  Account& account = accounts_[taken.token];
  const auto entry = account.entries.find(taken.number);
  if (entry == account.entries.end()) return;
  entry->second.cost_sats = cost_sats.value_or(0);
  if (cost_sats && !entry->second.key.empty()) return;
  account.settled_sats += entry->second.cost_sats;
  if (entry->second.day > account.last_day) {
    account.last_day = entry->second.day;
    account.last_day_sats = 0;
  }
  if (entry->second.day == account.last_day) account.last_day_sats += entry->second.cost_sats;
  account.entries.erase(entry);
}

}  // namespace archy::rpc

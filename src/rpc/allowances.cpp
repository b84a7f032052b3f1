#include "rpc/allowances.hpp"

#include <fmt/core.h>

namespace archy::rpc {

std::uint64_t Allowances::spent(std::uint64_t token) const {
  const auto account = accounts_.find(token);
  if (account == accounts_.end()) return 0;
  std::uint64_t out = account->second.settled_sats;
  for (const auto& [number, entry] : account->second.entries) out += entry.sats();
  return out;
}

std::uint64_t Allowances::spent_on(std::uint64_t token, std::int64_t day) const {
  const auto account = accounts_.find(token);
  if (account == accounts_.end()) return 0;
  const Account& one = account->second;
  std::uint64_t out = one.last_day == day ? one.last_day_sats : 0;
  for (const auto& [number, entry] : one.entries) out += entry.day == day ? entry.sats() : 0;
  return out;
}

Result<Allowances::Taken> Allowances::take(const Asked& asked) {
  Account& account = accounts_[asked.token];
  for (auto& [number, entry] : account.entries) {
    if (asked.key.empty() || entry.key != asked.key) continue;
    if (entry.request != asked.request)
      return fail(Code::denied, "this key was used for another request");
    ++entry.calls;
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
  Entry& entry = account.entries[number];
  entry.key = asked.key;
  entry.request = asked.request;
  entry.day = asked.day;
  entry.cost_sats = asked.amount_sats + fee;
  entry.most_fee_sats = fee;
  return Taken{asked.token, number, fee};
}

Allowances::Entry* Allowances::find(const Taken& taken) {
  auto& entries = accounts_[taken.token].entries;
  const auto entry = entries.find(taken.number);
  return entry == entries.end() ? nullptr : &entry->second;
}

void Allowances::add(const Taken& taken, std::uint64_t sats) {
  if (Entry* entry = find(taken)) entry->added_sats += sats;
}

void Allowances::leave(const Taken& taken) {
  Entry* entry = find(taken);
  if (entry == nullptr) return;
  --entry->calls;
  entry->may_be_begun = true;
}

void Allowances::settle(const Taken& taken, std::optional<std::uint64_t> cost_sats) {
  Entry* entry = find(taken);
  if (entry == nullptr) return;
  --entry->calls;
  if (cost_sats) {
    entry->cost_sats = *cost_sats;
    entry->is_settled = entry->may_be_begun = true;
    if (entry->key.empty()) forget(taken);
    return;
  }
  if (entry->may_be_begun || entry->calls > 0) return;
  entry->cost_sats = 0;
  entry->is_settled = true;
  forget(taken);
}

// What it has cost stays counted.
void Allowances::forget(const Taken& taken) {
  Account& account = accounts_[taken.token];
  const auto entry = account.entries.find(taken.number);
  const std::uint64_t sats = entry->second.sats();
  account.settled_sats += sats;
  if (entry->second.day > account.last_day) {
    account.last_day = entry->second.day;
    account.last_day_sats = 0;
  }
  if (entry->second.day == account.last_day) account.last_day_sats += sats;
  account.entries.erase(entry);
}

}  // namespace archy::rpc

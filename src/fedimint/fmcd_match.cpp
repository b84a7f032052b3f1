#include "fedimint/fmcd_match.hpp"

#include <algorithm>

#include "cashu/bolt11.hpp"

namespace archy::fedimint {
namespace {

using Finding = FmcdMatch::Finding;
using Kind = FmcdEntry::Kind;
using Outcome = FmcdEntry::Outcome;

bool pays(const FmcdEntry& entry, const Sha256Digest& payment_hash) {
  const auto invoice = cashu::parse_invoice(entry.invoice);
  return invoice && invoice->payment_hash == payment_hash;
}

bool is_like(const FederationOperation& operation, const FmcdEntry& entry) {
  switch (operation.kind) {
    case IssuerAction::receive:
      return entry.kind == Kind::receive && entry.mark == operation.mark;
    case IssuerAction::pay:
      return entry.kind == Kind::pay && operation.payment_hash &&
             pays(entry, *operation.payment_hash);
    case IssuerAction::spend:
      return entry.kind == Kind::spend && entry.amount == operation.amount;
    case IssuerAction::reissue:
      return entry.kind == Kind::reissue && entry.amount == operation.amount;
  }
  return false;
}

bool is_other_log(const FederationOperation& operation, const FmcdLog& log) {
  return log.whole && operation.anchor &&
         std::ranges::find(log.entries, *operation.anchor, &FmcdEntry::operation) ==
             log.entries.end();
}

// The higher the nearer to what has really happened.
int weight(const FmcdEntry& entry) {
  switch (entry.outcome) {
    case Outcome::succeeded:
      return 2;
    case Outcome::none:
      return 1;
    case Outcome::failed:
      break;
  }
  return 0;
}

}  // namespace

FmcdMatch look_for(const FederationOperation& operation, const FmcdLog& log,
                   const std::set<std::string>& named) {
  // A payment may have had several attempts, each an operation of its own.
  if (operation.daemon_operation && operation.kind != IssuerAction::pay) {
    const auto found =
        std::ranges::find(log.entries, *operation.daemon_operation, &FmcdEntry::operation);
    if (found != log.entries.end()) return {Finding::found, &*found};
    if (is_other_log(operation, log)) return {Finding::other_log, nullptr};
    return {log.whole ? Finding::not_there : Finding::too_short, nullptr};
  }
  const auto anchor = operation.anchor
                          ? std::ranges::find(log.entries, *operation.anchor, &FmcdEntry::operation)
                          : log.entries.end();
  const bool reaches = log.whole || anchor != log.entries.end();
  std::vector<const FmcdEntry*> alike;
  bool unreadable = false;
  for (auto at = log.entries.begin(); at != anchor; ++at) {
    if (at->kind == Kind::unreadable) unreadable = true;
    const bool others = operation.kind != IssuerAction::pay && named.contains(at->operation);
    if (!others && is_like(operation, *at)) alike.push_back(&*at);
  }
  if (operation.kind == IssuerAction::pay)
    for (auto at = anchor; at != log.entries.end(); ++at)
      if (is_like(operation, *at) && at->outcome != Outcome::failed) alike.push_back(&*at);
  const bool by_amount =
      operation.kind == IssuerAction::spend || operation.kind == IssuerAction::reissue;
  if (by_amount && is_other_log(operation, log)) return {Finding::other_log, nullptr};
  // Only the whole stretch says that there is no second one.
  if (by_amount && !reaches) return {Finding::too_short, nullptr};
  if (by_amount && (alike.size() > 1 || unreadable)) return {Finding::unclear, nullptr};
  if (!alike.empty()) {
    const auto best =
        std::ranges::max_element(alike, {}, [](const FmcdEntry* entry) { return weight(*entry); });
    // An attempt that failed is not the last word while an older or unreadable one may be there.
    if (weight(**best) > 0 || (reaches && !unreadable)) return {Finding::found, *best};
  }
  if (unreadable) return {Finding::unclear, nullptr};
  if (is_other_log(operation, log)) return {Finding::other_log, nullptr};
  return {reaches ? Finding::not_there : Finding::too_short, nullptr};
}

}  // namespace archy::fedimint

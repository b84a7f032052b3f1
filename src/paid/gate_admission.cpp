#include "paid/gate_admission.hpp"

#include "base/check.hpp"
#include "base/log.hpp"
#include "base/test_hooks.hpp"
#include "blobs/empty_blob.hpp"
#include "paid/address_prefix.hpp"

namespace archy::paid {

using blobs::GroupVerdict;
using blobs::Verdict;
using streaming::ContentClass;
using streaming::MeterVerdict;

GateAdmission::~GateAdmission() { CHECK(running_.empty()); }

std::optional<CatalogEntry> GateAdmission::look_up(const Blake3Hash& hash) {
  auto entry = catalog_.find(hash);
  if (entry) return *entry;
  log::warn("paid", "{} cannot be looked up: {}", hash.hex(), to_string(entry.error()));
  return std::nullopt;
}

Verdict GateAdmission::begin(const blobs::RequestContext& request, const Blake3Hash& hash,
                             const CatalogEntry& entry, Ticket& ticket) {
  if (entry.klass == ContentClass::public_) return Verdict::allow;
  const auto begun = till_.begin(
      {request.peer, entry.service, hash, entry.klass, entry.size, prefix_of(request.from)});
  switch (begun.verdict) {
    case MeterVerdict::go_on:
    case MeterVerdict::wait:  // the first group waits
      ticket = begun.ticket;
      return Verdict::allow;
    case MeterVerdict::payment:
      return Verdict::deny;
    case MeterVerdict::later:
      break;
  }
  return Verdict::limit;
}

void GateAdmission::settle(Ticket& ticket) {
  if (ticket) till_.settle(*ticket);
  ticket.reset();
}

Verdict GateAdmission::on_request(const blobs::RequestContext& request) {
  // The next hash of a GetMany.
  on_end(request);
  if (request.hash == blobs::empty_blob_hash()) return Verdict::allow;
  const auto entry = look_up(request.hash);
  if (!entry) return Verdict::hide;
  if (request.kind == blobs::RequestKind::observe) return Verdict::allow;
  Running now;
  now.class_of_root = entry->klass;
  const Verdict verdict = begin(request, request.hash, *entry, now.root);
  if (now.root) running_.emplace(request.serial, now);
  return verdict;
}

Verdict GateAdmission::on_child(const blobs::RequestContext& request, const Blake3Hash& child) {
  const auto at = running_.find(request.serial);
  if (at != running_.end()) {
    settle(at->second.child);
    at->second.child_is_free = false;
  }
  if (child == blobs::empty_blob_hash()) return Verdict::allow;
  const auto entry = look_up(test_hooks::planted("class_from_request") ? request.hash : child);
  if (!entry) return Verdict::hide;
  if (entry->klass == ContentClass::public_) {
    if (at != running_.end()) at->second.child_is_free = true;
    return Verdict::allow;
  }
  if (at != running_.end() && at->second.root) {
    if (entry->klass != ContentClass::paid || at->second.class_of_root == ContentClass::paid)
      return Verdict::allow;
    return begin(request, request.hash, *entry, at->second.child);
  }
  Ticket ticket;
  const Verdict verdict = begin(request, child, *entry, ticket);
  if (ticket) running_[request.serial].child = ticket;
  return verdict;
}

GroupVerdict GateAdmission::on_group(const blobs::RequestContext& request, std::size_t payload) {
  const auto at = running_.find(request.serial);
  if (at == running_.end() || at->second.child_is_free) return {};
  const Ticket& ticket = at->second.child ? at->second.child : at->second.root;
  if (!ticket) return {};
  const auto answer = till_.take(*ticket, payload);
  switch (answer.verdict) {
    case MeterVerdict::go_on:
      return {};
    case MeterVerdict::wait:
      return {GroupVerdict::Action::wait, answer.again, Verdict::limit};
    case MeterVerdict::payment:
      return {GroupVerdict::Action::refuse, {}, Verdict::deny};
    case MeterVerdict::later:
      break;
  }
  return {GroupVerdict::Action::refuse, {}, Verdict::limit};
}

void GateAdmission::on_end(const blobs::RequestContext& request) {
  const auto at = running_.find(request.serial);
  if (at == running_.end()) return;
  settle(at->second.child);
  settle(at->second.root);
  running_.erase(at);
}

}  // namespace archy::paid

#include "sim/money/market_watch.hpp"

#include <algorithm>

namespace archy::sim {

using blobs::GroupVerdict;
using blobs::RequestContext;
using blobs::Verdict;
using streaming::ContentClass;

void SellerWatch::broke_off() {
  for (auto& [whose, each] : left) {
    each.forgiven += std::min(each.unsaved, streaming::kUnwrittenBytes);
    each.unsaved = 0;
  }
}

void SellerWatch::ended_in_order() {
  for (auto& [whose, each] : left) each.unsaved = 0;
}

// What cannot be looked up is not sent either.
ContentClass WatchedAdmission::class_of(const Blake3Hash& hash) {
  const auto entry = catalog_.find(hash);
  if (!entry || !*entry) return ContentClass::public_;
  if ((*entry)->klass != ContentClass::metered) return (*entry)->klass;
  const auto services = gate_.services();
  const bool sells = !services || services->front().enabled;
  return sells ? ContentClass::metered : ContentClass::public_;
}

Verdict WatchedAdmission::on_request(const RequestContext& request) {
  const Class klass = class_of(request.hash);
  const Verdict verdict = inner_.on_request(request);
  running_[request.serial] = {request.hash, request.hash, klass, klass};
  return verdict;
}

Verdict WatchedAdmission::on_child(const RequestContext& request, const Blake3Hash& child) {
  Running& running = running_[request.serial];
  running.now = class_of(child);
  running.payer = running.of_root == Class::public_ ? child : running.root;
  return inner_.on_child(request, child);
}

GroupVerdict WatchedAdmission::on_group(const RequestContext& request, std::size_t payload) {
  const Running& running = running_[request.serial];
  if (running.now != Class::public_ && watch_.cheat == Cheat::sends_nothing)
    return {GroupVerdict::Action::refuse, {}, Verdict::deny};
  const GroupVerdict verdict = inner_.on_group(request, payload);
  if (verdict.action != GroupVerdict::Action::go_on) return verdict;
  if (running.now == Class::public_) {
    watch_.public_bytes += payload;
    return verdict;
  }
  SellerWatch::Left& left = watch_.left[{request.peer, running.payer}];
  left.bytes += payload;
  left.unsaved += payload;
  if (running.now == Class::paid) left.paid += payload;
  return verdict;
}

void WatchedAdmission::on_end(const RequestContext& request) {
  running_.erase(request.serial);
  inner_.on_end(request);
}

boost::asio::awaitable<streaming::GateAnswer> WatchedTill::ask(
    streaming::Want want, std::optional<Secret<std::string>> token, std::stop_token stop) {
  if (want.klass == ContentClass::public_) ++watch_.gate_calls_for_public;
  const bool pays = token.has_value();
  auto answer = co_await inner_.ask(std::move(want), std::move(token), std::move(stop));
  if (pays && watch_.cheat == Cheat::denies_payment)
    co_return streaming::GateAnswer{streaming::GateVerdict::failed, {}, {}, "never heard of it"};
  co_return answer;
}

streaming::Gate::Begun WatchedTill::begin(const streaming::Want& want) {
  if (want.klass == ContentClass::public_) ++watch_.gate_calls_for_public;
  return inner_.begin(want);
}

rt::Task<> WatchedSource::fetch(fetch::Attempt& attempt) {
  const auto target = attempt.target;
  attempt.target = std::make_shared<paid::CountedBlob>(target, came_);
  auto went = co_await inner_->fetch(attempt);
  attempt.target = target;
  if (!went && attempt.stop.stop_requested()) broken_off_();
  co_return went;
}

}  // namespace archy::sim

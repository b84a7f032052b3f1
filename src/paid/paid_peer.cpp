#include "paid/paid_peer.hpp"

namespace archy::paid {
namespace {

// Deals that are remembered beside those in use. One that is forgotten is made anew: credit that
// the peer counts is still there.
constexpr std::size_t kDeals = 256;

}  // namespace

PaidPeer::PaidPeer(const rt::Env& env, quic::Endpoint& endpoint, fetch::PeerAddress peer,
                   std::shared_ptr<fetch::Source> bytes, streaming::Buyer& buyer,
                   PaidSourceOptions options)
    : env_(env),
      asker_(std::make_shared<Asker>(env_.clock, endpoint, std::move(peer))),
      bytes_(std::move(bytes)),
      buyer_(buyer),
      options_(std::move(options)) {}

std::uint64_t PaidPeer::price(const Blake3Hash& hash) const {
  const auto at = deals_.find(hash);
  return at == deals_.end() ? 0 : at->second->price(hash);
}

std::shared_ptr<PaidSource> PaidPeer::deal_for(const Blake3Hash& hash) {
  if (deals_.size() >= kDeals)
    std::erase_if(deals_, [](const auto& entry) { return entry.second.use_count() == 1; });
  auto& deal = deals_[hash];
  if (!deal) deal = std::make_shared<PaidSource>(env_, asker_, bytes_, &buyer_, options_);
  return deal;
}

rt::Task<> PaidPeer::fetch(fetch::Attempt& attempt) {
  const auto deal = deal_for(attempt.hash);
  co_return co_await deal->fetch(attempt);
}

}  // namespace archy::paid

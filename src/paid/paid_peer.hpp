// A peer that may ask for money, as a source of any number of blobs: a deal for each of them.
#pragma once

#include <map>

#include "paid/paid_source.hpp"

namespace archy::paid {

// Thread: the loop. Lifetime: env, endpoint and buyer outlive it.
class PaidPeer final : public fetch::Source {
 public:
  // `bytes`: where the peer is asked for content.
  PaidPeer(const rt::Env& env, quic::Endpoint& endpoint, fetch::PeerAddress peer,
           std::shared_ptr<fetch::Source> bytes, streaming::Buyer& buyer,
           PaidSourceOptions options);

  std::string name() const override { return bytes_->name(); }
  fetch::SourceKind kind() const override { return bytes_->kind(); }
  std::uint64_t price(const Blake3Hash& hash) const override;
  rt::Task<> fetch(fetch::Attempt& attempt) override;
  rt::Task<> watch(Blake3Hash hash, std::function<void(bao::ChunkRanges)> tell,
                   std::stop_token stop) override {
    return bytes_->watch(hash, std::move(tell), std::move(stop));
  }

 private:
  std::shared_ptr<PaidSource> deal_for(const Blake3Hash& hash);

  rt::Env env_;
  std::shared_ptr<Asker> asker_;
  std::shared_ptr<fetch::Source> bytes_;
  streaming::Buyer& buyer_;
  PaidSourceOptions options_;
  std::map<Blake3Hash, std::shared_ptr<PaidSource>> deals_;
};

}  // namespace archy::paid

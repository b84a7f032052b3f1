// What is sold of what the store offers, by the class of the offer; `standard` is free until a
// service is on. Without a gate nothing is sold, and what is marked metered or paid not served.
#pragma once

#include "paid/catalog.hpp"
#include "paid/till.hpp"
#include "store/blob_store.hpp"

namespace archy::app {

// Thread: the loop. Lifetime: the store outlives it, and the gate once it is given.
class StoreCatalog final : public paid::Catalog {
 public:
  explicit StoreCatalog(store::BlobStore& store) : store_(store) {}
  void sell_by(streaming::Gate& gate) { gate_ = &gate; }
  Result<std::optional<paid::CatalogEntry>> find(const Blake3Hash& hash) override;

 private:
  streaming::ContentClass class_of(store::OfferClass offered);

  store::BlobStore& store_;
  streaming::Gate* gate_ = nullptr;
};

// A till behind which there may be no gate yet: whoever comes is told to come later.
class DoorTill final : public paid::Till {
 public:
  void sell_by(streaming::Gate& gate) { gate_.emplace(gate); }
  boost::asio::awaitable<streaming::GateAnswer> ask(streaming::Want want,
                                                    std::optional<Secret<std::string>> token,
                                                    std::stop_token stop) override;
  streaming::Gate::Begun begin(const streaming::Want& want) override {
    return gate_ ? gate_->begin(want) : streaming::Gate::Begun{};
  }
  streaming::MeterAnswer take(streaming::GateTicket ticket, std::uint64_t payload) override {
    return gate_ ? gate_->take(ticket, payload) : streaming::MeterAnswer{};
  }
  void settle(streaming::GateTicket ticket) override {
    if (gate_) gate_->settle(ticket);
  }

 private:
  std::optional<paid::GateTill> gate_;
};

}  // namespace archy::app

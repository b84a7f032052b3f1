#include "app/swarm/store_catalog.hpp"

namespace archy::app {

using streaming::ContentClass;

// Whether the service is on may not be readable: what is as the services say is metered then, and
// the gate has its rule for that.
ContentClass StoreCatalog::class_of(store::OfferClass offered) {
  switch (offered) {
    case store::OfferClass::public_:
      return ContentClass::public_;
    case store::OfferClass::metered:
      return ContentClass::metered;
    case store::OfferClass::paid:
      return ContentClass::paid;
    case store::OfferClass::standard:
      break;
  }
  if (gate_ == nullptr) return ContentClass::public_;
  const auto is_on = gate_->is_on(streaming::ServiceId::content_download);
  return is_on && !*is_on ? ContentClass::public_ : ContentClass::metered;
}

Result<std::optional<paid::CatalogEntry>> StoreCatalog::find(const Blake3Hash& hash) {
  TRY(offered, store_.offer(hash));
  if (!offered) return std::optional<paid::CatalogEntry>{};
  paid::CatalogEntry out;
  out.klass = class_of(*offered);
  if (out.klass == ContentClass::public_) return std::optional(out);
  TRY(size, store_.size_with_children(hash));  // remembered, as what is offered is
  out.size = size;
  if (size > 0) return std::optional(out);
  TRY(info, store_.info(hash));
  if (!info) return std::optional<paid::CatalogEntry>{};
  return std::optional(out);
}

boost::asio::awaitable<streaming::GateAnswer> DoorTill::ask(
    streaming::Want want, std::optional<Secret<std::string>> token, std::stop_token stop) {
  if (!gate_) co_return streaming::GateAnswer{};
  co_return co_await gate_->ask(std::move(want), std::move(token), std::move(stop));
}

}  // namespace archy::app

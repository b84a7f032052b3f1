#include "app/content_while_fetched.hpp"

#include "fetch/arriving_reader.hpp"

namespace archy::app {
namespace {

class Reader final : public rpc::ContentReader {
 public:
  explicit Reader(std::unique_ptr<fetch::ArrivingReader> inner) : inner_(std::move(inner)) {}

  rt::Task<std::uint64_t> size(std::stop_token stop) override {
    co_return co_await inner_->size(stop);
  }
  rt::Task<ByteView> read(std::uint64_t offset, std::size_t most, std::stop_token stop) override {
    co_return co_await inner_->read(offset, most, stop);
  }

 private:
  std::unique_ptr<fetch::ArrivingReader> inner_;
};

}  // namespace

ContentWhileFetched::ContentWhileFetched(store::BlobStore& store, Arrivals& arrivals,
                                         rt::Clock& clock,
                                         rpc::StoreContentSource::StandardIsFree standard_is_free,
                                         rpc::StoreContentSource::OnDamage on_damage)
    : store_(store),
      arrivals_(arrivals),
      clock_(clock),
      complete_(store, std::move(standard_is_free), std::move(on_damage)) {}

rt::Task<std::unique_ptr<rpc::ContentReader>> ContentWhileFetched::open(const Blake3Hash& hash,
                                                                        rpc::ContentPart part,
                                                                        std::stop_token stop) {
  auto arrival = arrivals_.find(hash);
  auto whole = co_await complete_.open(hash, part, stop);
  const bool may_arrive =
      !whole && whole.error().code == Code::not_found && arrival && part == rpc::ContentPart::data;
  if (!may_arrive) co_return whole;
  CO_TRY(may, complete_.may_have(hash));
  if (!may) co_return whole;
  std::unique_ptr<rpc::ContentReader> out = std::make_unique<Reader>(
      std::make_unique<fetch::ArrivingReader>(std::move(arrival), store_, clock_, hash));
  co_return out;
}

}  // namespace archy::app

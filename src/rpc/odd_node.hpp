// A node for the fuzzer of calls: what it answers, a refusal of any kind or values at their limits,
// follows from a number. It holds one blob of the operator's, at a path nobody else may read of.
#pragma once

#include "rpc/node_api.hpp"
#include "rpc/odd_buyer.hpp"
#include "rpc/odd_seller.hpp"
#include "rpc/odd_wallet.hpp"

namespace archy::rpc {

class OddNode final : public NodeApi {
 public:
  // In everything it knows of the operator's disk, also in the texts of errors.
  static constexpr std::string_view kPrivatePath = OddWallet::kPrivatePath;

  explicit OddNode(std::uint32_t seed)
      : state_(seed),
        wallet_([this] { return odd_refusal(); }, [this] { return number(); }),
        seller_([this] { return odd_refusal(); }, [this] { return number(); }),
        buyer_([this] { return odd_refusal(); }, [this] { return number(); }) {}

  Result<NodeInfo> info() override {
    NodeInfo out;
    out.version = "odd";
    out.data_dir = std::string(kPrivatePath);
    out.uptime_ms = UINT64_MAX;
    if (odd()) out.control = address();
    return or_refusal(out);
  }

  rt::Task<Added> add(AddRequest) override { co_return or_refusal(Added{}); }
  Result<BlobView> blob(const Blake3Hash& hash) override { return or_refusal(view(hash)); }
  Result<std::vector<BlobView>> blobs(std::optional<Blake3Hash> after, std::size_t limit) override {
    return or_refusal(std::vector(std::min<std::size_t>(limit, odd() ? 2 : 1),
                                  view(after.value_or(Blake3Hash{}))));
  }
  Result<> pin(const PinRequest&) override { return refusal_or_done(); }
  Result<> unpin(const PinRequest&) override { return refusal_or_done(); }
  Result<> remove(const Blake3Hash&, bool) override { return refusal_or_done(); }
  rt::Task<Sha256Digest> sha256(Blake3Hash, std::stop_token) override {
    co_return or_refusal(Sha256Digest{});
  }
  rt::Task<store::VerifyReport> verify(store::VerifyOptions options, std::stop_token) override {
    co_return or_refusal(store::VerifyReport{
        .blobs = UINT64_MAX,
        .damage = {{options.only.value_or(Blake3Hash{}), "\xff is no UTF-8", odd()}}});
  }
  rt::Task<std::vector<rt::Path>> export_content(ExportRequest request) override {
    co_return or_refusal(std::vector{request.path});
  }
  rt::Task<store::GcReport> gc(store::GcOptions) override {
    co_return or_refusal(store::GcReport{});
  }

  Result<std::uint64_t> start_fetch(const FetchRequest&) override { return or_refusal(number()); }
  Result<FetchView> fetch(std::uint64_t id) override { return or_refusal(fetch_view(id)); }
  std::vector<FetchView> fetches() override { return {fetch_view(1), fetch_view(UINT64_MAX)}; }
  Result<FetchView> last_fetch(const Blake3Hash&) override { return or_refusal(fetch_view(1)); }
  Result<> cancel_fetch(std::uint64_t) override { return refusal_or_done(); }

  WalletApi& wallet() override { return wallet_; }
  SellerApi& seller() override { return seller_; }
  BuyerApi& buyer() override { return buyer_; }

  SwarmStatus swarm() override { return {.built = odd(), .addresses = {address()}}; }
  std::vector<PeerView> peers() override {
    return {{EndpointId{}, address(), number(), number(), number()}};
  }
  TransportStatus transport() override { return {.bound = {address()}, .congestion = "cubic"}; }

  const settings::Settings& settings() override { return settings_; }
  Result<std::string> settings_revision() override { return or_refusal(std::string("0f")); }
  Result<SettingChange> set_setting(std::string_view name, const settings::Value& value,
                                    std::string_view) override {
    settings::Settings tried = settings_;
    if (auto set = tried.set(name, value); !set) return fail(set.error());
    return or_refusal(SettingChange{.live = odd(), .revision = "10"});
  }

 private:
  std::uint32_t next() { return state_ = state_ * 1664525u + 1013904223u; }  // Numerical Recipes
  bool odd() { return (next() >> 16) % 2 == 1; }
  std::uint64_t number() { return odd() ? UINT64_MAX : next(); }

  // Which refusals tell of the operator's disk is said here a second time, on purpose: it is what
  // from_error() is judged by.
  Error refusal() {
    const auto code =
        static_cast<Code>((next() >> 16) % (static_cast<unsigned>(Code::unknown_outcome) + 1));
    switch (code) {
      case Code::internal:
      case Code::io:
      case Code::corrupt:
      case Code::no_space:
      case Code::locked:
      case Code::unknown_outcome:
        return {code, std::string(kPrivatePath) + ": no"};
      default:
        return {code, "no"};
    }
  }
  template <class T>
  Result<T> or_refusal(T value) {
    if ((next() >> 16) % 4 == 0) return fail(refusal());
    return value;
  }
  Result<> refusal_or_done() {
    if (odd()) return fail(refusal());
    return {};
  }

  std::optional<Error> odd_refusal() {
    if ((next() >> 16) % 4 != 0) return std::nullopt;
    return refusal();
  }

  rt::Address address() const { return rt::parse_address("[::1]:65535").value_or(rt::Address{}); }
  BlobView view(const Blake3Hash& hash) {
    BlobView out;
    out.info.hash = hash;
    out.info.size = number();
    out.info.complete = odd();
    out.info.location = static_cast<store::Location>(next() % 3);
    out.info.external_path = std::string(kPrivatePath);
    out.held_bytes = number();
    out.names = {"\xc3 is no UTF-8"};
    if (odd()) out.offered = static_cast<store::OfferClass>(next() % 4);
    return out;
  }
  FetchView fetch_view(std::uint64_t id) {
    FetchView out;
    out.id = id;
    out.held_bytes = number();
    out.total_bytes = number();
    out.state = static_cast<FetchState>(next() % 5);
    if (odd()) out.error = refusal();
    fetch::SourceReport& source = out.sources.emplace_back();
    source.name = "odd";
    source.verified_bytes = next();
    source.last_error = refusal();
    source.time = rt::Duration(next() % 3);
    return out;
  }

  std::uint32_t state_;
  settings::Settings settings_;
  OddWallet wallet_;
  OddSeller seller_;
  OddBuyer buyer_;
};

}  // namespace archy::rpc

// This node as the methods see it: the store, the fetches, the swarm and the settings of one
// process, daemon or command.
#pragma once

#include "app/export.hpp"
#include "app/fetch_jobs.hpp"
#include "app/import.hpp"
#include "app/seller.hpp"
#include "app/spender.hpp"
#include "app/wallet_room.hpp"
#include "rt/posix/ordered_worker.hpp"
#include "settings/config_file.hpp"

namespace archy::app {

inline constexpr std::string_view kVersion = "0.1.0";

struct LocalNodeOptions {
  bool daemon = false;
  PeerDoor* door = nullptr;       // none: no peer is served
  http::Client* mints = nullptr;  // what reaches them; none: the core's client
  // For a person who waits. Thread: the worker's.
  ImportProgressFn import_progress = nullptr;
  store::ProgressFn verify_progress = nullptr;
  ExportProgressFn export_progress = nullptr;
};

// Thread: the loop; long passes run on a worker of its own. Lifetime: core, config, events and the
// door outlive it; close() has been awaited before the destructor.
class LocalNode final : public rpc::NodeApi {
 public:
  LocalNode(Core& core, settings::ConfigFile& config, rpc::Events& events,
            LocalNodeOptions options);
  // Long passes end soon, and the calls that wait for them.
  void request_stop() {
    stop_.request_stop();
    wallet_.request_stop();
  }
  // What info() says of a daemon.
  void tell_ports(const rt::Address& control, const rt::Address& content) {
    control_ = control;
    content_ = content;
  }
  // What is begun with money is gone on with from here on: the wallet's operations, purchases,
  // credit that is used.
  void look_after_everything() {
    wallet_.look_after_everything();
    spender_.look_after_open();
    seller_.look_after_used();
  }
  // And fetches: waits for them.
  boost::asio::awaitable<void> close();

  Result<rpc::NodeInfo> info() override;
  rt::Task<rpc::Added> add(rpc::AddRequest request) override;
  Result<rpc::BlobView> blob(const Blake3Hash& hash) override;
  Result<std::vector<rpc::BlobView>> blobs(std::optional<Blake3Hash> after,
                                           std::size_t limit) override;
  Result<> pin(const rpc::PinRequest& request) override;
  Result<> unpin(const rpc::PinRequest& request) override;
  Result<> remove(const Blake3Hash& hash, bool force) override;
  rt::Task<Sha256Digest> sha256(Blake3Hash hash, std::stop_token stop) override;
  rt::Task<store::VerifyReport> verify(store::VerifyOptions options, std::stop_token stop) override;
  rt::Task<std::vector<rt::Path>> export_content(rpc::ExportRequest request) override;
  rt::Task<store::GcReport> gc(store::GcOptions options) override;

  Result<std::uint64_t> start_fetch(const rpc::FetchRequest& request) override {
    return fetches_.start(request);
  }
  Result<rpc::FetchView> fetch(std::uint64_t id) override { return fetches_.view(id); }
  std::vector<rpc::FetchView> fetches() override { return fetches_.all(); }
  Result<rpc::FetchView> last_fetch(const Blake3Hash& hash) override {
    return fetches_.last_of(hash);
  }
  Result<> cancel_fetch(std::uint64_t id) override { return fetches_.cancel(id); }
  // For the content port: what fetches are bringing.
  Arrivals& arrivals() { return fetches_.arrivals(); }

  WalletRoom& wallet() override { return wallet_; }
  Seller& seller() override { return seller_; }
  Spender& buyer() override { return spender_; }

  rpc::SwarmStatus swarm() override;
  std::vector<rpc::PeerView> peers() override;
  rpc::TransportStatus transport() override;

  const settings::Settings& settings() override { return config_.settings(); }
  Result<std::string> settings_revision() override { return config_.revision(); }
  Result<rpc::SettingChange> set_setting(std::string_view name, const settings::Value& value,
                                         std::string_view expected_revision) override;

 private:
  // The names, pins and offers that several rows are made from.
  struct Keepers;
  Result<Keepers> keepers();
  // The person's Ctrl-C, or the node's own end.
  std::stop_token ending() const {
    return options_.daemon ? stop_.get_token() : core_.interrupted();
  }
  template <class T>
  rt::Task<T> on_worker(std::function<Result<T>()> job);
  Result<rpc::BlobView> view_of(store::BlobInfo info, const Keepers& keepers);
  std::string ticket_of(const store::HashAndFormat& content);

  Core& core_;
  settings::ConfigFile& config_;
  LocalNodeOptions options_;
  rt::Instant begun_;
  std::stop_source stop_;
  std::optional<rt::Address> control_, content_;
  rt::OrderedWorker worker_{64};
  FetchJobs fetches_;
  WalletRoom wallet_;
  Seller seller_;
  Spender spender_;
};

// How URLs are opened, by `net.*`.
http::ConnectorOptions connector_options(const settings::Settings& settings);

// Puts what can change without a restart into force.
void apply_live_settings(const settings::Settings& settings);

}  // namespace archy::app

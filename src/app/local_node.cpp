#include "app/local_node.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "app/either_stop.hpp"
#include "app/on_worker.hpp"
#include "base/log.hpp"

namespace archy::app {
namespace {

std::uint64_t held_bytes(const store::BlobInfo& info) {
  if (info.complete) return info.size;
  const std::uint64_t chunks = bao::Tree(info.size).chunks();
  return std::min(info.size, info.have.count_below(chunks) * bao::kChunkBytes);
}

// Keys and tokens are no content: neither what lies in the data directory nor a folder around it.
Result<> outside_data_dir(const rt::Path& path, const rt::Path& data_dir) {
  if (lies_within(path, data_dir) || lies_within(data_dir, path))
    return fail(Code::denied, "the node's own data directory is not to be added");
  return {};
}

FetchJobRules rules_of(const settings::Settings& settings) {
  FetchJobRules out;
  out.allow_private = settings.get(settings::kNetAllowPrivate);
  out.at_once = static_cast<std::size_t>(settings.get(settings::kFetchJobsAtOnce));
  return out;
}

#ifdef ARCHY_SWARM
constexpr bool kSwarmBuilt = true;
#else
constexpr bool kSwarmBuilt = false;
#endif

}  // namespace

http::ConnectorOptions connector_options(const settings::Settings& settings) {
  http::ConnectorOptions out;
  // The table has checked it: not an address means there is none.
  if (const auto proxy = rt::parse_address(settings.get(settings::kNetSocks5))) out.socks5 = *proxy;
  out.allow_private = settings.get(settings::kNetAllowPrivate);
  return out;
}

void apply_live_settings(const settings::Settings& settings) {
  log::set_level(std::string_view(settings.get(settings::kLogLevel)));
}

struct LocalNode::Keepers {
  std::vector<std::pair<std::string, store::HashAndFormat>> names;
  std::set<Blake3Hash> pinned;
};

LocalNode::LocalNode(Core& core, settings::ConfigFile& config, rpc::Events& events,
                     LocalNodeOptions options)
    : core_(core),
      config_(config),
      options_(std::move(options)),
      begun_(core.env().clock.now()),
      fetches_(core, events, options_.door, rules_of(config.settings()), config),
      wallet_(core.env(),
              {.data_dir = core.data_dir().root(),
               .http = [this]() -> http::Client& {
                 return options_.mints ? *options_.mints : core_.http();
               },
               .second_backups =
                   [this] { return rt::Path(config_.settings().get(settings::kWalletBackupDir)); },
               .ending = [this] { return ending(); }}),
      seller_(core.env(), wallet_),
      spender_(core.env(), wallet_) {
  if (options_.door) options_.door->sell(seller_.gate());
  fetches_.pay_by([this] { return spender_.payer(config_.settings()); });
}

boost::asio::awaitable<void> LocalNode::close() {
  request_stop();
  co_await fetches_.close();
  co_await spender_.close();
  co_await seller_.close();
  co_await wallet_.close();
}

Result<rpc::NodeInfo> LocalNode::info() {
  rpc::NodeInfo out;
  out.version = kVersion;
  out.endpoint_id = crypto::ed25519_public_key(core_.data_dir().endpoint_seed());
  out.data_dir = core_.data_dir().root();
  out.daemon = options_.daemon;
  const rt::Duration up = core_.env().clock.now() - begun_;
  out.uptime_ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(up).count());
  TRY(blobs, core_.store().list());
  out.blobs = blobs.size();
  out.swarm_built = kSwarmBuilt;
  out.swarm_running = options_.door != nullptr;
  out.control = control_;
  out.content = content_;
  return out;
}

std::string LocalNode::ticket_of(const store::HashAndFormat& content) {
  // Without a running swarm: where one would be reached that runs as the settings say.
  std::vector<rt::Address> addresses;
  if (options_.door) {
    addresses = options_.door->addresses();
  } else {
    for (const std::string& text : config_.settings().get(settings::kSwarmBind)) {
      const auto bind = rt::parse_address(text);
      if (!bind) continue;
      for (const rt::Address& address : advertised_addresses(core_.env().network, *bind))
        addresses.push_back(address);
    }
  }
  const EndpointId id = crypto::ed25519_public_key(core_.data_dir().endpoint_seed());
  return make_ticket(id, addresses, content).value_or("");
}

template <class T>
rt::Task<T> LocalNode::on_worker(std::function<Result<T>()> job) {
  return app::on_worker<T>(core_.env().executor, core_.env().clock, worker_, std::move(job));
}

rt::Task<rpc::Added> LocalNode::add(rpc::AddRequest request) {
  CO_TRY_OK(outside_data_dir(request.path, core_.data_dir().root()));
  ImportOptions how;
  how.mode = request.in_place ? store::AddMode::in_place : store::AddMode::copy;
  how.as_collection = request.collection;
  how.offer_class = request.offer_class;
  how.progress = options_.import_progress;
  const EitherStop either(ending(), request.stop);
  how.stop = either.token();
  std::function<Result<Added>()> job = [this, path = request.path, how] {
    return import_path(core_.env().files, core_.store(), path, how);
  };
  CO_TRY(added, co_await on_worker<Added>(std::move(job)));
  rpc::Added out;
  out.content = added.content;
  out.sha256 = added.sha256;
  out.size_bytes = added.size_bytes;
  out.files = added.files;
  out.ticket = ticket_of(added.content);
  co_return out;
}

Result<LocalNode::Keepers> LocalNode::keepers() {
  Keepers out;
  TRY(names, core_.store().names());
  out.names = std::move(names);
  TRY(pins, core_.store().pins());
  for (const store::HashAndFormat& pin : pins) out.pinned.insert(pin.hash);
  return out;
}

Result<rpc::BlobView> LocalNode::view_of(store::BlobInfo info, const Keepers& keepers) {
  rpc::BlobView out;
  out.held_bytes = held_bytes(info);
  for (const auto& [name, target] : keepers.names) {
    if (target.hash == info.hash) out.names.push_back(name);
  }
  out.pinned = keepers.pinned.contains(info.hash);
  TRY(offered, core_.store().offer(info.hash));
  out.offered = offered;
  out.info = std::move(info);
  return out;
}

Result<rpc::BlobView> LocalNode::blob(const Blake3Hash& hash) {
  TRY(info, core_.store().info(hash));
  if (!info) return fail(Code::not_found, fmt::format("{} is not in the store", hash.hex()));
  TRY(keepers, this->keepers());
  return view_of(std::move(*info), keepers);
}

Result<std::vector<rpc::BlobView>> LocalNode::blobs(std::optional<Blake3Hash> after,
                                                    std::size_t limit) {
  TRY(all, core_.store().list());
  TRY(keepers, this->keepers());
  std::ranges::sort(all, {}, &store::BlobInfo::hash);
  std::vector<rpc::BlobView> out;
  for (store::BlobInfo& info : all) {
    if (out.size() == limit) break;
    if (after && info.hash <= *after) continue;
    TRY(view, view_of(std::move(info), keepers));
    out.push_back(std::move(view));
  }
  return out;
}

Result<> LocalNode::pin(const rpc::PinRequest& request) {
  TRY(info, core_.store().info(request.content.hash));
  if (!info) {
    return fail(Code::not_found, fmt::format("{} is not in the store", request.content.hash.hex()));
  }
  TRY_OK(core_.store().set_pin(request.content, true));
  if (!request.offer) return {};
  return request.offer_class ? core_.store().set_offer(request.content, request.offer_class)
                             : core_.store().ensure_offered(request.content);
}

Result<> LocalNode::unpin(const rpc::PinRequest& request) {
  TRY_OK(core_.store().set_pin(request.content, false));
  if (!request.offer) return {};
  return core_.store().set_offer(request.content, std::nullopt);
}

Result<> LocalNode::remove(const Blake3Hash& hash, bool force) {
  return core_.store().remove(hash, force);
}

rt::Task<Sha256Digest> LocalNode::sha256(Blake3Hash hash, std::stop_token stop) {
  const EitherStop either(ending(), std::move(stop));
  std::function<Result<Sha256Digest>()> job = [this, hash, token = either.token()] {
    return core_.store().sha256(hash, options_.verify_progress, token);
  };
  CO_TRY(digest, co_await on_worker<Sha256Digest>(std::move(job)));
  co_return digest;
}

rt::Task<store::VerifyReport> LocalNode::verify(store::VerifyOptions options,
                                                std::stop_token stop) {
  const EitherStop either(ending(), std::move(stop));
  std::function<Result<store::VerifyReport>()> job = [this, options, token = either.token()] {
    return core_.store().verify(options, options_.verify_progress, token);
  };
  CO_TRY(report, co_await on_worker<store::VerifyReport>(std::move(job)));
  co_return report;
}

rt::Task<std::vector<rt::Path>> LocalNode::export_content(rpc::ExportRequest request) {
  ExportOptions how;
  if (request.fetch) {
    CO_TRY(fetched, fetches_.fetched_by(*request.fetch));
    how.hand_over = std::move(fetched);
  }
  const EitherStop either(ending(), request.stop);
  how.stop = either.token();
  how.data_dir = core_.data_dir().root();
  how.progress = options_.export_progress;
  std::function<Result<std::vector<rt::Path>>()> job = [this, request, how] {
    return app::export_content(core_.env().files, core_.store(), request.content, request.path,
                               how);
  };
  CO_TRY(written, co_await on_worker<std::vector<rt::Path>>(std::move(job)));
  co_return written;
}

rt::Task<store::GcReport> LocalNode::gc(store::GcOptions options) {
  std::function<Result<store::GcReport>()> job = [this, options] {
    return core_.store().gc(options);
  };
  CO_TRY(report, co_await on_worker<store::GcReport>(std::move(job)));
  co_return report;
}

rpc::SwarmStatus LocalNode::swarm() {
  rpc::SwarmStatus out;
  out.built = kSwarmBuilt;
  out.enabled = config_.settings().get(settings::kSwarmEnabled);
  if (!options_.door) return out;
  out.running = true;
  out.addresses = options_.door->addresses();
  out.connections_now = options_.door->connections().size();
  const ServeCounters counted = options_.door->counters();
  out.connections = counted.connections;
  out.requests = counted.requests;
  out.payload_sent_bytes = counted.payload_sent;
  out.payload_acked_bytes = counted.payload_acked;
  return out;
}

std::vector<rpc::PeerView> LocalNode::peers() {
  std::vector<rpc::PeerView> out;
  if (!options_.door) return out;
  for (const PeerConnection& peer : options_.door->connections()) {
    const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(peer.rtt).count();
    out.push_back({peer.id, peer.address, peer.bytes_sent, peer.bytes_received,
                   static_cast<std::uint64_t>(rtt)});
  }
  return out;
}

rpc::TransportStatus LocalNode::transport() {
  rpc::TransportStatus out;
  out.congestion = config_.settings().get(settings::kSwarmCongestion);
  if (!options_.door) return out;
  out.bound = options_.door->bound_addresses();
  for (const PeerConnection& peer : options_.door->connections()) {
    ++out.connections;
    out.bytes_sent += peer.bytes_sent;
    out.bytes_received += peer.bytes_received;
  }
  return out;
}

Result<rpc::SettingChange> LocalNode::set_setting(std::string_view name,
                                                  const settings::Value& value,
                                                  std::string_view expected_revision) {
  TRY_OK(config_.set(name, value, expected_revision));
  const settings::Setting* setting = settings::find(name);
  rpc::SettingChange out;
  out.live = setting && setting->live && options_.daemon;
  if (out.live) apply_live_settings(config_.settings());
  TRY(revision, config_.revision());
  out.revision = std::move(revision);
  return out;
}

}  // namespace archy::app

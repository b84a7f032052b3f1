#include "sim/node.hpp"

#include "fetch/origin_source.hpp"

namespace archy::sim {

Result<> Life::start() {
  TRY(opened, app::DataDir::open(env.files, env.random, machine.data_dir(),
                                 app::DataDir::Create::if_missing));
  data_dir.emplace(std::move(opened));
  store::StoreOptions store_options;
  store_options.sqlite_vfs = kSqliteVfs;
  store_options.sha256_thread = false;  // one thread: the order of things is the seed's
  TRY(made, store::open_file_store(env, machine.data_dir(), std::move(store_options)));
  store = std::move(made);
  http = std::make_unique<VirtualHttpClient>(machine.world.origin, env.executor, env.clock,
                                             machine.index);
  quic::Config config;
  rt::Address bind = machine.host->ip();
  bind.port = kNodePort;
  config.bind = {bind};
  config.alpns = {std::string(blobs::kAlpn)};
  TRY(bound, quic::make_endpoint(env, data_dir->endpoint_seed(), std::move(config)));
  endpoint = std::move(bound);
  admission = std::make_unique<blobs::AllowOffered>(*store);
  provider = std::make_unique<blobs::Provider>(env, *store, *admission);
  scope.start(provider->serve_endpoint(*endpoint, scope.stop_token()));
  return {};
}

boost::asio::awaitable<void> Life::end() {
  scope.request_stop();
  if (endpoint) co_await endpoint->close(0, "");
  co_await scope.close(env.clock);
  provider.reset();
  admission.reset();
  endpoint.reset();
  http.reset();
  store.reset();
  data_dir.reset();
}

void Life::fetch(FetchRequest request, std::shared_ptr<FetchSlot> slot) {
  scope.start(run_fetch(std::move(request), std::move(slot)));
}

boost::asio::awaitable<void> Life::run_fetch(FetchRequest request,
                                             std::shared_ptr<FetchSlot> slot) {
  std::vector<std::shared_ptr<fetch::Source>> peers, origins;
  for (const fetch::PeerAddress& peer : request.peers) {
    peers.push_back(std::make_shared<swarm::PeerSource>(env.clock, *endpoint, peer));
  }
  for (const std::string& url : request.origins) {
    origins.push_back(fetch::make_origin_source(env, *http, *store, url));
  }
  fetch::FetchOptions options;
  options.stop = scope.stop_token();
  options.arrival = request.arrival;
  auto report = co_await fetch::fetch_content_addressed(env, *store, request.hash, std::move(peers),
                                                        std::move(origins), std::move(options));
  slot->report = std::move(report);
  slot->done.notify();
}

Result<> SimNode::boot() {
  machine.files.power_on();
  auto life = std::make_shared<Life>(machine);
  TRY_OK(life->start());
  address_.id = life->endpoint->id();
  rt::Address at = machine.host->ip();
  at.port = kNodePort;
  address_.addresses = {at};
  life_ = std::move(life);
  ++boots_;
  return {};
}

boost::asio::awaitable<void> SimNode::bury(std::shared_ptr<Life> life) { co_await life->end(); }

boost::asio::awaitable<void> SimNode::shut_down() {
  if (!life_) co_return;
  co_await bury(std::exchange(life_, nullptr));
}

boost::asio::awaitable<void> SimNode::lose_power() {
  if (!life_) co_return;
  machine.host->power_off();
  if (machine.files.is_powered()) machine.files.power_cut();
  co_await bury(std::exchange(life_, nullptr));
}

}  // namespace archy::sim

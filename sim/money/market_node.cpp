#include "sim/money/market_node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "blobs/getter.hpp"
#include "fetch/origin_source.hpp"
#include "quic/types.hpp"
#include "rt/signal.hpp"
#include "store/memory_store.hpp"
#include "swarm/peer_source.hpp"

namespace archy::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 4001;
constexpr wallet::Patience kShort{.all = 10s, .answer = 5s};

crypto::Ed25519Seed key_of(std::uint64_t number) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(static_cast<std::uint8_t>(number));
  return crypto::Ed25519Seed(seed);
}

crypto::Bip39Seed words_of(std::uint64_t number) {
  std::array<std::uint8_t, 64> seed{};
  seed[0] = static_cast<std::uint8_t>(number);
  return crypto::Bip39Seed(seed);
}

struct Nowhere final : blobs::SequenceSink {
  Result<blobs::BlobSink*> begin(std::uint64_t, const Blake3Hash&) override { return &sink; }
  Result<> end(std::uint64_t) override { return {}; }
  blobs::NullSink sink;
};

rt::Task<> grabbing(MarketNode::Life& life, fetch::PeerAddress from, Blake3Hash sequence) {
  swarm::PeerSource source(life.env.clock, *life.endpoint, std::move(from));
  CO_TRY(connection, co_await source.connection(life.scope.stop_token()));
  Nowhere sink;
  blobs::GetOptions options{
      .clock = life.env.clock, .no_progress = 5s, .stop = life.scope.stop_token()};
  auto got = co_await blobs::get_hash_seq(connection, sequence, blobs::ChunkRangesSeq::all(), {},
                                          sink, options);
  if (!got) co_return fail(got.error());
  co_return Result<>{};
}

rt::Task<> showing(MarketNode::Life& life, fetch::PeerAddress to, Blake3Hash blob,
                   Secret<std::string> token) {
  paid::Asker asker(life.env.clock, *life.endpoint, std::move(to));
  paid::PaidRequest request{.want = blob, .token = std::move(token), .version = 1};
  auto answer = co_await asker.ask(std::move(request), life.scope.stop_token());
  if (!answer) co_return fail(answer.error());
  co_return Result<>{};
}

boost::asio::awaitable<void> forget(rt::Task<> call) { (void)co_await std::move(call); }

}  // namespace

MarketNode::MarketNode(World& world, testmint::LinkedMints& mints, rt::Clock& mint_clock,
                       std::uint64_t number, Role role, std::string name)
    : machine(world, number),
      world_(world),
      role_(role),
      name_(std::move(name)),
      mints_(world.time.executor(), machine.clock, mint_clock) {
  mints_.route_all(mints);
  mints_.set_latency(5ms);
  store_ =
      store::make_memory_store(machine.files, machine.clock, machine.random, machine.data_dir());
}

fetch::PeerAddress MarketNode::address() const {
  rt::Address at = machine.host->ip();
  at.port = kPort;
  return {id_, {at}};
}

Result<> MarketNode::boot() {
  machine.files.power_on();
  dead_ = false;
  TRY_OK(machine.files.make_directories(machine.data_dir()));
  TRY_OK(machine.files.sync_directory(machine.root));
  TRY_OK(machine.files.sync_directory("/"));
  auto life = std::make_shared<Life>(machine.env());
  wallet::WalletPlace place{machine.data_dir() / "wallet.db",
                            machine.data_dir() / "wallet.openings"};
  place.options.vfs = kSqliteVfs;
  TRY(opened, wallet::Wallet::open(life->env, mints_, words_of(machine.index), place));
  life->wallet = std::move(opened);
  const auto wallet_of = [raw = life.get()] { return raw->wallet.get(); };
  life->purse.emplace(wallet_of);
  life->idle_purse.emplace(wallet_of);
  life->idle_buyer.emplace(life->env, *life->idle_purse);
  quic::Config config;
  rt::Address bind = machine.host->ip();
  bind.port = kPort;
  config.bind = {bind};
  if (role_ == Role::seller) config.alpns = {std::string(blobs::kAlpn), std::string(paid::kAlpn)};
  TRY(bound, quic::make_endpoint(life->env, key_of(machine.index), std::move(config)));
  life->endpoint = std::move(bound);
  life->http = std::make_unique<VirtualHttpClient>(world_.origin, life->env.executor,
                                                   life->env.clock, machine.index);
  id_ = life->endpoint->id();
  if (role_ == Role::seller) {
    life->gate.emplace(life->env, *life->purse);
    life->gate_till.emplace(*life->gate);
    life->catalog.emplace(*store_);
    life->catalog->sell_by(*life->gate);
    life->till.emplace(*life->gate_till, watch);
    life->admission.emplace(*life->catalog, *life->till);
    life->watched.emplace(*life->admission, *life->catalog, *life->gate, watch);
    life->provider.emplace(life->env, *store_, *life->watched);
    life->asked.emplace(life->env, *life->catalog, *life->till);
  } else {
    life->buyer.emplace(life->env, *life->purse);
    life->purse->on_paid([this](const std::string& key) { look_at_risk(key); });
  }
  life_ = std::move(life);
  if (role_ == Role::seller) start(accept_all());
  start(look_after());
  return {};
}

boost::asio::awaitable<void> MarketNode::accept_all() {
  const std::shared_ptr<Life> life = life_;
  for (;;) {
    auto accepted = co_await life->endpoint->accept();
    if (!accepted) break;
    std::shared_ptr<quic::Connection> over = std::move(*accepted);
    life->scope.start(over->alpn() == paid::kAlpn
                          ? life->asked->serve(over, life->scope.stop_token())
                          : life->provider->serve(over, life->scope.stop_token()));
  }
}

// As the node does: what is open is gone on with, after a start and every minute.
boost::asio::awaitable<void> MarketNode::look_after() {
  const std::shared_ptr<Life> life = life_;
  const std::stop_token stop = life->scope.stop_token();
  while (!stop.stop_requested()) {
    (void)co_await life->wallet->resume(kShort, stop);
    if (life->buyer) (void)co_await life->buyer->recover(stop);
    (void)co_await rt::sleep_until(life->env.executor, life->env.clock, life->env.clock.now() + 60s,
                                   stop);
  }
}

void MarketNode::die(Death death) {
  if (dead_ || !life_) return;
  dead_ = true;
  machine.host->power_off();
  machine.files.set_cache_survives(death == Death::killed);
  machine.files.power_cut();
  life_->scope.request_stop();
}

void MarketNode::die_at_disk_call(std::uint64_t nth, Death death) {
  machine.files.set_cache_survives(death == Death::killed);
  machine.files.power_cut_at_call(nth, [this, life = std::weak_ptr(life_)] {
    const auto it = life.lock();
    if (!it || it != life_ || dead_) return;
    dead_ = true;
    machine.host->power_off();
    it->scope.request_stop();
  });
}

boost::asio::awaitable<void> MarketNode::end() {
  if (!life_) co_return;
  const std::shared_ptr<Life> life = life_;
  life->scope.request_stop();
  co_await life->endpoint->close(0, "");
  co_await life->scope.close(life->env.clock);
  bool in_order = !dead_;
  if (life->gate && !life->gate->close()) in_order = false;
  in_order ? watch.ended_in_order() : watch.broke_off();
  machine.files.disarm_power_cut();
  idle_calls_ += life->idle_purse->calls();
  fetching_.clear();
  deals_.clear();
  life_.reset();
}

streaming::PurchaseId MarketNode::last_purchase() {
  const auto rows = life_->buyer->purchases({}, 1);
  return rows && !rows->empty() ? rows->front().id : streaming::PurchaseId(0);
}

std::shared_ptr<MarketFetch> MarketNode::fetch(MarketFetchPlan plan) {
  auto slot = std::make_shared<MarketFetch>();
  slot->hash = plan.hash;
  slot->pays = plan.policy && plan.policy->pays();
  slot->has_origin = plan.origin.has_value();
  fetching_.insert(plan.hash);
  if (slot->pays) bought_blobs.insert(plan.hash);
  const auto flow = [](MarketNode& node, MarketFetchPlan planned,
                       std::shared_ptr<MarketFetch> into) -> boost::asio::awaitable<void> {
    const std::shared_ptr<Life> life = node.life_;
    const Blake3Hash hash = planned.hash;
    auto went = co_await node.run_fetch(std::move(planned));
    if (!went) into->error = went.error();
    into->done = true;
    if (node.life_ == life) node.fetching_.erase(hash);
  };
  start(flow(*this, std::move(plan), slot));
  return slot;
}

rt::Task<> MarketNode::run_fetch(MarketFetchPlan plan) {
  const std::shared_ptr<Life> life = life_;
  const bool pays = plan.policy && plan.policy->pays();
  std::vector<std::shared_ptr<fetch::Source>> peers, origins;
  for (const MarketNode* seller : plan.sellers) {
    const fetch::PeerAddress at = seller->address();
    auto bytes = std::make_shared<swarm::PeerSource>(life->env.clock, *life->endpoint, at);
    if (!pays) {
      const paid::PaidSourceOptions nothing{streaming::PaymentPolicy::free(), {}, {}};
      peers.push_back(std::make_shared<paid::PaidPeer>(
          life->env, *life->endpoint, at, std::move(bytes), *life->idle_buyer, nothing));
      continue;
    }
    const std::pair key{seller->id(), plan.hash};
    deals_[key] = {last_purchase(), 0, 0, *plan.policy};
    const auto deal_of = [this, key](auto change) {
      if (const auto deal = deals_.find(key); deal != deals_.end()) change(deal->second);
    };
    auto watched = std::make_shared<WatchedSource>(
        std::move(bytes), [deal_of](auto came) { deal_of([&](Deal& deal) { deal.came += came; }); },
        [deal_of] { deal_of([](Deal& deal) { ++deal.broken_off; }); });
    peers.push_back(std::make_shared<paid::PaidPeer>(
        life->env, *life->endpoint, at, std::move(watched), *life->buyer,
        paid::PaidSourceOptions{*plan.policy, {}, {}}));
  }
  if (plan.origin)
    origins.push_back(fetch::make_origin_source(life->env, *life->http, *store_, *plan.origin));
  fetch::FetchOptions options;
  options.stop = life->scope.stop_token();
  auto report = co_await fetch::fetch_content_addressed(
      life->env, *store_, plan.hash, std::move(peers), std::move(origins), std::move(options));
  if (report.error) co_return fail(*report.error);
  co_return Result<>{};
}

void MarketNode::grab(const MarketNode& seller, Blake3Hash sequence) {
  start(forget(grabbing(*life_, seller.address(), sequence)));
}

void MarketNode::show_token(const MarketNode& seller, Blake3Hash blob, Secret<std::string> token) {
  start(forget(showing(*life_, seller.address(), blob, std::move(token))));
}

// A payment was built just now: what it adds to was bought in the same deal.
void MarketNode::look_at_risk(const std::string& key) {
  if (!risked_.empty() || dead_ || !key.starts_with("purchase ")) return;
  const streaming::PurchaseId id(std::stoll(key.substr(9)));
  const auto rows = life_->buyer->purchases({}, 1000);
  if (!rows) return;
  const auto row = std::ranges::find_if(*rows, [&](const auto& each) { return each.id == id; });
  if (row == rows->end()) return;
  const auto deal = deals_.find({row->what.seller, row->what.blob});
  const auto price = dearest.find(row->what.seller);
  if (deal == deals_.end() || price == dearest.end() || id <= deal->second.after) return;
  std::uint64_t paid = 0;
  for (const auto& each : *rows)
    if (each.id > deal->second.after && each.what.seller == row->what.seller &&
        each.what.blob == row->what.blob)
      paid += each.amount.value() * 1000;
  const streaming::Price& terms = price->second;
  const auto worth = [&](std::uint64_t bytes) {
    return (bytes * terms.per_step.value() * 1000 + terms.step_size - 1) / terms.step_size;
  };
  // An instalment, whatever the price was when its deal began.
  const std::uint64_t instalment = std::max(terms.min_steps * terms.per_step.value(),
                                            deal->second.policy.per_blob.value() / 100);
  // What was on its way when he changed his mind himself is not the seller's fault.
  const std::uint64_t at_risk = (1 + deal->second.broken_off) * instalment * 1000;
  const std::uint64_t most = worth(deal->second.came) + at_risk + worth(bao::kGroupBytes);
  if (paid > most)
    risked_ = fmt::format("{} has paid {} msat for {} bytes that came: above {} msat", name_, paid,
                          deal->second.came, most);
}

}  // namespace archy::sim

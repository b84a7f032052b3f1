// One party of a market: a machine with a wallet, a store and a way to peers, and on it a program
// that sells (a gate) or buys (a buyer), is killed, and starts again.
#pragma once

#include "app/swarm/store_catalog.hpp"
#include "blobs/provider.hpp"
#include "fetch/fetcher.hpp"
#include "paid/paid_peer.hpp"
#include "paid/paid_server.hpp"
#include "sim/money/market_watch.hpp"
#include "sim/money/shop.hpp"
#include "streaming/buyer.hpp"

namespace archy::sim {

enum class Role : unsigned char { seller, buyer };

// A fetch as the market remembers it; the program that ran it may be gone.
struct MarketFetch {
  Blake3Hash hash;
  bool pays = false, has_origin = false;
  bool done = false;
  std::optional<Error> error;
};

struct MarketFetchPlan {
  Blake3Hash hash;
  std::vector<const class MarketNode*> sellers;
  std::optional<streaming::PaymentPolicy> policy;  // none: nobody pays
  std::optional<std::string> origin;
};

// Thread: the world's. Lifetime: world and mints outlive it; it ends with no program running.
class MarketNode {
 public:
  // The program, from a start to its end.
  struct Life {
    explicit Life(const rt::Env& on) : env(on), scope(env.executor) {}
    rt::Env env;
    std::unique_ptr<wallet::Wallet> wallet;
    std::optional<WorldPurse> purse;
    std::optional<streaming::Gate> gate;
    std::optional<paid::GateTill> gate_till;
    std::optional<app::StoreCatalog> catalog;
    std::optional<WatchedTill> till;
    std::optional<paid::GateAdmission> admission;
    std::optional<WatchedAdmission> watched;
    std::optional<blobs::Provider> provider;
    std::optional<paid::PaidServer> asked;
    std::optional<streaming::Buyer> buyer;
    // Of fetches that may pay nothing: never to be called.
    std::optional<WorldPurse> idle_purse;
    std::optional<streaming::Buyer> idle_buyer;
    std::unique_ptr<quic::Endpoint> endpoint;
    std::unique_ptr<VirtualHttpClient> http;
    rt::Scope scope;
  };

  MarketNode(World& world, testmint::LinkedMints& mints, rt::Clock& mint_clock,
             std::uint64_t number, Role role, std::string name);

  // Requires: no program runs.
  Result<> boot();
  boost::asio::awaitable<void> end();
  // At once, whatever it is doing; end() takes it away.
  void die(Death death);
  void die_at_disk_call(std::uint64_t nth, Death death);
  bool is_up() const { return life_ != nullptr && !dead_; }
  bool has_program() const { return life_ != nullptr; }

  // Requires: a buyer that is up; nobody else of it fetches this blob.
  std::shared_ptr<MarketFetch> fetch(MarketFetchPlan plan);
  // Asks a seller for a sequence and all its children, and keeps nothing.
  void grab(const MarketNode& seller, Blake3Hash sequence);
  // Shows a seller a token for a blob, whoever has made it.
  void show_token(const MarketNode& seller, Blake3Hash blob, Secret<std::string> token);
  // Runs in the program's scope.
  void start(boost::asio::awaitable<void> flow) { life_->scope.start(std::move(flow)); }

  Life& life() { return *life_; }
  wallet::Wallet& wallet() { return *life_->wallet; }
  std::stop_token stop() { return life_->scope.stop_token(); }
  fetch::PeerAddress address() const;
  const std::string& name() const { return name_; }
  const EndpointId& id() const { return id_; }
  store::BlobStore& store() { return *store_; }
  // The first payment by which more was at risk than may be; empty: none.
  const std::string& risked() const { return risked_; }
  const std::set<Blake3Hash>& fetching() const { return fetching_; }
  // Calls of the wallet by fetches that may pay nothing.
  std::uint64_t idle_calls() const {
    return idle_calls_ + (life_ ? life_->idle_purse->calls() : 0);
  }

  Machine machine;
  SellerWatch watch;
  std::set<Blake3Hash> bought_blobs;  // fetched with a policy, ever
  // The dearest price of each seller so far: what has come is worth at most that.
  std::map<EndpointId, streaming::Price> dearest;

 private:
  struct Deal {
    streaming::PurchaseId after;  // rows from here on
    std::uint64_t came = 0;
    std::uint64_t broken_off = 0;  // by the buyer himself
    streaming::PaymentPolicy policy;
  };
  rt::Task<> run_fetch(MarketFetchPlan plan);
  boost::asio::awaitable<void> accept_all();
  boost::asio::awaitable<void> look_after();
  void look_at_risk(const std::string& key);
  streaming::PurchaseId last_purchase();

  World& world_;
  Role role_;
  std::string name_;
  EndpointId id_;
  testmint::DirectClient mints_;
  std::unique_ptr<store::BlobStore> store_;
  std::shared_ptr<Life> life_;
  bool dead_ = false;
  std::set<Blake3Hash> fetching_;
  std::map<std::pair<EndpointId, Blake3Hash>, Deal> deals_;
  std::string risked_;
  std::uint64_t idle_calls_ = 0;
};

}  // namespace archy::sim

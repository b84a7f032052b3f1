// A whole node on a machine of the world: data directory, store, endpoint, provider and fetch, all
// product code. It can be shut down, lose its power and be started again on what its disk still
// holds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/data_dir.hpp"
#include "blobs/provider.hpp"
#include "fetch/fetcher.hpp"
#include "quic/types.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"
#include "sim/world.hpp"
#include "store/file_store.hpp"
#include "swarm/peer_source.hpp"

namespace archy::sim {

inline constexpr std::uint16_t kNodePort = 4919;

// Where a fetch leaves its report.
struct FetchSlot {
  explicit FetchSlot(rt::Executor executor) : done(std::move(executor)) {}
  std::optional<fetch::FetchReport> report;
  rt::Signal done;
};

struct FetchRequest {
  Blake3Hash hash;
  std::vector<fetch::PeerAddress> peers;
  std::vector<std::string> origins;
  std::shared_ptr<fetch::Arrival> arrival = nullptr;  // of who reads meanwhile
};

// One run of the program, from start to end. Lifetime: the machine outlives it; end() has been
// awaited before the destructor.
struct Life {
  explicit Life(Machine& on) : machine(on), env(on.env()), scope(env.executor) {}

  // Errors: what the product says when it cannot start.
  Result<> start();
  // Stops everything, in the order the program does.
  boost::asio::awaitable<void> end();
  void fetch(FetchRequest request, std::shared_ptr<FetchSlot> slot);

  Machine& machine;
  rt::Env env;
  std::optional<app::DataDir> data_dir;
  std::unique_ptr<store::BlobStore> store;
  std::unique_ptr<http::Client> http;
  std::unique_ptr<quic::Endpoint> endpoint;
  std::unique_ptr<blobs::Admission> admission;
  std::unique_ptr<blobs::Provider> provider;
  rt::Scope scope;

 private:
  boost::asio::awaitable<void> run_fetch(FetchRequest request, std::shared_ptr<FetchSlot> slot);
};

class SimNode {
 public:
  SimNode(World& world, std::uint64_t index) : machine(world, index) {
    machine.files.place(machine.root / "here", {});
  }

  // Errors: Life::start()'s; the node is down then.
  Result<> boot();
  // Orderly.
  boost::asio::awaitable<void> shut_down();
  // The power goes (or has gone, inside a disk call); what is left of the program is cleared away.
  boost::asio::awaitable<void> lose_power();
  bool is_up() const { return life_ != nullptr; }
  const std::shared_ptr<Life>& life() const { return life_; }
  // Grows with each boot.
  std::uint64_t boots() const { return boots_; }
  fetch::PeerAddress address() const { return address_; }

  Machine machine;
  bool damaged = false;  // bits were flipped at rest

 private:
  boost::asio::awaitable<void> bury(std::shared_ptr<Life> life);
  std::shared_ptr<Life> life_;
  std::uint64_t boots_ = 0;
  fetch::PeerAddress address_;
};

}  // namespace archy::sim

#include "sim/stage.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace archy::sim {

EvilMachine::EvilMachine(World& world, std::uint64_t index, PeerMood mood)
    : machine(world, index),
      env(machine.env()),
      peer(env, mood, world.random.split("evil" + std::to_string(index)), world.log,
           world.counters) {}

Stage::Stage(std::uint64_t seed, Outcome& outcome) : plan(seed), world(seed), out(outcome) {}

void Stage::set_up() {
  place_content();
  boot_nodes();
  start_attackers();
}

void Stage::place_content() {
  SeededRandom content = world.random.split("content");
  for (PlannedBlob& blob : plan.blobs) {
    auto truth = std::make_unique<Truth>(Truth::random(content, blob.size));
    while (by_hash.contains(truth->hash)) {  // each blob its own
      *truth = Truth::random(content, blob.size += 7);
    }
    Counters& counters = world.counters;
    if (blob.size == 0) counters.hit(Mark::blob_empty);
    if (blob.size <= bao::kGroupBytes) counters.hit(Mark::blob_one_group_or_less);
    if (blob.size > 32 * bao::kGroupBytes) counters.hit(Mark::blob_many_groups);
    if (blob.size % bao::kGroupBytes != 0) counters.hit(Mark::blob_ragged_last_group);
    by_hash[truth->hash] = truth.get();
    const std::size_t index = truths.size();
    if (plan.origin != OriginKind::absent) {
      world.origin.put(url(index),
                       {.body = truth->bytes, .mood = blob.origin_mood, .at = blob.origin_at});
      if (blob.sidecar != PlannedBlob::Sidecar::none) {
        const bool lies = blob.sidecar == PlannedBlob::Sidecar::wrong;
        if (lies) counters.hit(Fault::origin_wrong_sidecar);
        Bytes sidecar = truth->outboard;
        if (lies && !sidecar.empty()) sidecar[sidecar.size() / 2] ^= 1;
        world.origin.put(url(index) + ".obao4", {.body = std::move(sidecar)});
      }
    }
    truths.push_back(std::move(truth));
  }
}

void Stage::boot_nodes() {
  if (plan.origin == OriginKind::absent) world.counters.hit(Mark::origin_absent);
  if (plan.origin == OriginKind::liar) world.counters.hit(Mark::origin_dishonest);
  world.network.set_default_link(plan.chaos_link);
  world.network.set_blocked_ppm(plan.blocked_ppm);
  for (std::size_t i = 0; i < plan.nodes; ++i) nodes.push_back(std::make_unique<SimNode>(world, i));
  acknowledged.resize(plan.nodes);
  restarting.resize(plan.nodes);
  ailing.resize(plan.nodes);
  for (std::size_t i = 0; i < truths.size(); ++i)
    nodes[0]->machine.files.place(user_file(i), truths[i]->bytes);
  for (auto& node : nodes) {
    node->machine.host->set_max_train(world.random.chance(500'000) ? 1 : 16);
    if (auto up = node->boot(); !up) wrong(fmt::format("first start: {}", to_string(up.error())));
  }
}

void Stage::start_attackers() {
  for (std::size_t i = 0; i < plan.evil.size(); ++i) {
    auto attacker = std::make_unique<EvilMachine>(world, plan.nodes + i, plan.evil[i]);
    for (const auto& truth : truths) attacker->peer.serve(*truth);
    std::array<std::uint8_t, 32> seed{};
    attacker->machine.random.fill(seed);
    rt::Address at = attacker->machine.host->ip();
    at.port = kNodePort;
    if (auto up = attacker->peer.start(crypto::Ed25519Seed(seed), at); !up)
      wrong("an attacker does not start");
    attacker->address = {attacker->peer.endpoint().id(), {at}};
    evil.push_back(std::move(attacker));
  }
}

void Stage::wrong(const std::string& what) {
  world.log.add(world.time.now(), "VIOLATION", {}, what);
  out.violated(what);
}

bool Stage::must_succeed(const PlannedFetch& fetch) const {
  if (fetch.origin && plan.origin == OriginKind::honest) return true;
  const bool asks_seeder =
      std::find(fetch.peers.begin(), fetch.peers.end(), 0u) != fetch.peers.end();
  return asks_seeder && !nodes[0]->damaged;
}

std::vector<std::uint64_t> Stage::lies(const PlannedFetch& fetch) const {
  std::vector<std::uint64_t> told;
  for (std::size_t peer : fetch.peers) {
    told.push_back(peer < nodes.size()
                       ? 0
                       : evil[peer - nodes.size()]->peer.lies_told(
                             truths[fetch.blob]->hash, nodes[fetch.node]->address().id));
  }
  return told;
}

}  // namespace archy::sim

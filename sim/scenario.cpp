#include "sim/scenario.hpp"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/limits.hpp"
#include "sim/node.hpp"
#include "sim/scenario_plan.hpp"
#include "sim/store_oracle.hpp"
#include "sim/system_random.hpp"

namespace archy::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr rt::Duration kCalmLimit = minutes(20);
// A fetch hears at most so many lies of one peer: one may be cut short by a dispute about the size,
// the next one ends it.
constexpr std::uint64_t kLiesHeard = 2;
constexpr rt::Duration kFetchLimitInCalm = minutes(5);

struct EvilMachine {
  EvilMachine(World& world, std::uint64_t index, PeerMood mood)
      : machine(world, index),
        env(machine.env()),
        peer(env, mood, world.random.split("evil" + std::to_string(index)), world.log,
             world.counters) {}
  Machine machine;
  rt::Env env;
  EvilPeer peer;
  swarm::PeerAddress address;
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options)
      : plan_(seed),
        world_(seed),
        out_(outcome),
        harsh_(options.harsh),
        scope_(world_.time.executor()) {
    if (options.sink) world_.log.tee(options.sink);
  }

  // False: it got stuck and cannot be taken apart.
  bool run();

 private:
  boost::asio::awaitable<void> direct();
  boost::asio::awaitable<void> import_blob(std::size_t blob);
  boost::asio::awaitable<void> pursue(PlannedFetch fetch);
  boost::asio::awaitable<void> restart(std::size_t node, bool orderly, rt::Duration pause);
  boost::asio::awaitable<void> sleep(rt::Duration time);
  boost::asio::awaitable<void> farewell();
  void set_up();
  void happen(const PlannedEvent& event);
  void begin_calm();
  void judge_store(std::size_t node, std::string_view when);
  void judge_report(const PlannedFetch& fetch, const fetch::FetchReport& report,
                    rt::Instant started, std::span<const std::uint64_t> lies_before);
  std::vector<std::uint64_t> lies(const PlannedFetch& fetch) const;
  bool must_succeed(const PlannedFetch& fetch) const;
  std::string url(std::size_t blob) const { return "http://origin.test/" + std::to_string(blob); }
  rt::Path user_file(std::size_t blob) const { return "/n0/user/" + std::to_string(blob); }
  void wrong(std::string what) {
    world_.log.add(world_.time.now(), "VIOLATION", {}, what);
    out_.violated(what);
  }

  ScenarioPlan plan_;
  World world_;
  Outcome& out_;
  const bool harsh_;
  std::vector<std::unique_ptr<Truth>> truths_;
  Truths by_hash_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<std::unique_ptr<EvilMachine>> evil_;
  std::vector<std::set<std::size_t>> acknowledged_;  // by node: blobs it was told are safe
  std::vector<bool> restarting_;
  std::vector<bool> ailing_;  // had failing disk calls
  std::size_t pursuits_ = 0;
  std::size_t imports_ = 0;
  bool calm_ = false;
  bool over_ = false;
  bool finished_ = false;
  rt::Instant calm_since_{};
  NodeClock clock_{world_.time};
  rt::Scope scope_;
};

boost::asio::awaitable<void> Scenario::sleep(rt::Duration time) {
  const rt::Instant when = world_.time.now() + time;
  (void)co_await rt::sleep_until(world_.time.executor(), clock_, when);
}

void Scenario::set_up() {
  SeededRandom content = world_.random.split("content");
  for (PlannedBlob& blob : plan_.blobs) {
    auto truth = std::make_unique<Truth>(Truth::random(content, blob.size));
    while (by_hash_.contains(truth->hash)) {  // each blob its own
      *truth = Truth::random(content, blob.size += 7);
    }
    Counters& counters = world_.counters;
    if (blob.size == 0) counters.hit(Mark::blob_empty);
    if (blob.size <= bao::kGroupBytes) counters.hit(Mark::blob_one_group_or_less);
    if (blob.size > 32 * bao::kGroupBytes) counters.hit(Mark::blob_many_groups);
    if (blob.size % bao::kGroupBytes != 0) counters.hit(Mark::blob_ragged_last_group);
    by_hash_[truth->hash] = truth.get();
    const std::size_t index = truths_.size();
    if (plan_.origin != OriginKind::absent) {
      world_.origin.put(url(index),
                        {.body = truth->bytes, .mood = blob.origin_mood, .at = blob.origin_at});
      if (blob.sidecar != PlannedBlob::Sidecar::none) {
        const bool lies = blob.sidecar == PlannedBlob::Sidecar::wrong;
        if (lies) counters.hit(Fault::origin_wrong_sidecar);
        Bytes sidecar = truth->outboard;
        if (lies && !sidecar.empty()) sidecar[sidecar.size() / 2] ^= 1;
        world_.origin.put(url(index) + ".obao4", {.body = std::move(sidecar)});
      }
    }
    truths_.push_back(std::move(truth));
  }
  if (plan_.origin == OriginKind::absent) world_.counters.hit(Mark::origin_absent);
  if (plan_.origin == OriginKind::liar) world_.counters.hit(Mark::origin_dishonest);
  world_.network.set_default_link(plan_.chaos_link);
  world_.network.set_blocked_ppm(plan_.blocked_ppm);
  for (std::size_t i = 0; i < plan_.nodes; ++i)
    nodes_.push_back(std::make_unique<SimNode>(world_, i));
  acknowledged_.resize(plan_.nodes);
  restarting_.resize(plan_.nodes);
  ailing_.resize(plan_.nodes);
  for (std::size_t i = 0; i < truths_.size(); ++i)
    nodes_[0]->machine.files.place(user_file(i), truths_[i]->bytes);
  for (auto& node : nodes_) {
    node->machine.host->set_max_train(world_.random.chance(500'000) ? 1 : 16);
    if (auto up = node->boot(); !up) wrong(fmt::format("first start: {}", to_string(up.error())));
  }
  for (std::size_t i = 0; i < plan_.evil.size(); ++i) {
    auto evil = std::make_unique<EvilMachine>(world_, plan_.nodes + i, plan_.evil[i]);
    for (const auto& truth : truths_) evil->peer.serve(*truth);
    std::array<std::uint8_t, 32> seed{};
    evil->machine.random.fill(seed);
    rt::Address at = evil->machine.host->ip();
    at.port = kNodePort;
    if (auto up = evil->peer.start(crypto::Ed25519Seed(seed), at); !up)
      wrong("an attacker does not start");
    evil->address = {evil->peer.endpoint().id(), {at}};
    evil_.push_back(std::move(evil));
  }
}

bool Scenario::run() {
  set_up();
  if (out_.violations > 0) return false;
  scope_.start(direct());
  const auto ended = world_.time.run_until([this] { return finished_ && scope_.running() == 0; },
                                           rt::Instant(std::chrono::hours(3)));
  if (ended != VirtualTime::Ended::done) {
    wrong(fmt::format("stuck ({}) with {} imports and {} fetches open",
                      ended == VirtualTime::Ended::livelock ? "handlers without end"
                      : ended == VirtualTime::Ended::idle   ? "nothing is due"
                                                            : "three hours have passed",
                      imports_, pursuits_));
  }
  out_.counters.add(world_.counters);
  out_.log_hash = world_.log.hash();
  out_.events = world_.log.events();
  out_.steps = world_.time.steps();
  out_.virtual_ms =
      std::chrono::duration_cast<milliseconds>(world_.time.now().time_since_epoch()).count();
  return ended == VirtualTime::Ended::done;
}

boost::asio::awaitable<void> Scenario::direct() {
  for (const PlannedEvent& event : plan_.events) {
    world_.time.at(world_.time.now() + event.at, [this, event] {
      if (!calm_) happen(event);
    });
  }
  for (std::size_t i = 0; i < truths_.size(); ++i) {
    ++imports_;
    scope_.start(import_blob(i));
  }
  for (const PlannedFetch& fetch : plan_.fetches) {
    ++pursuits_;
    scope_.start(pursue(fetch));
  }
  co_await sleep(plan_.chaos);
  begin_calm();
  while ((pursuits_ > 0 || imports_ > 0) && world_.time.now() < calm_since_ + kCalmLimit)
    co_await sleep(milliseconds(100));
  over_ = true;
  while (pursuits_ > 0 || imports_ > 0) co_await sleep(milliseconds(500));
  co_await farewell();
  finished_ = true;
}

void Scenario::begin_calm() {
  calm_ = true;
  calm_since_ = world_.time.now();
  world_.counters.hit(Mark::calm_reached);
  world_.network.set_default_link(plan_.calm_link);
  world_.network.calm();
  if (plan_.origin == OriginKind::honest) world_.origin.calm();
  world_.origin.set_up(true);
  for (auto& node : nodes_) {
    node->machine.files.set_faults({});
    node->machine.files.disarm_power_cut();
  }
  world_.log.add(world_.time.now(), "calm", {});
  // A failed fsync is final for its file until the next start (B9): the operator reboots what said
  // so.
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (ailing_[i] && !restarting_[i] && nodes_[i]->is_up()) scope_.start(restart(i, harsh_, {}));
  }
}

void Scenario::happen(const PlannedEvent& event) {
  using Kind = PlannedEvent::Kind;
  SimNode& node = *nodes_[event.node];
  const rt::Address other = event.other < nodes_.size()
                                ? nodes_[event.other]->machine.host->ip()
                                : evil_[event.other - nodes_.size()]->machine.host->ip();
  world_.log.add(world_.time.now(), "event",
                 {static_cast<std::uint64_t>(event.kind), event.node, event.other, event.number});
  if (plan_.quiet_network && (event.kind == Kind::cut_link || event.kind == Kind::rebind_ports))
    return;
  switch (event.kind) {
    case Kind::power_cut:
      if (!restarting_[event.node])
        scope_.start(restart(event.node, false, milliseconds(event.number * 10)));
      break;
    case Kind::power_cut_in_call:
      node.machine.files.power_cut_at_call(event.number, [this, event] {
        if (!restarting_[event.node])
          scope_.start(restart(event.node, false, milliseconds(event.number * 5)));
      });
      break;
    case Kind::cut_link:
      world_.network.cut(node.machine.host->ip(), other);
      if (event.number % 2 == 0) world_.network.cut(other, node.machine.host->ip());
      break;
    case Kind::heal_links:
      world_.network.heal_all();
      break;
    case Kind::rebind_ports:
      node.machine.host->rebind_ports();
      break;
    case Kind::clock_jump:
      node.machine.clock.jump((event.number % 2 == 0 ? 1 : -1) *
                              static_cast<std::int64_t>(event.number) * 3'600'000);
      world_.counters.hit(Fault::clock_jump);
      break;
    case Kind::disk_errors: {
      DiskFaults faults;
      faults.read_error_ppm = event.number * 50;
      faults.write_error_ppm = event.number * 100;
      faults.sync_error_ppm = event.number * 300;
      faults.name_error_ppm = event.number * 100;
      node.machine.files.set_faults(faults);
      ailing_[event.node] = true;
      break;
    }
    case Kind::disk_full: {
      DiskFaults faults;
      faults.capacity = node.machine.files.disk().used_bytes() + event.number * 500;
      node.machine.files.set_faults(faults);
      break;
    }
    case Kind::disk_well:
      node.machine.files.set_faults({});
      break;
    case Kind::bit_flip: {
      std::vector<InodeId> blobs;
      for (const auto& [path, inode] : node.machine.files.disk().files()) {
        if (path.find("/blobs/") != std::string::npos && node.machine.files.disk().size(inode) > 0)
          blobs.push_back(inode);
      }
      if (blobs.empty()) break;
      const InodeId victim = blobs[event.number % blobs.size()];
      node.machine.files.disk().flip_bit(
          victim, world_.random.below(node.machine.files.disk().size(victim) * 8));
      node.damaged = true;
      world_.counters.hit(Fault::disk_bit_flip);
      break;
    }
    case Kind::origin_down:
      world_.origin.set_up(false);
      break;
    case Kind::origin_up:
      world_.origin.set_up(true);
      break;
    case Kind::kCount:
      break;
  }
}

boost::asio::awaitable<void> Scenario::restart(std::size_t index, bool orderly,
                                               rt::Duration pause) {
  SimNode& node = *nodes_[index];
  restarting_[index] = true;
  if (!orderly) {
    if (imports_ > 0 && index == 0) world_.counters.hit(Mark::crash_during_import);
    if (pursuits_ > 0 && index != 0) world_.counters.hit(Mark::crash_during_fetch);
    if (node.boots() > 1) world_.counters.hit(Mark::crash_twice);
    co_await node.lose_power();
  } else {
    co_await node.shut_down();
  }
  if (pause.count() > 0) co_await sleep(pause);
  for (int tries = 0;; ++tries) {
    auto up = node.boot();
    if (up) break;
    world_.counters.hit(Mark::store_open_refused);
    world_.log.add(world_.time.now(), "boot.refused", {index}, to_string(up.error()));
    const DiskFaults& faults = node.machine.files.faults();
    const bool disturbed = faults.read_error_ppm + faults.write_error_ppm > 0 ||
                           faults.capacity < (1ull << 40) || !node.machine.files.is_powered();
    if (!disturbed || tries > 10'000) {
      wrong(fmt::format("node {} does not start: {}", index, to_string(up.error())));
      break;
    }
    co_await sleep(milliseconds(500));
  }
  if (node.is_up()) judge_store(index, "after a restart");
  restarting_[index] = false;
}

void Scenario::judge_store(std::size_t index, std::string_view when) {
  SimNode& node = *nodes_[index];
  node.machine.files.set_judged(true);
  store::BlobStore& store = *node.life()->store;
  for (const std::string& what : compare_with_truth(store, by_hash_, node.damaged)) {
    wrong(fmt::format("node {} {}: {}", index, when, what));
  }
  for (std::size_t blob : acknowledged_[index]) {
    auto info = store.info(truths_[blob]->hash);
    const bool there = info && info->has_value() && (*info)->complete;
    if (!there && !node.damaged)
      wrong(fmt::format("node {} {}: blob {} was acknowledged and is gone", index, when, blob));
  }
  for (const auto& truth : truths_) {
    auto info = store.info(truth->hash);
    if (info && info->has_value() && !(*info)->complete && !(*info)->have.is_empty()) {
      world_.counters.hit(Mark::partial_survived_crash);
    }
    if (auto what = check_exits(store, node.machine.files, *truth, node.machine.root / "judged");
        !what.empty()) {
      wrong(fmt::format("node {} {}: {}", index, when, what));
    }
    world_.counters.hit(Mark::export_checked);
  }
  auto report = store.verify({}, {}, {});
  if (!report) {
    wrong(fmt::format("node {} {}: verify: {}", index, when, to_string(report.error())));
  } else if (!report->damage.empty()) {
    world_.counters.hit(Mark::verify_found_damage);
    if (!node.damaged) {
      wrong(fmt::format("node {} {}: verify: {} {}", index, when,
                        report->damage[0].hash.hex().substr(0, 8), report->damage[0].what));
    }
  }
  node.machine.files.set_judged(false);
}

boost::asio::awaitable<void> Scenario::import_blob(std::size_t blob) {
  const Truth& truth = *truths_[blob];
  co_await sleep(plan_.blobs[blob].start);
  while (!over_) {
    SimNode& node = *nodes_[0];
    if (node.is_up()) {
      store::BlobStore& store = *node.life()->store;
      Result<store::Imported> done;
      switch (plan_.blobs[blob].how) {
        case PlannedBlob::How::bytes:
          done = store.add_bytes(truth.bytes);
          break;
        case PlannedBlob::How::copy:
          done = store.add_file(user_file(blob), store::AddMode::copy, {}, {});
          world_.counters.hit(Mark::import_copy);
          break;
        case PlannedBlob::How::in_place:
          done = store.add_file(user_file(blob), store::AddMode::in_place, {}, {});
          world_.counters.hit(Mark::import_in_place);
          break;
      }
      world_.log.add(world_.time.now(), "import", {blob, done ? 1u : 0u},
                     done ? "" : to_string(done.error()));
      if (done && (done->hash != truth.hash || done->sha256 != truth.sha256 ||
                   done->size != truth.bytes.size())) {
        wrong(fmt::format("blob {} was imported under another name", blob));
      }
      if (!done) world_.counters.hit(Mark::import_refused_by_fault);
      if (done) {
        acknowledged_[0].insert(blob);
        if (store.set_offer({truth.hash, store::Format::raw}, store::OfferClass::public_)) break;
      }
    }
    co_await sleep(milliseconds(700));
  }
  --imports_;
}

bool Scenario::must_succeed(const PlannedFetch& fetch) const {
  if (fetch.origin && plan_.origin == OriginKind::honest) return true;
  const bool seeder = std::find(fetch.peers.begin(), fetch.peers.end(), 0u) != fetch.peers.end();
  return seeder && !nodes_[0]->damaged;
}

std::vector<std::uint64_t> Scenario::lies(const PlannedFetch& fetch) const {
  std::vector<std::uint64_t> out;
  for (std::size_t peer : fetch.peers) {
    out.push_back(peer < nodes_.size()
                      ? 0
                      : evil_[peer - nodes_.size()]->peer.lies_told(
                            truths_[fetch.blob]->hash, nodes_[fetch.node]->address().id));
  }
  return out;
}

boost::asio::awaitable<void> Scenario::pursue(PlannedFetch fetch) {
  co_await sleep(fetch.start);
  const Truth& truth = *truths_[fetch.blob];
  SimNode& node = *nodes_[fetch.node];
  bool crashed_meanwhile = false;
  while (!over_) {
    if (!node.is_up() || restarting_[fetch.node]) {
      co_await sleep(milliseconds(200));
      continue;
    }
    const std::shared_ptr<Life> life = node.life();
    const store::HashAndFormat target{truth.hash, store::Format::raw};
    if (fetch.offers) (void)life->store->set_offer(target, store::OfferClass::public_);
    FetchRequest request;
    request.hash = truth.hash;
    for (std::size_t peer : fetch.peers) {
      request.peers.push_back(peer < nodes_.size() ? nodes_[peer]->address()
                                                   : evil_[peer - nodes_.size()]->address);
    }
    if (fetch.origin) request.origins.push_back(url(fetch.blob));
    const rt::Instant started = world_.time.now();
    const std::uint64_t boots = node.boots();
    const auto before = lies(fetch);
    auto slot = std::make_shared<FetchSlot>(world_.time.executor());
    life->fetch(std::move(request), slot);
    while (!slot->report) (void)co_await slot->done.wait(clock_);
    const fetch::FetchReport& report = *slot->report;
    ++out_.fetches;
    out_.verified_bytes += report.verified_bytes;
    judge_report(fetch, report, started, before);
    if (report.ok()) {
      if (crashed_meanwhile && report.resumed_bytes > 0)
        world_.counters.hit(Mark::fetch_resumed_after_crash);
      break;
    }
    world_.counters.hit(Mark::fetch_failed_cleanly);
    if (calm_ && !must_succeed(fetch)) break;
    co_await sleep(seconds(2));
    crashed_meanwhile = crashed_meanwhile || node.boots() != boots || !node.is_up();
  }
  --pursuits_;
}

void Scenario::judge_report(const PlannedFetch& fetch, const fetch::FetchReport& report,
                            rt::Instant started, std::span<const std::uint64_t> lies_before) {
  const auto who = fmt::format("node {} blob {}", fetch.node, fetch.blob);
  world_.log.add(
      world_.time.now(), "fetch",
      {fetch.node, fetch.blob, report.ok() ? 1u : 0u, report.verified_bytes, report.resumed_bytes},
      report.ok() ? fetch::explain(report)
                  : to_string(*report.error) + "\n" + fetch::explain(report));
  SimNode& node = *nodes_[fetch.node];
  const auto now_lies = lies(fetch);
  std::size_t peers_gave = 0;
  bool origin_gave = false;
  for (std::size_t i = 0; i < report.sources.size(); ++i) {
    const fetch::SourceReport& source = report.sources[i];
    const bool is_peer = i < fetch.peers.size();
    const bool honest =
        is_peer ? fetch.peers[i] < nodes_.size() : plan_.origin == OriginKind::honest;
    if (source.lied && honest) {
      wrong(fmt::format("{}: {} is honest and was called a liar: {}", who, source.name,
                        source.last_error ? to_string(*source.last_error) : ""));
    }
    if (source.lied) world_.counters.hit(Mark::liar_named);
    if (is_peer && plan_.quiet_network && now_lies[i] > lies_before[i] + kLiesHeard) {
      wrong(fmt::format("{}: a liar was asked {} times", who, now_lies[i] - lies_before[i]));
    }
    if (is_peer) peers_gave += source.verified_bytes > 0;
    if (!is_peer) origin_gave = source.verified_bytes > 0;
  }
  if (peers_gave > 0) world_.counters.hit(Mark::fetch_from_peer);
  if (peers_gave > 1) world_.counters.hit(Mark::fetch_from_two_peers);
  if (origin_gave) world_.counters.hit(Mark::fetch_from_origin);
  if (origin_gave && peers_gave > 0) world_.counters.hit(Mark::fetch_from_both);
  const bool was_calm = calm_ && started > calm_since_ + seconds(60);
  if (was_calm && !report.ok() && !over_ && must_succeed(fetch) && imports_ == 0) {
    wrong(fmt::format("{}: in calm, with an honest source, the fetch failed: {}", who,
                      to_string(*report.error)));
  }
  if (was_calm && world_.time.now() - started > kFetchLimitInCalm) {
    wrong(fmt::format("{}: in calm a fetch took {} s", who,
                      (world_.time.now() - started) / seconds(1)));
  }
  if (node.is_up() && node.life()->endpoint->connections() > limits::kConnections)
    wrong("too many connections");
  if (!report.ok()) return;
  if (report.size && *report.size != truths_[fetch.blob]->bytes.size())
    wrong(fmt::format("{}: a wrong size was reported", who));
  acknowledged_[fetch.node].insert(fetch.blob);
  if (!node.is_up() || restarting_[fetch.node] || !node.machine.files.is_powered()) return;
  node.machine.files.set_judged(true);
  if (auto what = check_exits(*node.life()->store, node.machine.files, *truths_[fetch.blob],
                              node.machine.root / "judged");
      !what.empty()) {
    wrong(fmt::format("{}: {}", who, what));
  }
  node.machine.files.set_judged(false);
}

boost::asio::awaitable<void> Scenario::farewell() {
  for (const PlannedFetch& fetch : plan_.fetches) {
    if (must_succeed(fetch) && !acknowledged_[fetch.node].contains(fetch.blob)) {
      wrong(fmt::format("node {} never got blob {}, in {} minutes of calm", fetch.node, fetch.blob,
                        kCalmLimit / minutes(1)));
    }
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    while (restarting_[i]) co_await sleep(milliseconds(100));
    const bool orderly = world_.random.chance(300'000);
    co_await restart(i, orderly, {});
    SimNode& node = *nodes_[i];
    if (!node.is_up()) continue;
    // What is pinned outlives a collection; what was removed is gone.
    store::BlobStore& store = *node.life()->store;
    if (!acknowledged_[i].empty()) {
      const std::size_t kept = *acknowledged_[i].begin();
      const store::HashAndFormat pinned{truths_[kept]->hash, store::Format::raw};
      auto pin = store.set_pin(pinned, true);
      node.machine.clock.jump(86'400'000);
      store::GcOptions options;
      options.min_age_ms = 0;
      auto collected = store.gc(options);
      if (!pin || !collected)
        wrong(fmt::format("node {}: gc: {}", i, to_string(pin ? collected.error() : pin.error())));
      world_.counters.hit(Mark::gc_ran);
      auto info = store.info(pinned.hash);
      if (!node.damaged && (!info || !info->has_value() || !(*info)->complete))
        wrong("gc took what was pinned");
      const bool was_there = info && info->has_value();
      auto removed = store.remove(pinned.hash, true);
      info = store.info(pinned.hash);
      if (!was_there) continue;
      if (!removed || !info || info->has_value()) wrong("what was removed is still there");
      world_.counters.hit(Mark::remove_ran);
    }
    co_await node.shut_down();
  }
  for (auto& evil : evil_) co_await evil->peer.close();
}

}  // namespace

void run_scenario(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options) {
  seed_system_randomness(seed);
  auto scenario = std::make_unique<Scenario>(seed, outcome, options);
  if (!scenario->run()) (void)scenario.release();  // stuck: its parts still wait for each other
}

}  // namespace archy::sim

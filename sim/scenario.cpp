#include "sim/scenario.hpp"

#include <fmt/core.h>

#include "sim/judge.hpp"
#include "sim/mishaps.hpp"
#include "sim/stage.hpp"
#include "sim/system_random.hpp"

namespace archy::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr rt::Duration kCalmLimit = minutes(20);

class Scenario {
 public:
  Scenario(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options)
      : stage_(seed, outcome), harsh_(options.harsh), scope_(stage_.world.time.executor()) {
    if (options.sink) stage_.world.log.tee(options.sink);
  }

  // False: it got stuck and cannot be taken apart.
  bool run();

 private:
  boost::asio::awaitable<void> direct();
  boost::asio::awaitable<void> import_blob(std::size_t blob);
  boost::asio::awaitable<void> pursue(PlannedFetch fetch);
  boost::asio::awaitable<void> restart(std::size_t index, bool orderly, rt::Duration pause);
  boost::asio::awaitable<void> sleep(rt::Duration time);
  boost::asio::awaitable<void> farewell();
  void begin_calm();
  Result<store::Imported> import_as_planned(store::BlobStore& store, std::size_t blob);
  FetchRequest request_of(const PlannedFetch& fetch) const;

  Stage stage_;
  const bool harsh_;
  bool finished_ = false;
  const PowerCut cut_power_ = [this](std::size_t node, rt::Duration off) {
    if (!stage_.restarting[node]) scope_.start(restart(node, false, off));
  };
  NodeClock clock_{stage_.world.time};
  rt::Scope scope_;
};

boost::asio::awaitable<void> Scenario::sleep(rt::Duration time) {
  const rt::Instant when = stage_.world.time.now() + time;
  (void)co_await rt::sleep_until(stage_.world.time.executor(), clock_, when);
}

bool Scenario::run() {
  stage_.set_up();
  if (stage_.out.violations > 0) return false;
  scope_.start(direct());
  const auto ended = stage_.world.time.run_until(
      [this] { return finished_ && scope_.running() == 0; }, rt::Instant(std::chrono::hours(3)));
  if (ended != VirtualTime::Ended::done) {
    stage_.wrong(fmt::format("stuck ({}) with {} imports and {} fetches open",
                             ended == VirtualTime::Ended::livelock ? "handlers without end"
                             : ended == VirtualTime::Ended::idle   ? "nothing is due"
                                                                   : "three hours have passed",
                             stage_.imports, stage_.pursuits));
  }
  stage_.out.counters.add(stage_.world.counters);
  stage_.out.log_hash = stage_.world.log.hash();
  stage_.out.events = stage_.world.log.events();
  stage_.out.steps = stage_.world.time.steps();
  stage_.out.virtual_ms =
      std::chrono::duration_cast<milliseconds>(stage_.world.time.now().time_since_epoch()).count();
  return ended == VirtualTime::Ended::done;
}

boost::asio::awaitable<void> Scenario::direct() {
  for (const PlannedEvent& event : stage_.plan.events) {
    stage_.world.time.at(stage_.world.time.now() + event.at, [this, event] {
      if (!stage_.calm) happen(stage_, event, cut_power_);
    });
  }
  for (std::size_t i = 0; i < stage_.truths.size(); ++i) {
    ++stage_.imports;
    scope_.start(import_blob(i));
  }
  for (const PlannedFetch& fetch : stage_.plan.fetches) {
    ++stage_.pursuits;
    scope_.start(pursue(fetch));
  }
  co_await sleep(stage_.plan.chaos);
  begin_calm();
  while ((stage_.pursuits > 0 || stage_.imports > 0) &&
         stage_.world.time.now() < stage_.calm_since + kCalmLimit)
    co_await sleep(milliseconds(100));
  stage_.over = true;
  while (stage_.pursuits > 0 || stage_.imports > 0) co_await sleep(milliseconds(500));
  co_await farewell();
  finished_ = true;
}

void Scenario::begin_calm() {
  stage_.calm = true;
  stage_.calm_since = stage_.world.time.now();
  stage_.world.counters.hit(Mark::calm_reached);
  end_mishaps(stage_);
  stage_.world.log.add(stage_.world.time.now(), "calm", {});
  // A failed fsync is final for its file until the next start (B9): the operator reboots what said
  // so.
  for (std::size_t i = 0; i < stage_.nodes.size(); ++i) {
    if (stage_.ailing[i] && !stage_.restarting[i] && stage_.nodes[i]->is_up())
      scope_.start(restart(i, harsh_, {}));
  }
}

boost::asio::awaitable<void> Scenario::restart(std::size_t index, bool orderly,
                                               rt::Duration pause) {
  SimNode& node = *stage_.nodes[index];
  stage_.restarting[index] = true;
  if (!orderly) {
    if (stage_.imports > 0 && index == 0) stage_.world.counters.hit(Mark::crash_during_import);
    if (stage_.pursuits > 0 && index != 0) stage_.world.counters.hit(Mark::crash_during_fetch);
    if (node.boots() > 1) stage_.world.counters.hit(Mark::crash_twice);
    co_await node.lose_power();
  } else {
    co_await node.shut_down();
  }
  if (pause.count() > 0) co_await sleep(pause);
  for (int tries = 0;; ++tries) {
    auto up = node.boot();
    if (up) break;
    stage_.world.counters.hit(Mark::store_open_refused);
    stage_.world.log.add(stage_.world.time.now(), "boot.refused", {index}, to_string(up.error()));
    const DiskFaults& faults = node.machine.files.faults();
    const bool disturbed = faults.read_error_ppm + faults.write_error_ppm > 0 ||
                           faults.capacity < (1ull << 40) || !node.machine.files.is_powered();
    if (!disturbed || tries > 10'000) {
      stage_.wrong(fmt::format("node {} does not start: {}", index, to_string(up.error())));
      break;
    }
    co_await sleep(milliseconds(500));
  }
  if (node.is_up()) judge_store(stage_, index, "after a restart");
  stage_.restarting[index] = false;
}

Result<store::Imported> Scenario::import_as_planned(store::BlobStore& store, std::size_t blob) {
  switch (stage_.plan.blobs[blob].how) {
    case PlannedBlob::How::bytes:
      break;
    case PlannedBlob::How::copy:
      stage_.world.counters.hit(Mark::import_copy);
      return store.add_file(stage_.user_file(blob), store::AddMode::copy, {}, {});
    case PlannedBlob::How::in_place:
      stage_.world.counters.hit(Mark::import_in_place);
      return store.add_file(stage_.user_file(blob), store::AddMode::in_place, {}, {});
  }
  return store.add_bytes(stage_.truths[blob]->bytes);
}

boost::asio::awaitable<void> Scenario::import_blob(std::size_t blob) {
  const Truth& truth = *stage_.truths[blob];
  co_await sleep(stage_.plan.blobs[blob].start);
  while (!stage_.over) {
    SimNode& node = *stage_.nodes[0];
    if (node.is_up()) {
      store::BlobStore& store = *node.life()->store;
      const auto done = import_as_planned(store, blob);
      stage_.world.log.add(stage_.world.time.now(), "import", {blob, done ? 1u : 0u},
                           done ? "" : to_string(done.error()));
      if (done && (done->hash != truth.hash || done->sha256 != truth.sha256 ||
                   done->size != truth.bytes.size())) {
        stage_.wrong(fmt::format("blob {} was imported under another name", blob));
      }
      if (!done) stage_.world.counters.hit(Mark::import_refused_by_fault);
      if (done) {
        stage_.acknowledged[0].insert(blob);
        if (store.set_offer({truth.hash, store::Format::raw}, store::OfferClass::public_)) break;
      }
    }
    co_await sleep(milliseconds(700));
  }
  --stage_.imports;
}

FetchRequest Scenario::request_of(const PlannedFetch& fetch) const {
  FetchRequest request;
  request.hash = stage_.truths[fetch.blob]->hash;
  for (std::size_t peer : fetch.peers) {
    const std::size_t honest = stage_.nodes.size();
    request.peers.push_back(peer < honest ? stage_.nodes[peer]->address()
                                          : stage_.evil[peer - honest]->address);
  }
  if (fetch.origin) request.origins.push_back(stage_.url(fetch.blob));
  return request;
}

boost::asio::awaitable<void> Scenario::pursue(PlannedFetch fetch) {
  co_await sleep(fetch.start);
  const Truth& truth = *stage_.truths[fetch.blob];
  SimNode& node = *stage_.nodes[fetch.node];
  bool crashed_meanwhile = false;
  while (!stage_.over) {
    if (!node.is_up() || stage_.restarting[fetch.node]) {
      co_await sleep(milliseconds(200));
      continue;
    }
    const std::shared_ptr<Life> life = node.life();
    const store::HashAndFormat target{truth.hash, store::Format::raw};
    if (fetch.offers) (void)life->store->set_offer(target, store::OfferClass::public_);
    FetchRequest request = request_of(fetch);
    const rt::Instant started = stage_.world.time.now();
    const std::uint64_t boots = node.boots();
    const auto before = stage_.lies(fetch);
    auto slot = std::make_shared<FetchSlot>(stage_.world.time.executor());
    life->fetch(std::move(request), slot);
    while (!slot->report) (void)co_await slot->done.wait(clock_);
    const fetch::FetchReport& report = *slot->report;
    ++stage_.out.fetches;
    stage_.out.verified_bytes += report.verified_bytes;
    judge_report(stage_, fetch, report, started, before);
    if (report.ok()) {
      if (crashed_meanwhile && report.resumed_bytes > 0)
        stage_.world.counters.hit(Mark::fetch_resumed_after_crash);
      break;
    }
    stage_.world.counters.hit(Mark::fetch_failed_cleanly);
    if (stage_.calm && !stage_.must_succeed(fetch)) break;
    co_await sleep(seconds(2));
    crashed_meanwhile = crashed_meanwhile || node.boots() != boots || !node.is_up();
  }
  --stage_.pursuits;
}

boost::asio::awaitable<void> Scenario::farewell() {
  for (const PlannedFetch& fetch : stage_.plan.fetches) {
    if (stage_.must_succeed(fetch) && !stage_.acknowledged[fetch.node].contains(fetch.blob)) {
      stage_.wrong(fmt::format("node {} never got blob {}, in {} minutes of calm", fetch.node,
                               fetch.blob, kCalmLimit / minutes(1)));
    }
  }
  for (std::size_t i = 0; i < stage_.nodes.size(); ++i) {
    while (stage_.restarting[i]) co_await sleep(milliseconds(100));
    const bool orderly = stage_.world.random.chance(300'000);
    co_await restart(i, orderly, {});
    SimNode& node = *stage_.nodes[i];
    if (!node.is_up()) continue;
    judge_collection(stage_, i);
    co_await node.shut_down();
  }
  for (auto& evil : stage_.evil) co_await evil->peer.close();
}

}  // namespace

void run_scenario(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options) {
  seed_system_randomness(seed);
  auto scenario = std::make_unique<Scenario>(seed, outcome, options);
  if (!scenario->run()) (void)scenario.release();  // stuck: its parts still wait for each other
}

}  // namespace archy::sim

#include "sim/judge.hpp"

#include <fmt/core.h>

#include "base/limits.hpp"

namespace archy::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr rt::Duration kFetchLimitInCalm = minutes(5);
// A fetch hears at most so many lies of one peer: one may be cut short by a dispute about the size,
// the next one ends it.
constexpr std::uint64_t kLiesHeard = 2;

// Nobody honest is called a liar; a liar is not asked again (H1).
void judge_sources(Stage& stage, const std::string& who, const PlannedFetch& fetch,
                   const fetch::FetchReport& report, std::span<const std::uint64_t> lies_before) {
  const auto now_lies = stage.lies(fetch);
  std::size_t peers_gave = 0;
  bool origin_gave = false;
  for (std::size_t i = 0; i < report.sources.size(); ++i) {
    const fetch::SourceReport& source = report.sources[i];
    const bool is_peer = i < fetch.peers.size();
    const bool honest =
        is_peer ? fetch.peers[i] < stage.nodes.size() : stage.plan.origin == OriginKind::honest;
    if (source.lied && honest) {
      stage.wrong(fmt::format("{}: {} is honest and was called a liar: {}", who, source.name,
                              source.last_error ? to_string(*source.last_error) : ""));
    }
    if (source.lied) stage.world.counters.hit(Mark::liar_named);
    if (is_peer && stage.plan.quiet_network && now_lies[i] > lies_before[i] + kLiesHeard) {
      stage.wrong(fmt::format("{}: a liar was asked {} times", who, now_lies[i] - lies_before[i]));
    }
    if (is_peer) peers_gave += source.verified_bytes > 0;
    if (!is_peer) origin_gave = source.verified_bytes > 0;
  }
  if (peers_gave > 0) stage.world.counters.hit(Mark::fetch_from_peer);
  if (peers_gave > 1) stage.world.counters.hit(Mark::fetch_from_two_peers);
  if (origin_gave) stage.world.counters.hit(Mark::fetch_from_origin);
  if (origin_gave && peers_gave > 0) stage.world.counters.hit(Mark::fetch_from_both);
}

}  // namespace

void judge_store(Stage& stage, std::size_t index, std::string_view when) {
  SimNode& node = *stage.nodes[index];
  node.machine.files.set_judged(true);
  store::BlobStore& store = *node.life()->store;
  for (const std::string& what : compare_with_truth(store, stage.by_hash, node.damaged)) {
    stage.wrong(fmt::format("node {} {}: {}", index, when, what));
  }
  for (std::size_t blob : stage.acknowledged[index]) {
    auto info = store.info(stage.truths[blob]->hash);
    const bool there = info && info->has_value() && (*info)->complete;
    if (!there && !node.damaged)
      stage.wrong(
          fmt::format("node {} {}: blob {} was acknowledged and is gone", index, when, blob));
  }
  for (const auto& truth : stage.truths) {
    auto info = store.info(truth->hash);
    if (info && info->has_value() && !(*info)->complete && !(*info)->have.is_empty()) {
      stage.world.counters.hit(Mark::partial_survived_crash);
    }
    if (auto what = check_exits(store, node.machine.files, *truth, node.machine.root / "judged");
        !what.empty()) {
      stage.wrong(fmt::format("node {} {}: {}", index, when, what));
    }
    stage.world.counters.hit(Mark::export_checked);
  }
  auto report = store.verify({}, {}, {});
  if (!report) {
    stage.wrong(fmt::format("node {} {}: verify: {}", index, when, to_string(report.error())));
  } else if (!report->damage.empty()) {
    stage.world.counters.hit(Mark::verify_found_damage);
    if (!node.damaged) {
      stage.wrong(fmt::format("node {} {}: verify: {} {}", index, when,
                              report->damage[0].hash.hex().substr(0, 8), report->damage[0].what));
    }
  }
  node.machine.files.set_judged(false);
}

void judge_report(Stage& stage, const PlannedFetch& fetch, const fetch::FetchReport& report,
                  rt::Instant started, std::span<const std::uint64_t> lies_before) {
  const auto who = fmt::format("node {} blob {}", fetch.node, fetch.blob);
  stage.world.log.add(
      stage.world.time.now(), "fetch",
      {fetch.node, fetch.blob, report.ok() ? 1u : 0u, report.verified_bytes, report.resumed_bytes},
      report.ok() ? fetch::explain(report)
                  : to_string(*report.error) + "\n" + fetch::explain(report));
  judge_sources(stage, who, fetch, report, lies_before);
  SimNode& node = *stage.nodes[fetch.node];
  const bool was_calm = stage.calm && started > stage.calm_since + seconds(60);
  if (was_calm && !report.ok() && !stage.over && stage.must_succeed(fetch) && stage.imports == 0) {
    stage.wrong(fmt::format("{}: in calm, with an honest source, the fetch failed: {}", who,
                            to_string(*report.error)));
  }
  if (was_calm && stage.world.time.now() - started > kFetchLimitInCalm) {
    stage.wrong(fmt::format("{}: in calm a fetch took {} s", who,
                            (stage.world.time.now() - started) / seconds(1)));
  }
  if (node.is_up() && node.life()->endpoint->connections() > limits::kConnections)
    stage.wrong("too many connections");
  if (!report.ok()) return;
  if (report.size && *report.size != stage.truths[fetch.blob]->bytes.size())
    stage.wrong(fmt::format("{}: a wrong size was reported", who));
  stage.acknowledged[fetch.node].insert(fetch.blob);
  if (!node.is_up() || stage.restarting[fetch.node] || !node.machine.files.is_powered()) return;
  node.machine.files.set_judged(true);
  if (auto what = check_exits(*node.life()->store, node.machine.files, *stage.truths[fetch.blob],
                              node.machine.root / "judged");
      !what.empty()) {
    stage.wrong(fmt::format("{}: {}", who, what));
  }
  node.machine.files.set_judged(false);
}

void judge_collection(Stage& stage, std::size_t index) {
  if (stage.acknowledged[index].empty()) return;
  SimNode& node = *stage.nodes[index];
  store::BlobStore& store = *node.life()->store;
  const std::size_t kept = *stage.acknowledged[index].begin();
  const store::HashAndFormat pinned{stage.truths[kept]->hash, store::Format::raw};
  auto pin = store.set_pin(pinned, true);
  node.machine.clock.jump(86'400'000);
  store::GcOptions options;
  options.min_age_ms = 0;
  auto collected = store.gc(options);
  if (!pin || !collected) {
    stage.wrong(
        fmt::format("node {}: gc: {}", index, to_string(pin ? collected.error() : pin.error())));
  }
  stage.world.counters.hit(Mark::gc_ran);
  auto info = store.info(pinned.hash);
  if (!node.damaged && (!info || !info->has_value() || !(*info)->complete))
    stage.wrong("gc took what was pinned");
  const bool was_there = info && info->has_value();
  auto removed = store.remove(pinned.hash, true);
  info = store.info(pinned.hash);
  if (!was_there) return;
  if (!removed || !info || info->has_value()) stage.wrong("what was removed is still there");
  stage.world.counters.hit(Mark::remove_ran);
}

}  // namespace archy::sim

// The scheduler among sources of known rates, latencies and faults, in virtual time: is the bound
// kept, and does many mean fast?
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fetch/scheduler.hpp"

namespace archy::fetch {
namespace {

using namespace std::chrono_literals;

constexpr double kGroupMb = 16384 / 1e6;
constexpr rt::Duration kTick = 1ms;
constexpr rt::Duration kGiveUp = 5s;  // FetchOptions::no_progress_limit

enum class Fault {
  none,
  dead,        // refuses the connection
  black_hole,  // takes every question, answers none
  one_byte_a_second,
  lies_in_last,  // the last group of every answer is false
  corrupt,       // so is the first
  holds_on,      // brings one group just before it would count as stalled
  stops,         // is good for 4 MB, then silent
};

struct Model {
  SourceKind kind = SourceKind::peer;
  double mb_per_s = 10;
  rt::Duration latency = 20ms;
  Fault fault = Fault::none;
};

Model origin(double mb_per_s, rt::Duration latency = 20ms) {
  return {SourceKind::origin, mb_per_s, latency, Fault::none};
}
Model peer(Fault fault, double mb_per_s = 10) { return {SourceKind::peer, mb_per_s, 20ms, fault}; }

struct Outcome {
  bool complete = false;
  double seconds = 0;
  std::vector<std::uint64_t> groups;  // by source, doubles counted
  std::vector<std::uint64_t> requests;
  std::vector<bool> dropped;
};

class Race {
 public:
  Race(std::vector<Model> models, double megabytes, double link_mb_per_s = 1e9)
      : size_(static_cast<std::uint64_t>(std::ceil(megabytes / kGroupMb))), link_(link_mb_per_s) {
    for (auto& model : models) {
      scheduler_.add_source(model.kind);
      sources_.emplace_back().model = model;
    }
    out_.groups.resize(sources_.size());
    out_.requests.resize(sources_.size());
  }

  Outcome run(rt::Duration limit = 600s) {
    decide();
    for (; !over_ && now_ - began_ < limit; now_ += kTick) step();
    out_.seconds = std::chrono::duration<double>(now_ - began_).count();
    for (std::size_t i = 0; i < sources_.size(); ++i)
      out_.dropped.push_back(scheduler_.is_dropped(i));
    return out_;
  }

 private:
  struct Running {
    Model model;
    bool connected = false;
    bool busy = false;
    bool called_off = false;
    GroupSet ask;
    std::uint64_t at = 0;  // everything of `ask` before it came
    double credit = 0;     // groups that are on the way
    rt::Instant answers_at{};
    rt::Instant progress_at{};
    std::uint64_t brought = 0;
  };

  void decide() {
    const auto decision = scheduler_.next(now_);
    wake_ = decision.wake;
    if (decision.complete || decision.stuck) over_ = true;
    out_.complete = decision.complete;
    for (const auto i : decision.call_off) {
      sources_[i].called_off = true;
      sources_[i].answers_at = now_;
    }
    for (const auto& start : decision.start) {
      auto& source = sources_[start.source];
      source.busy = true;
      source.called_off = false;
      source.ask = start.ask;
      source.at = 0;
      source.credit = 0;
      source.answers_at = now_ + source.model.latency * (source.connected ? 1 : 3);
      source.progress_at = now_;
      ++out_.requests[start.source];
    }
  }
  void end(std::size_t i, Ended how) {
    sources_[i].busy = false;
    scheduler_.ended(i, how, now_);
    changed_ = true;
  }
  double groups_a_tick(const Running& source) const {
    const double tick = std::chrono::duration<double>(kTick).count();
    switch (source.model.fault) {
      case Fault::black_hole:
        return 0;
      case Fault::one_byte_a_second:
        return tick / 16384;
      case Fault::holds_on:
        return tick / 0.19;
      case Fault::stops:
        if (source.brought > 244) return 0;
        [[fallthrough]];
      default:
        return source.model.mb_per_s / kGroupMb * tick;
    }
  }

  void step() {
    changed_ = now_ >= wake_;
    double wanted = 0;
    for (const auto& source : sources_) {
      if (source.busy && now_ >= source.answers_at) wanted += groups_a_tick(source);
    }
    const double room = link_ / kGroupMb * std::chrono::duration<double>(kTick).count();
    const double share = wanted > room ? room / wanted : 1;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].busy) work(i, share);
    }
    if (changed_) decide();
  }

  void work(std::size_t i, double share) {
    auto& source = sources_[i];
    if (now_ < source.answers_at) return;
    if (source.called_off) return end(i, Ended::called_off);
    if (source.model.fault == Fault::dead) return end(i, Ended::retry);
    source.connected = true;
    source.credit += groups_a_tick(source) * share;
    while (source.credit >= 1) {
      if (!known_) {
        known_ = true;
        scheduler_.set_blob(size_, {});
        changed_ = true;
      }
      const auto left = within(source.ask, {source.at, size_});
      const auto group = first_from(left, 0);
      if (!group) return end(i, Ended::done);
      const bool last = count(left) == 1;
      if (source.model.fault == Fault::corrupt ||
          (last && source.model.fault == Fault::lies_in_last)) {
        return end(i, Ended::lied);
      }
      source.credit -= 1;
      source.at = *group + 1;
      ++source.brought;
      ++out_.groups[i];
      source.progress_at = now_;
      if (scheduler_.verified(i, {*group, *group + 1}, now_)) changed_ = true;
      if (within(source.ask, {source.at, size_}).is_empty()) return end(i, Ended::done);
    }
    if (now_ - source.progress_at >= kGiveUp) end(i, Ended::retry);
  }

  std::uint64_t size_;
  double link_;
  bool known_ = false;
  bool over_ = false;
  bool changed_ = false;
  rt::Instant now_{100s};
  const rt::Instant began_ = now_;
  rt::Instant wake_{};
  Scheduler scheduler_{SchedulerOptions{}, now_};
  std::vector<Running> sources_;
  Outcome out_;
};

double bound(double origin_alone) { return origin_alone * 1.05 + 0.5; }

struct Mix {
  const char* name;
  std::vector<Model> peers;
};

class NeverSlowerThanTheOrigin : public testing::TestWithParam<Mix> {};

// Several sizes, rates and latencies; the receiver's own link wide, and as narrow as the origin.
TEST_P(NeverSlowerThanTheOrigin, WithTheseBesideIt) {
  for (const double megabytes : {0.1, 1.0, 20.0, 200.0}) {
    for (const double rate : {2.0, 20.0}) {
      for (const rt::Duration latency : {rt::Duration(5ms), rt::Duration(80ms)}) {
        const auto alone = Race({origin(rate, latency)}, megabytes).run();
        ASSERT_TRUE(alone.complete);
        auto all = GetParam().peers;
        all.push_back(origin(rate, latency));
        for (const double link : {1e9, rate}) {
          const auto mixed = Race(all, megabytes, link).run();
          EXPECT_TRUE(mixed.complete);
          EXPECT_LE(mixed.seconds, bound(alone.seconds))
              << megabytes << " MB at " << rate << " MB/s, link " << link << ", latency "
              << std::chrono::duration<double>(latency).count() << ", alone " << alone.seconds;
        }
      }
    }
  }
}

std::vector<Model> times(std::size_t n, Model model) { return std::vector<Model>(n, model); }

INSTANTIATE_TEST_SUITE_P(
    Mixes, NeverSlowerThanTheOrigin,
    testing::Values(Mix{"Nobody", {}}, Mix{"OneDead", {peer(Fault::dead)}},
                    Mix{"EightDead", times(8, peer(Fault::dead))},
                    Mix{"OneBlackHole", {peer(Fault::black_hole)}},
                    Mix{"EightBlackHoles", times(8, peer(Fault::black_hole))},
                    Mix{"OneByteASecond", times(4, peer(Fault::one_byte_a_second))},
                    Mix{"LyingInTheLast", times(4, peer(Fault::lies_in_last))},
                    Mix{"Corrupt", times(4, peer(Fault::corrupt))},
                    Mix{"HoldingOn", times(4, peer(Fault::holds_on))},
                    Mix{"StoppingWhenTrusted", times(4, peer(Fault::stops, 50))},
                    Mix{"OneSlow", {peer(Fault::none, 0.05)}},
                    Mix{"Good", times(4, peer(Fault::none, 10))},
                    Mix{"All",
                        {peer(Fault::dead), peer(Fault::black_hole), peer(Fault::one_byte_a_second),
                         peer(Fault::lies_in_last), peer(Fault::corrupt), peer(Fault::holds_on),
                         peer(Fault::stops, 50), peer(Fault::none, 0.05), peer(Fault::none, 5)}}),
    [](const auto& mix) { return mix.param.name; });

TEST(SchedulerRace, EightSeedersAreNearlyEightTimesAsFastAsOne) {
  for (const auto& [latency, least] : {std::pair(rt::Duration(2ms), 7.6), {20ms, 7.5}}) {
    Model seeder = peer(Fault::none);
    seeder.latency = latency;
    const double one = Race({seeder}, 400).run().seconds;
    const double eight = Race(times(8, seeder), 400).run().seconds;
    EXPECT_GE(one / eight, least) << one << " s and " << eight << " s";
  }
}

TEST(SchedulerRace, ACorruptAndAStalledPeerCostTheSixGoodNothing) {
  const double six = Race(times(6, peer(Fault::none)), 200).run().seconds;
  auto eight = times(6, peer(Fault::none));
  eight.insert(eight.begin(), peer(Fault::corrupt));
  eight.insert(eight.begin(), peer(Fault::stops));
  const auto mixed = Race(eight, 200).run();
  EXPECT_GE(six / mixed.seconds, 0.95) << six << " s and " << mixed.seconds << " s";
  EXPECT_TRUE(mixed.dropped[1]);
}

TEST(SchedulerRace, ABlackHoleAmongPeersKeepsNothingBack) {
  const double two = Race(times(2, peer(Fault::none)), 20).run().seconds;
  auto three = times(2, peer(Fault::none));
  three.insert(three.begin(), peer(Fault::black_hole));
  EXPECT_LE(Race(three, 20).run().seconds, two + 0.3);
}

TEST(SchedulerRace, UnequalPeersEndTogether) {
  const std::vector<Model> models{peer(Fault::none, 1), peer(Fault::none, 4),
                                  peer(Fault::none, 16)};
  const auto out = Race(models, 100).run();
  EXPECT_LE(out.seconds, 100.0 / 21 * 1.09);
}

TEST(SchedulerRace, AFastPeerKeepsSmallBlobsFromTheOrigin) {
  const auto out = Race({peer(Fault::none, 50), origin(50)}, 4).run();
  EXPECT_TRUE(out.complete);
  EXPECT_EQ(out.requests[1], 0u);
}

TEST(SchedulerRace, OneSourceAloneIsAskedOnce) {
  EXPECT_EQ(Race({peer(Fault::none)}, 100).run().requests[0], 1u);
  EXPECT_EQ(Race({origin(10)}, 100).run().requests[0], 1u);
}

TEST(SchedulerRace, ASmallBlobCostsOneRequest) {
  const auto out = Race(times(8, peer(Fault::none)), 0.05).run();
  EXPECT_EQ(std::accumulate(out.requests.begin(), out.requests.end(), 0u), 2u);
}

TEST(SchedulerRace, LittleComesTwice) {
  auto sources = times(8, peer(Fault::none));
  sources.push_back(origin(10));
  const auto out = Race(sources, 200).run();
  const auto all = std::accumulate(out.groups.begin(), out.groups.end(), std::uint64_t{0});
  EXPECT_LE(static_cast<double>(all) * kGroupMb, 200 * 1.01);
}

TEST(SchedulerRace, NobodyGoodEndsAsStuck) {
  const auto out =
      Race({peer(Fault::dead), peer(Fault::corrupt), peer(Fault::black_hole)}, 1).run();
  EXPECT_FALSE(out.complete);
  EXPECT_LT(out.seconds, 60);
}

}  // namespace
}  // namespace archy::fetch

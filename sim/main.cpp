// archipelago_sim: runs scenarios and power-loss images, prints what failed and how to see it
// again.
#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/test_hooks.hpp"
#include "sim/crowd.hpp"
#include "sim/error_matrix.hpp"
#include "sim/fork_pool.hpp"
#include "sim/power.hpp"
#include "sim/scenario.hpp"

namespace archy::sim {
namespace {

constexpr const char* kUsage =
    "usage: archipelago_sim run [--seeds N] [--start S] [--seed S] [--verbose] [--harsh] [--crowd] "
    "[--plant NAME] [--jobs J]\n"
    "       archipelago_sim run --plants [--seeds N]   each planted bug must be found within N "
    "seeds\n"
    "       archipelago_sim errors [--seeds N] [--verbose]  every disk call of a workload fails "
    "once, N "
    "power cuts each\n"
    "       archipelago_sim power [--images N] [--start N] [--image N] [--seed S] [--plant NAME]\n";

// One seed in so many is a crowd, too.
constexpr std::uint64_t kCrowds = 2;

// Every kind must have happened at least once in a run of so many seeds.
constexpr std::uint64_t kFullRun = 300;
constexpr std::uint64_t kSeedsCheckedTwice = 20;  // one in so many runs twice

// Power cuts at twenty moments of the seed's workload of the store.
void run_power_cuts(std::uint64_t seed, Outcome& outcome, const ScenarioOptions&) {
  const PowerLoss power(seed);
  for (std::uint64_t image = 0; image < 20; ++image) power.judge(image, outcome);
}

struct Plant {
  const char* name;
  void (*run)(std::uint64_t seed, Outcome& outcome,
              const ScenarioOptions& options);  // what finds it
};
constexpr Plant kPlants[] = {
    {"last_group_unverified", run_scenario},  {"bitfield_before_sync", run_power_cuts},
    {"size_trusted_early", run_scenario},     {"resume_off_by_one_group", run_scenario},
    {"liar_not_dropped", run_scenario},       {"origin_length_unchecked", run_scenario},
    {"liar_range_not_reassigned", run_crowd}, {"hedge_never_fires", run_crowd},
    {"playhead_ignored", run_crowd},          {"bitfield_wake_lost", run_crowd},
};

struct Settings {
  std::string command;
  std::uint64_t count = 100;
  std::uint64_t start = 1;
  std::uint64_t seed = 1;
  bool one = false;
  bool verbose = false;
  bool plants = false;
  bool harsh = false;
  bool crowd = false;  // crowds only, one a seed
  std::string plant;
  unsigned jobs = 2;
};

bool parse(int argc, char** argv, Settings& out) {
  if (argc < 2) return false;
  out.command = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      out.verbose = true;
      continue;
    }
    if (name == "--harsh") {
      out.harsh = true;
      continue;
    }
    if (name == "--plants") {
      out.plants = true;
      continue;
    }
    if (name == "--crowd") {
      out.crowd = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::string_view value = argv[++i];
    if (name == "--plant") {
      out.plant = value;
      continue;
    }
    std::uint64_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ptr !=
        value.data() + value.size())
      return false;
    if (name == "--seeds" || name == "--images") {
      out.count = number;
    } else if (name == "--start") {
      out.start = number;
    } else if (name == "--jobs") {
      out.jobs = static_cast<unsigned>(number);
    } else if (name == "--seed" || name == "--image") {
      if (name == "--image" || out.command == "run") {
        out.one = true;
        out.start = number;
        out.count = 1;
      } else {
        out.seed = number;
      }
    } else {
      return false;
    }
  }
  return out.command == "run" || out.command == "power" || out.command == "errors";
}

// True when a planted bug can be switched on in this build.
bool plant([[maybe_unused]] const std::string& name) {
#ifdef ARCHY_TEST_HOOKS
  test_hooks::plant(name);
  return true;
#else
  return name.empty();
#endif
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The counters of a run; how many kinds never happened.
std::size_t print_counters(const Counters& counters) {
  std::size_t never = 0;
  const auto line = [&](std::string_view name, std::uint64_t n) {
    if (n == 0) ++never;
    std::printf("  %-28.*s %12llu%s\n", static_cast<int>(name.size()), name.data(),
                static_cast<unsigned long long>(n), n == 0 ? "  NEVER" : "");
  };
  std::printf("faults injected:\n");
  for (std::size_t i = 0; i < counters.faults.size(); ++i)
    line(to_string(static_cast<Fault>(i)), counters.faults[i]);
  std::printf("rare paths:\n");
  for (std::size_t i = 0; i < counters.marks.size(); ++i)
    line(to_string(static_cast<Mark>(i)), counters.marks[i]);
  return never;
}

int run_scenarios(const Settings& settings) {
  const auto began = std::chrono::steady_clock::now();
  struct Job {
    std::uint64_t seed;
    bool again;
    bool crowd;
  };
  std::vector<Job> jobs;
  for (std::uint64_t i = 0; i < settings.count; ++i) {
    const std::uint64_t seed = settings.start + i;
    const bool twice = settings.one || i % kSeedsCheckedTwice == 0;
    for (const bool crowd : {false, true}) {
      if (crowd ? !settings.crowd && seed % kCrowds != 0 : settings.crowd) continue;
      jobs.push_back({seed, false, crowd});
      if (twice) jobs.push_back({seed, true, crowd});
    }
  }
  Outcome total;
  std::uint64_t passed = 0, failed = 0, twice = 0;
  std::map<std::pair<std::uint64_t, bool>, std::uint64_t> hashes;
  const auto job = [&](std::uint64_t i, Outcome& outcome) {
    std::function<void(const std::string&)> sink;
    if (settings.verbose && !jobs[i].again)
      sink = [](const std::string& line) { std::puts(line.c_str()); };
    const auto run = jobs[i].crowd ? run_crowd : run_scenario;
    run(jobs[i].seed, outcome, {.sink = sink, .harsh = settings.harsh});
  };
  const auto fail = [&](const Job& of, const char* what) {
    ++failed;
    const auto seed = static_cast<unsigned long long>(of.seed);
    std::printf("seed %llu FAILED: %s\n  replay: archipelago_sim run --seed %llu%s --verbose%s%s\n",
                seed, what, seed, of.crowd ? " --crowd" : "",
                settings.plant.empty() ? "" : " --plant ", settings.plant.c_str());
    std::fflush(stdout);
  };
  const auto done = [&](std::uint64_t i, const Outcome& outcome) {
    const Job& of = jobs[i];
    const auto [first, fresh] = hashes.emplace(std::pair(of.seed, of.crowd), outcome.log_hash);
    if (!fresh) {
      ++twice;
      if (first->second != outcome.log_hash)
        fail(of, "two runs of the seed have different event logs");
    }
    if (of.again) return true;
    total.counters.add(outcome.counters);
    total.events += outcome.events;
    total.virtual_ms += outcome.virtual_ms;
    total.fetches += outcome.fetches;
    total.verified_bytes += outcome.verified_bytes;
    if (outcome.violations == 0) {
      ++passed;
    } else {
      fail(of, outcome.message);
    }
    return true;
  };
  run_forked(jobs.size(),
             {.processes = settings.jobs, .timeout_s = 180, .show_stderr = settings.verbose}, job,
             done);
  const std::size_t never = print_counters(total.counters);
  std::printf(
      "%llu fetches, %.1f MiB verified, %llu events, %.1f virtual hours in %.1f s; %llu seeds run "
      "twice\n",
      static_cast<unsigned long long>(total.fetches),
      static_cast<double>(total.verified_bytes) / 1048576.0,
      static_cast<unsigned long long>(total.events), static_cast<double>(total.virtual_ms) / 3.6e6,
      seconds_since(began), static_cast<unsigned long long>(twice));
  if (never > 0 && settings.count >= kFullRun && !settings.crowd) {
    std::printf("%zu kinds of fault or rare paths never happened\n", never);
    ++failed;
  }
  // One number for all their logs: two builds that tell the same stories print the same.
  std::uint64_t all = 0;
  for (const auto& [seed, hash] : hashes) all = all * 0x9e3779b97f4a7c15 + hash;
  std::printf("log hash %016llx\n", static_cast<unsigned long long>(all));
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

int run_plants(const Settings& settings) {
  std::uint64_t passed = 0, failed = 0;
  std::printf("%-26s %-8s %s\n", "planted bug", "seeds", "found by");
  for (const Plant& bug : kPlants) {
    const char* name = bug.name;
    if (!plant(name)) {
      std::printf(
          "this build has no planted bugs: configure with -DARCHY_TEST_HOOKS=ON (preset hooks)\n");
      return 2;
    }
    std::uint64_t found_at = 0;
    std::string message;
    run_forked(
        settings.count, {.processes = settings.jobs, .timeout_s = 180},
        [&](std::uint64_t i, Outcome& outcome) { bug.run(settings.start + i, outcome, {}); },
        [&](std::uint64_t i, const Outcome& outcome) {
          if (outcome.violations == 0) return found_at == 0;
          if (found_at == 0 || i + 1 < found_at) {
            found_at = i + 1;
            message = fmt::format("seed {}: {}", settings.start + i, outcome.message);
          }
          return false;
        });
    ++(found_at != 0 ? passed : failed);
    std::printf("%-26s %-8s %s\n", name,
                found_at != 0 ? std::to_string(found_at).c_str() : "NOT FOUND", message.c_str());
    std::fflush(stdout);
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

int run_power(const Settings& settings) {
  const auto began = std::chrono::steady_clock::now();
  PowerLoss power(settings.seed);
  if (!power.failure().empty()) {
    std::printf("the workload failed: %s\n0 passed, 1 failed\n", power.failure().c_str());
    return 1;
  }
  std::printf("workload: %zu disk operations, %zu syncs, %zu promises\n", power.operations(),
              power.syncs(), power.promises());
  constexpr std::uint64_t kBatch = 50;
  const std::uint64_t first = settings.one ? settings.start : 0;
  std::uint64_t passed = 0, failed = 0;
  Counters counters;
  // A process judges a batch; a batch that failed is judged again image by image, to name the
  // guilty.
  std::vector<std::uint64_t> suspects;
  const auto judge_range = [&](std::uint64_t from, std::uint64_t n, Outcome& outcome) {
    for (std::uint64_t i = from; i < from + n; ++i) power.judge(i, outcome);
  };
  const std::uint64_t batches = (settings.count + kBatch - 1) / kBatch;
  const auto size_of = [&](std::uint64_t b) {
    return std::min(kBatch, settings.count - b * kBatch);
  };
  run_forked(
      batches, {.processes = settings.jobs},
      [&](std::uint64_t b, Outcome& outcome) {
        judge_range(first + b * kBatch, size_of(b), outcome);
      },
      [&](std::uint64_t b, const Outcome& outcome) {
        counters.add(outcome.counters);
        if (outcome.violations == 0) {
          passed += size_of(b);
        } else {
          for (std::uint64_t i = 0; i < size_of(b); ++i) suspects.push_back(first + b * kBatch + i);
        }
        return true;
      });
  run_forked(
      suspects.size(), {.processes = settings.jobs},
      [&](std::uint64_t i, Outcome& outcome) { power.judge(suspects[i], outcome); },
      [&](std::uint64_t i, const Outcome& outcome) {
        if (outcome.violations == 0) {
          ++passed;
          return true;
        }
        if (++failed <= 20) {
          std::printf(
              "image %llu FAILED: %s\n  replay: archipelago_sim power --seed %llu --image %llu\n",
              static_cast<unsigned long long>(suspects[i]), outcome.message,
              static_cast<unsigned long long>(settings.seed),
              static_cast<unsigned long long>(suspects[i]));
        }
        return true;
      });
  std::printf(
      "lost writes %llu, torn %llu, length only %llu, lost names %llu, power cuts %llu; %.1f s\n",
      static_cast<unsigned long long>(counters.of(Fault::write_lost)),
      static_cast<unsigned long long>(counters.of(Fault::write_torn)),
      static_cast<unsigned long long>(counters.of(Fault::write_size_only)),
      static_cast<unsigned long long>(counters.of(Fault::entry_lost)),
      static_cast<unsigned long long>(counters.of(Fault::power_cut)), seconds_since(began));
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

int run_errors(const Settings& settings) {
  std::uint64_t passed = 0, failed = 0;
  // One process a kind of call: it goes on until the workload makes no such call any more.
  const auto judge_kind = [&](std::uint64_t kind, std::uint64_t n, std::uint64_t seed,
                              Outcome& outcome) {
    ErrorCell cell{static_cast<DiskCall>(kind), n, seed};
    if (settings.verbose) {
      std::printf("cell %llu %llu %llu\n", static_cast<unsigned long long>(kind),
                  static_cast<unsigned long long>(n), static_cast<unsigned long long>(seed));
      cell.sink = [](const std::string& line) { std::puts(line.c_str()); };
    }
    return run_error_cell(cell, outcome);
  };
  for (std::uint64_t kind = 0; kind < static_cast<std::uint64_t>(DiskCall::kCount); ++kind) {
    for (std::uint64_t n = 1;; ++n) {
      bool reached = true;
      run_forked(
          1, {.processes = 1},
          [&](std::uint64_t, Outcome& outcome) {
            outcome.steps = 1;
            for (std::uint64_t seed = 1; seed <= settings.count; ++seed) {
              if (!judge_kind(kind, n, seed, outcome)) outcome.steps = 0;
            }
          },
          [&](std::uint64_t, const Outcome& outcome) {
            reached = !outcome.finished || outcome.steps == 1;
            if (!reached) return true;
            ++(outcome.violations == 0 ? passed : failed);
            if (outcome.violations > 0) std::printf("FAILED: %s\n", outcome.message);
            return true;
          });
      if (!reached) break;
    }
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace archy::sim

int main(int argc, char** argv) {
  archy::sim::Settings settings;
  if (!archy::sim::parse(argc, argv, settings)) {
    std::fputs(archy::sim::kUsage, stderr);
    return 2;
  }
  if (!archy::sim::plant(settings.plant)) {
    std::fputs(
        "this build has no planted bugs: configure with -DARCHY_TEST_HOOKS=ON (preset hooks)\n",
        stderr);
    return 2;
  }
  if (settings.command == "errors") return archy::sim::run_errors(settings);
  if (settings.command == "power") return archy::sim::run_power(settings);
  return settings.plants ? archy::sim::run_plants(settings) : archy::sim::run_scenarios(settings);
}

// money_sim: a wallet killed at every point of every deed, and its random stories; prints what
// failed and how to see it again.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "base/test_hooks.hpp"
#include "sim/fork_pool.hpp"
#include "sim/money/market.hpp"
#include "sim/money/market_plants.hpp"
#include "sim/money/selling_cases.hpp"
#include "sim/money/wallet_story.hpp"
#include "sim/system_random.hpp"

namespace archy::sim {
namespace {

constexpr const char* kUsage =
    "usage: money_sim matrix [--deed NAME]      every deed x every loss x every death x every disk "
    "call\n"
    "       money_sim stories [--seeds N] [--start S] [--plant NAME]\n"
    "       money_sim story --start S           one, told\n"
    "       money_sim market [--seeds N] [--start S] [--plant NAME]   sellers and buyers\n"
    "       money_sim trade --start S           one of these, told\n"
    "       money_sim restore                   10,000 proofs of three mints from the words\n"
    "       money_sim plants [--seeds N]        each planted bug must be found within N seeds\n";

struct Settings {
  std::string command, deed, plant;
  std::uint64_t seeds = 100;
  std::uint64_t start = 1;
};

bool parse(int argc, char** argv, Settings& out) {
  if (argc < 2) return false;
  out.command = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i], value = argv[i + 1];
    if (name == "--deed") {
      out.deed = value;
    } else if (name == "--plant") {
      out.plant = value;
    } else if (name == "--seeds" || name == "--start") {
      std::uint64_t& number = name == "--seeds" ? out.seeds : out.start;
      if (std::from_chars(value.data(), value.data() + value.size(), number).ptr !=
          value.data() + value.size())
        return false;
    } else {
      return false;
    }
  }
  return argc % 2 == 0;
}

bool plant([[maybe_unused]] const std::string& name) {
#ifdef ARCHY_TEST_HOOKS
  test_hooks::plant(name);
  return true;
#else
  return name.empty();
#endif
}

std::string_view name_of(Death death) { return death == Death::killed ? "killed" : "power cut"; }

// All points of one row of the matrix, one after another until the deed has no more of them.
struct Row {
  Deed deed;
  Loss loss;
  Death death;
};

void run_row(const Row& row, Outcome& outcome) {
  seed_system_randomness(1);
  for (std::uint64_t point = 1;; ++point) {
    const CellResult result = run_cell({row.deed, row.loss, row.death, point});
    ++outcome.events;
    if (!result.problem.empty())
      outcome.violated(fmt::format("disk call {}: {}", point, result.problem));
    if (!result.died) break;
  }
  outcome.finished = true;
}

int closing(std::uint64_t passed, std::uint64_t failed) {
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

int run_matrix(const Settings& settings) {
  std::vector<Row> rows;
  for (const Deed deed : kDeeds)
    for (const Loss loss : kLosses)
      for (const Death death : {Death::killed, Death::power_cut})
        if (settings.deed.empty() || settings.deed == to_string(deed))
          rows.push_back({deed, loss, death});
  std::uint64_t passed = 0, failed = 0;
  std::printf("%-11s %-9s %-10s %7s\n", "deed", "lost", "death", "points");
  run_forked(
      rows.size(), {.processes = 2, .timeout_s = 600},
      [&](std::uint64_t i, Outcome& outcome) { run_row(rows[i], outcome); },
      [&](std::uint64_t i, const Outcome& outcome) {
        const Row& row = rows[i];
        std::printf("%-11s %-9s %-10s %7llu  %s\n", std::string(to_string(row.deed)).c_str(),
                    std::string(to_string(row.loss)).c_str(),
                    std::string(name_of(row.death)).c_str(),
                    static_cast<unsigned long long>(outcome.events),
                    outcome.violations == 0 ? "" : outcome.message);
        std::fflush(stdout);
        passed += outcome.events - std::min(outcome.events, outcome.violations);
        failed += outcome.violations;
        return true;
      });
  return closing(passed, failed);
}

using Story = void (*)(std::uint64_t seed, Outcome& outcome,
                       const std::function<void(const std::string&)>& tell);

int run_stories(const Settings& settings, Story story) {
  std::uint64_t passed = 0, failed = 0;
  double hours = 0;
  run_forked(
      settings.seeds, {.processes = 2, .timeout_s = 300},
      [&](std::uint64_t i, Outcome& outcome) {
        seed_system_randomness(settings.start + i);
        story(settings.start + i, outcome, {});
      },
      [&](std::uint64_t i, const Outcome& outcome) {
        hours += static_cast<double>(outcome.virtual_ms) / 3.6e6;
        if (outcome.violations == 0) {
          ++passed;
          return true;
        }
        ++failed;
        fmt::print("seed {} FAILED: {}\n", settings.start + i, outcome.message);
        std::fflush(stdout);
        return failed < 50;
      });
  std::printf("%.0f virtual hours\n", hours);
  return closing(passed, failed);
}

// What each breaks is one of the wallet's rules.
struct Plant {
  const char* name;
  const char* rule;
};
constexpr Plant kPlants[] = {
    {"db_not_exclusive", "R1 one writer"},
    {"wallet_mark_after_send", "R2 intent first"},
    {"wallet_counter_goes_back", "R3 counters only grow"},
    {"wallet_body_made_anew", "R4 a replay is the same bytes"},
    {"wallet_release_after_unknown", "R5 what is unknown has not failed"},
    {"wallet_spent_is_failure", "R5 11001 may be our own success"},
    {"wallet_no_restore", "R6 replay, restore, state check"},
    {"wallet_no_fence", "R7 fenced release"},
    {"wallet_books_in_two", "R8 one transaction books an answer"},
    {"wallet_reissue_without_restore", "R9 a new body only after an empty restore"},
    {"wallet_pays_again", "R10 forward only"},
    {"wallet_change_dropped", "R11 change is had back"},
    {"wallet_old_copy_trusted", "R12 an old copy derives nothing anew"},
    {"wallet_key_forgotten", "R13 one name, one operation"},
    {"cross_claim_stored_late", "the claim is stored before the payment leaves"},
    {"cross_claims_first", "nothing is claimed before the payment is booked"},
    {"cross_skips_issued", "ISSUED means restore, too"},
    {"cross_cap_on_estimate", "the worst case is within the cap"},
    {"wallet_two_drivers", "two that resume are one"},
    {"wallet_sent_mark_later", "R2 intent is durable first"},
};

// Whether a story finds it.
bool find_plant(const Settings& settings, const char* name, const char* rule, Story story) {
  plant(name);
  std::uint64_t found_at = 0;
  std::string message;
  run_forked(
      settings.seeds, {.processes = 2, .timeout_s = 300},
      [&](std::uint64_t i, Outcome& outcome) {
        seed_system_randomness(settings.start + i);
        story(settings.start + i, outcome, {});
      },
      [&](std::uint64_t i, const Outcome& outcome) {
        if (outcome.violations == 0) return found_at == 0;
        if (found_at == 0 || i + 1 < found_at) {
          found_at = i + 1;
          message = outcome.message;
        }
        return false;
      });
  plant("");
  std::printf("%-32s %-42s %s %s\n", name, rule,
              found_at != 0 ? fmt::format("seed {}:", found_at).c_str() : "NOT FOUND",
              message.c_str());
  std::fflush(stdout);
  return found_at != 0;
}

int run_plants(const Settings& settings) {
  if (!plant("any")) {
    std::printf("this build has no planted bugs (preset hooks)\n");
    return 2;
  }
  std::uint64_t passed = 0, failed = 0;
  for (const Plant& bug : kPlants)
    ++(find_plant(settings, bug.name, bug.rule, run_money_story) ? passed : failed);
  for (const MarketPlant& bug : kMarketPlants)
    ++(find_plant(settings, bug.name, bug.rule, run_market) ? passed : failed);
  for (const SellingPlant& bug : kSellingPlants) {
    plant(bug.bug);
    const std::string message = bug.found();
    plant("");
    ++(message.empty() ? failed : passed);
    std::printf("%-32s %-42s %s\n", bug.bug, bug.rule,
                message.empty() ? "NOT FOUND" : message.c_str());
    std::fflush(stdout);
  }
  return closing(passed, failed);
}

int run(int argc, char** argv) {
  Settings settings;
  if (!parse(argc, argv, settings)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (!plant(settings.plant)) {
    std::fputs("this build has no planted bugs (preset hooks)\n", stderr);
    return 2;
  }
  if (settings.command == "matrix") return run_matrix(settings);
  if (settings.command == "stories") return run_stories(settings, run_money_story);
  if (settings.command == "market") return run_stories(settings, run_market);
  if (settings.command == "restore") {
    Outcome outcome;
    run_restore(84, outcome);
    std::printf("%llu proofs restored %s\n", static_cast<unsigned long long>(outcome.events),
                outcome.message);
    return closing(outcome.violations == 0, outcome.violations);
  }
  if (settings.command == "story" || settings.command == "trade") {
    seed_system_randomness(settings.start);
    Outcome outcome;
    const Story story = settings.command == "story" ? run_money_story : run_market;
    story(settings.start, outcome, [](const std::string& line) { std::puts(line.c_str()); });
    std::puts(outcome.message);
    return outcome.violations == 0 ? 0 : 1;
  }
  if (settings.command == "plants") return run_plants(settings);
  std::fputs(kUsage, stderr);
  return 2;
}

}  // namespace
}  // namespace archy::sim

int main(int argc, char** argv) { return archy::sim::run(argc, argv); }

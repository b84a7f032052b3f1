#include "sim/fork_pool.hpp"

#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <set>
#include <string>

#include "sim/system_random.hpp"

namespace archy::sim {
namespace {

TEST(ForkPool, EveryJobRunsOnceAndItsOutcomeComesBack) {
  std::set<std::uint64_t> seen;
  run_forked(
      20, {}, [](std::uint64_t i, Outcome& outcome) { outcome.log_hash = i * i; },
      [&](std::uint64_t i, const Outcome& outcome) {
        EXPECT_TRUE(outcome.finished);
        EXPECT_EQ(outcome.log_hash, i * i);
        return seen.insert(i).second;
      });
  EXPECT_EQ(seen.size(), 20u);
}

TEST(ForkPool, ACrashAndAHangAreVerdictsOfTheirOwnJob) {
  std::string messages[3];
  run_forked(
      3, {.processes = 2, .timeout_s = 1},
      [](std::uint64_t i, Outcome&) {
        if (i == 0) {
          std::fputs("one\ntwo\n", stderr);
          raise(SIGKILL);
        }
        while (i == 1) pause();
      },
      [&](std::uint64_t i, const Outcome& outcome) {
        messages[i] = outcome.message;
        return true;
      });
  EXPECT_EQ(messages[0], "died of signal 9: two");
  EXPECT_EQ(messages[1], "took longer than 1 s");
  EXPECT_EQ(messages[2], "");
}

TEST(SystemRandom, ASeededChildDrawsTheSameAndAnUnseededOneDoesNot) {
  std::uint64_t drawn[4] = {};
  run_forked(
      4, {},
      [](std::uint64_t i, Outcome& outcome) {
        if (i < 3) seed_system_randomness(i == 2 ? 9 : 7);
        randombytes_buf(&outcome.log_hash, sizeof outcome.log_hash);
      },
      [&](std::uint64_t i, const Outcome& outcome) {
        drawn[i] = outcome.log_hash;
        return true;
      });
  EXPECT_EQ(drawn[0], drawn[1]);
  EXPECT_NE(drawn[0], drawn[2]);
  EXPECT_NE(drawn[0], drawn[3]);
}

}  // namespace
}  // namespace archy::sim

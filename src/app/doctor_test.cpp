#include "app/doctor.hpp"

#include <gtest/gtest.h>

namespace archy::app {
namespace {

constexpr std::uint64_t kMiB = 1ull << 20, kGiB = 1ull << 30;

TEST(Doctor, JudgesSpaceByWhatAStoreNeeds) {
  EXPECT_EQ(judge_space({63 * kMiB, 100 * kGiB, 1u << 20}).health, Health::failure);
  EXPECT_EQ(judge_space({64 * kMiB, 100 * kGiB, 1u << 20}).health, Health::warning);
  EXPECT_EQ(judge_space({4 * kGiB, 100 * kGiB, 1u << 20}).health, Health::warning);
  EXPECT_EQ(judge_space({5 * kGiB, 100 * kGiB, 1u << 20}).health, Health::ok);
  // A small disk that is half empty is not to be complained of.
  EXPECT_EQ(judge_space({600 * kMiB, kGiB, 1u << 20}).health, Health::ok);
  EXPECT_EQ(judge_space({50 * kGiB, 100 * kGiB, 999}).health, Health::warning);
  EXPECT_EQ(judge_space({50 * kGiB, 100 * kGiB, 0}).health, Health::ok);  // makes them as needed
}

TEST(Doctor, JudgesAClockByWhatCannotBe) {
  constexpr std::int64_t kNow = 1'800'000'000;
  EXPECT_EQ(judge_clock({kNow, kNow - 5, true}).health, Health::ok);
  EXPECT_EQ(judge_clock({kNow, 0, true}).health, Health::ok);
  EXPECT_EQ(judge_clock({kNow, kNow, false}).health, Health::warning);
  EXPECT_EQ(judge_clock({kNow, kNow + 24 * 3600, true}).health, Health::ok);
  EXPECT_EQ(judge_clock({kNow, kNow + 24 * 3600 + 1, true}).health, Health::warning);
  EXPECT_EQ(judge_clock({1'600'000'000, 0, true}).health, Health::failure);
  EXPECT_EQ(judge_clock({0, 0, false}).health, Health::failure);
}

TEST(Doctor, JudgesHowManyFilesMayBeOpen) {
  EXPECT_EQ(judge_descriptors(255).health, Health::failure);
  EXPECT_EQ(judge_descriptors(256).health, Health::warning);
  EXPECT_EQ(judge_descriptors(1024).health, Health::ok);
  EXPECT_EQ(judge_descriptors(RLIM_INFINITY).health, Health::ok);
}

TEST(Doctor, JudgesWhoCouldReachTheSwarm) {
  const auto at = [](const char* text) { return *rt::parse_address(text); };
  EXPECT_EQ(judge_reach(false, {}).health, Health::ok);
  EXPECT_EQ(judge_reach(true, {}).health, Health::warning);
  EXPECT_EQ(judge_reach(true, {at("127.0.0.1:1")}).health, Health::warning);
  EXPECT_EQ(judge_reach(true, {at("127.0.0.1:1"), at("192.168.1.2:1")}).health, Health::warning);
  const Finding good = judge_reach(true, {at("192.168.1.2:1"), at("1.1.1.1:4919")});
  EXPECT_EQ(good.health, Health::ok);
  EXPECT_NE(good.text.find("1.1.1.1:4919"), std::string::npos);
}

}  // namespace
}  // namespace archy::app

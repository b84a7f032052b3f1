#include "app/disk_room.hpp"

#include <gtest/gtest.h>

namespace archy::app {
namespace {

constexpr std::uint64_t kMib = 1u << 20, kGib = 1u << 30;

TEST(RoomForFetch, KeepsTheLargerOfFivePercentAndTwoGib) {
  const settings::Settings standard;
  EXPECT_TRUE(room_for_fetch({2 * kGib, 20 * kGib}, standard));
  EXPECT_FALSE(room_for_fetch({2 * kGib - 1, 20 * kGib}, standard));
  EXPECT_TRUE(room_for_fetch({50 * kGib, 1000 * kGib}, standard));
  const auto refused = room_for_fetch({49 * kGib, 1000 * kGib}, standard);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::no_space);
  EXPECT_EQ(refused.error().detail,
            "50176 MiB of the disk's 1024000 MiB are free; no fetch is begun below 51200 MiB "
            "(fetch.keep_free_percent, fetch.keep_free_mib)");
}

TEST(RoomForFetch, TheOperatorMayUseAllOfIt) {
  settings::Settings settings;
  ASSERT_TRUE(settings.apply_toml("[fetch]\nkeep_free_percent = 0\nkeep_free_mib = 0\n", "here"));
  EXPECT_TRUE(room_for_fetch({0, kGib}, settings));
  ASSERT_TRUE(settings.apply_toml("[fetch]\nkeep_free_mib = 3\n", "here"));
  EXPECT_FALSE(room_for_fetch({3 * kMib - 1, kGib}, settings));
}

}  // namespace
}  // namespace archy::app

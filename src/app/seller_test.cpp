#include "app/seller.hpp"

#include "app/test_seller.hpp"

namespace archy::app {
namespace {

using namespace std::chrono_literals;

TEST_F(Sellers, WhatIsUsedIsWrittenNowAndThenThoughNothingHappens) {
  sell();
  const auto want = bought(10);
  const auto begun = seller->gate().begin(want);
  ASSERT_EQ(begun.verdict, streaming::MeterVerdict::go_on);
  for (std::uint64_t sent = 0; sent < (1u << 20); sent += 16384)
    ASSERT_EQ(seller->gate().take(begun.ticket, 16384).verdict, streaming::MeterVerdict::go_on);
  seller->gate().settle(begun.ticket);
  EXPECT_EQ(used_msat(), 0u);
  seller->look_after_used(1ms);
  ASSERT_TRUE(core->run(wait_until_written(1000)));
  EXPECT_EQ(used_msat(), 1000u);
}

TEST_F(Sellers, WhatIsAsTheServicesSayIsFreeWhileNoneIsOn) {
  EXPECT_EQ(*seller->standard_is_free(), true);
  sell();
  EXPECT_EQ(*seller->standard_is_free(), false);
  purse->db = nullptr;
  ASSERT_FALSE(seller->standard_is_free());
  EXPECT_EQ(seller->standard_is_free().error().code, Code::try_later);
}

}  // namespace
}  // namespace archy::app

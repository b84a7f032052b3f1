#include "quic/admission.hpp"

#include <gtest/gtest.h>

namespace archy::quic {
namespace {

using Verdict = Admission::Verdict;

rt::Address from(std::uint8_t net, std::uint8_t host) {
  return rt::Address::v4(198, 51, net, host, 4000);
}

TEST(Admission, AsksForRetryFromTheThresholdOn) {
  EndpointTuning tuning;
  tuning.retry_threshold = 2;
  Admission admission(tuning, false);
  EXPECT_EQ(admission.judge(from(1, 1), false, 0), Verdict::admit);
  admission.opened(from(1, 1));
  admission.opened(from(2, 1));
  EXPECT_EQ(admission.judge(from(3, 1), false, 2), Verdict::retry);
  EXPECT_EQ(admission.judge(from(3, 1), true, 2), Verdict::admit);
  admission.settled(from(1, 1));
  EXPECT_EQ(admission.judge(from(3, 1), false, 1), Verdict::admit);
}

TEST(Admission, OnePrefixCannotTakeAllHalfOpenPlaces) {
  EndpointTuning tuning;
  tuning.half_open_per_prefix = 2;
  Admission admission(tuning, false);
  admission.opened(from(1, 1));
  admission.opened(from(1, 2));
  EXPECT_EQ(admission.judge(from(1, 3), true, 2), Verdict::ignore);
  EXPECT_EQ(admission.judge(from(2, 3), true, 2), Verdict::admit);
}

TEST(Admission, ASpoofedFullPrefixStillLetsProvenAddressesAskByRetry) {
  EndpointTuning tuning;
  tuning.half_open_per_prefix = 1;
  Admission admission(tuning, false);
  admission.opened(from(1, 1));
  EXPECT_EQ(admission.judge(from(1, 2), false, 1), Verdict::retry);
}

TEST(Admission, BeyondTheTotalCapThereIsSilence) {
  EndpointTuning tuning;
  tuning.half_open = 3;
  Admission admission(tuning, false);
  for (std::uint8_t i = 0; i < 3; ++i) admission.opened(from(i, 1));
  EXPECT_EQ(admission.judge(from(9, 1), true, 3), Verdict::ignore);
}

TEST(Admission, AlwaysRetryAsksEveryStranger) {
  EndpointTuning tuning;
  Admission admission(tuning, true);
  EXPECT_EQ(admission.judge(from(1, 1), false, 0), Verdict::retry);
  EXPECT_EQ(admission.judge(from(1, 1), true, 0), Verdict::admit);
}

TEST(Admission, RefusesWhenTheConnectionTableIsFull) {
  EndpointTuning tuning;
  tuning.connections = 5;
  Admission admission(tuning, false);
  EXPECT_EQ(admission.judge(from(1, 1), true, 4), Verdict::admit);
  EXPECT_EQ(admission.judge(from(1, 1), true, 5), Verdict::refuse);
}

}  // namespace
}  // namespace archy::quic

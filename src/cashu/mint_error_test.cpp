#include "cashu/mint_error.hpp"

#include <gtest/gtest.h>

#include <set>

namespace archy::cashu {
namespace {

TEST(MintError, OfARequestThatMayHaveBeenExecutedIsNeverTakenForFailure) {
  const std::set<std::uint32_t> ours = {10002, 11001, 11003, 20002, 20006};
  const std::set<std::uint32_t> wait = {11002, 11004, 20001, 20003, 20005};
  EXPECT_EQ(mint_errors().size(), 40u);
  for (const auto& row : mint_errors()) {
    const auto expected = ours.contains(row.code)   ? ErrorClass::indeterminate
                          : wait.contains(row.code) ? ErrorClass::wait
                                                    : ErrorClass::definite;
    EXPECT_EQ(classify(row.code, true).error_class, expected) << row.code;
    EXPECT_EQ(classify(row.code, true).remedy, row.remedy) << row.code;
  }
}

TEST(MintError, ThatNobodyDefinedSaysNothing) {
  for (const std::uint32_t code : {0u, 999u, 11000u, 11018u, 50000u, 99999u, 4294967295u}) {
    for (const bool sent_before : {false, true}) {
      EXPECT_EQ(classify(code, sent_before).error_class, ErrorClass::indeterminate) << code;
    }
  }
}

TEST(MintError, OfAFirstSendingTellsOfOthers) {
  EXPECT_EQ(classify(11003, false).error_class, ErrorClass::definite);
  EXPECT_EQ(classify(11003, false).remedy, Remedy::advance_counter);
  EXPECT_EQ(classify(11001, false).remedy, Remedy::quarantine_proofs);
  EXPECT_EQ(classify(11002, false).error_class, ErrorClass::wait);
  EXPECT_EQ(classify(12002, true).remedy, Remedy::refresh_keysets);
  EXPECT_EQ(classify(11014, true).remedy, Remedy::split_request);
}

}  // namespace
}  // namespace archy::cashu

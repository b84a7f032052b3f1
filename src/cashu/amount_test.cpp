#include "cashu/amount.hpp"

#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

Amount amount(const nlohmann::ordered_json& json) { return Amount(json.get<std::uint64_t>()); }
std::vector<Amount> amounts(const nlohmann::ordered_json& json) {
  std::vector<Amount> out;
  for (const auto& each : json) out.push_back(amount(each));
  return out;
}

TEST(Amount, IsSplitIntoPowersOfTwo) {
  for (const auto& row : vectors("derived")["split_powers_of_two"]) {
    EXPECT_EQ(split(amount(row["amount"])), amounts(row["split"])) << row;
  }
  EXPECT_TRUE(split(Amount(0)).empty());
  const auto all = split(Amount(~std::uint64_t{0}));
  EXPECT_EQ(all.size(), 64u);
  EXPECT_EQ(sum(all)->value(), ~std::uint64_t{0});
}

TEST(Amount, NeverWrapsAround) {
  const Amount most(~std::uint64_t{0});
  EXPECT_EQ(sum(std::array{most, Amount(1)}).error().code, Code::bad_input);
  EXPECT_EQ(*sum(std::array{most, Amount(0)}), most);
  EXPECT_FALSE(most.plus(Amount(1)));
  EXPECT_FALSE(Amount(1).minus(Amount(2)));
  EXPECT_EQ(Amount(2).minus(Amount(2)), Amount(0));
  EXPECT_FALSE(input_fee(std::array{~std::uint64_t{0}, std::uint64_t{1}}));
  EXPECT_EQ(input_fee(std::array{~std::uint64_t{0}})->value(), 18446744073709552u);
  for (const auto& [a, reserve, fee] :
       {std::array{most, Amount(1), Amount(0)}, std::array{most, Amount(0), Amount(1)},
        std::array{Amount(1), most, Amount(0)}}) {
    EXPECT_EQ(melt_bill(most, a, reserve, fee).error().code, Code::bad_input);
  }
}

TEST(InputFee, IsRoundedUpOnceForTheRequest) {
  for (const auto& row : vectors("derived")["input_fee"]) {
    EXPECT_EQ(*input_fee(row["ppk_per_input"].get<std::vector<std::uint64_t>>()),
              amount(row["fee"]))
        << row;
  }
  EXPECT_EQ(input_fee({})->value(), 0u);
}

TEST(BlankOutputs, AreEnoughForTheMostThatCanComeBack) {
  for (const auto& row : vectors("derived")["blank_outputs_for_max_change"]) {
    EXPECT_EQ(blank_outputs_for(amount(row["max_change"])), row["count"].get<std::size_t>()) << row;
  }
  EXPECT_EQ(blank_outputs_for(Amount(~std::uint64_t{0})), 64u);
}

TEST(MeltBill, AddsUpAsTheMintDoes) {
  const auto rows = vectors("derived")["melt_accounting"];
  EXPECT_EQ(rows.size(), 5u);
  for (const auto& row : rows) {
    const auto inputs = amounts(row["inputs"]);
    const auto given = *sum(inputs);
    const std::vector<std::uint64_t> ppk(inputs.size(), row["input_fee_ppk"].get<std::uint64_t>());
    const auto fee = *input_fee(ppk);
    EXPECT_EQ(fee, amount(row["input_fee"]));
    const auto bill = melt_bill(given, amount(row["amount"]), amount(row["fee_reserve"]), fee);
    ASSERT_EQ(bill.has_value(), row["accepted"].get<bool>());
    EXPECT_EQ(bill->needed, amount(row["needed"]));
    EXPECT_EQ(bill->needed, amount(row["worst_case_debit"]));
    EXPECT_EQ(bill->most_change, amount(row["max_change"]));
    EXPECT_EQ(bill->blank_outputs, row["blank_outputs"].get<std::size_t>());
    EXPECT_EQ(blank_outputs_for(amount(row["fee_reserve"])),
              row["blank_outputs_if_sized_by_reserve_only"].get<std::size_t>());
    const auto change = *bill->most_change.minus(amount(row["lightning_fee_paid"]));
    EXPECT_EQ(change, amount(row["change"]));
    EXPECT_EQ(split(change), amounts(row["change_split"]));
    EXPECT_EQ(*given.minus(change), amount(row["net_debit"]));
    EXPECT_LE(split(change).size(), bill->blank_outputs);
    const auto short_by_one = *bill->needed.minus(Amount(1));
    EXPECT_EQ(melt_bill(short_by_one, amount(row["amount"]), amount(row["fee_reserve"]), fee)
                  .error()
                  .code,
              Code::payment_needed);
  }
}

}  // namespace
}  // namespace archy::cashu

#include "fedimint/fmcd_answers.hpp"

#include <gtest/gtest.h>

#include "fedimint/fmcd_match.hpp"

namespace archy::fedimint {
namespace {

using Kind = FmcdEntry::Kind;
using Outcome = FmcdEntry::Outcome;
using Finding = FmcdMatch::Finding;

const std::string kFederation(64, '1');
std::string id(char digit) { return std::string(64, digit); }

std::string logged(const std::string& kind, const std::string& variant,
                   const std::string& rest = "", char digit = 'a') {
  return R"({"id":")" + id(digit) + R"(","operationKind":")" + kind +
         R"(","operationMeta":{"variant":)" + variant + R"(,"amount":7,"extra_meta":null})" + rest +
         "}";
}
FmcdEntry entry(const std::string& text) {
  auto log = parse_fmcd_operations(R"({"operations":[)" + text + "]}");
  EXPECT_TRUE(log) << text;
  return log ? log->at(0) : FmcdEntry{};
}

TEST(FmcdAnswers, ABalanceIsOfTheFederationAskedAbout) {
  const std::string text = R"({")" + kFederation + R"(":{"totalAmountMsat":12345}})";
  EXPECT_EQ(parse_fmcd_balance(text, kFederation), Msat(12345));
  EXPECT_EQ(parse_fmcd_balance(text, id('2')).error().code, Code::not_found);
  for (const char* odd : {R"("12345")", "-1", "1.5", "2100000000000000001", "null"})
    EXPECT_FALSE(parse_fmcd_balance(R"({")" + kFederation + R"(":{"totalAmountMsat":)" + odd + "}}",
                                    kFederation))
        << odd;
}

TEST(FmcdAnswers, AGatewaysFeeIsRoundedUpAndDoesNotWrap) {
  const auto fee = [](std::uint64_t base, std::uint64_t ppm, std::uint64_t amount) {
    return FmcdGateway{"", false, Msat(base), ppm}.fee_for(Msat(amount));
  };
  EXPECT_EQ(fee(1000, 5000, 100'000), Msat(1500));
  EXPECT_EQ(fee(0, 1, 1), Msat(1));
  EXPECT_EQ(fee(0, 10'000, 1'000'001), Msat(10'001));
  EXPECT_EQ(fee(0, 1'000'000, kMostMsat.value()), kMostMsat);
  EXPECT_EQ(fee(1, 1'000'000, kMostMsat.value()), std::nullopt);
  EXPECT_EQ(fee(0, UINT64_MAX, 1), std::nullopt);
}

TEST(FmcdAnswers, AnEntryIsReadForWhatItIs) {
  const auto pay = entry(logged("ln", R"({"pay":{"invoice":"lnbc1","fee":9}})",
                                R"(,"outcome":{"success":{"preimage":"00"}})"));
  EXPECT_EQ(pay.kind, Kind::pay);
  EXPECT_EQ(pay.outcome, Outcome::succeeded);
  EXPECT_EQ(pay.preimage, "00");
  const auto spend =
      entry(logged("mint", R"({"spend_o_o_b":{"requested_amount":5,"oob_notes":"x"}})"));
  EXPECT_EQ(spend.kind, Kind::spend);
  EXPECT_EQ(spend.amount, Msat(5));
  EXPECT_EQ(spend.notes->reveal(), "x");
  EXPECT_EQ(entry(logged("mint", R"({"reissuance":{}})", R"(,"outcome":"Done")")).amount, Msat(7));
  EXPECT_EQ(entry(logged("wallet", R"({"pay":{}})")).kind, Kind::other);
  EXPECT_EQ(entry(logged("ln", R"({"pay":{"invoice":"lnbc1"}})")).kind, Kind::unreadable)
      << "it may be the one that is looked for";
  for (const char* strange : {R"({"send":{}})", R"("pay")", "null"})
    for (const char* module : {"ln", "mint", "lnv2", "mintv2"})
      EXPECT_EQ(entry(logged(module, strange)).kind, Kind::unreadable) << module << strange;
  EXPECT_EQ(entry(R"({"id":")" + id('a') + R"(","operationKind":"ln","operationMeta":7})").kind,
            Kind::unreadable);
  EXPECT_EQ(entry(logged("ln", R"({"claim":{"out_points":[]}})")).kind, Kind::other);
}

TEST(FmcdAnswers, OnlyANamedOutcomeDecides) {
  const auto of = [](const char* variant, const char* outcome) {
    const std::string module = std::string_view(variant).starts_with(R"({"pay)") ? "ln" : "mint";
    return entry(logged(module, variant, std::string(R"(,"outcome":)") + outcome)).outcome;
  };
  const char* const pay = R"({"pay":{"invoice":"lnbc1","fee":9}})";
  const char* const spend = R"({"spend_o_o_b":{"requested_amount":5,"oob_notes":"x"}})";
  EXPECT_EQ(of(pay, R"({"refunded":{}})"), Outcome::failed);
  EXPECT_EQ(of(pay, R"("canceled")"), Outcome::failed);
  for (const char* open : {"null", R"("created")", R"("awaiting_change")",
                           R"({"unexpected_error":1})", R"({"success":1,"refunded":1})", "7"})
    EXPECT_EQ(of(pay, open), Outcome::none) << open;
  EXPECT_EQ(of(spend, R"("Success")"), Outcome::succeeded);
  EXPECT_EQ(of(spend, R"("Refunded")"), Outcome::failed);
  EXPECT_EQ(of(spend, R"("UserCanceledProcessing")"), Outcome::none);
}

std::string refusal(const std::string& code, const std::string& message) {
  return R"({"error":{"code":")" + code + R"(","message":")" + message +
         R"(","details":null,"correlation_id":null,"request_id":"r"}})";
}

TEST(FmcdAnswers, ARefusalRepeatsNoNotes) {
  const auto said =
      parse_fmcd_refusal(refusal("CONFLICT", R"(bad\nnotes )" + std::string(100, 'n') + " here"));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->message, "bad notes ... here");
  EXPECT_EQ(said->status, 409);
}

TEST(FmcdAnswers, OnlyTheDaemonsOwnErrorsAreRefusals) {
  EXPECT_EQ(parse_fmcd_refusal(refusal("GATEWAY_TIMEOUT", "x"))->status, 504);
  EXPECT_FALSE(parse_fmcd_refusal(refusal("upstream_timeout", "x")));
  EXPECT_FALSE(parse_fmcd_refusal(R"({"error":{"code":"GATEWAY_TIMEOUT","message":"x"}})"));
  EXPECT_FALSE(parse_fmcd_refusal(R"({"error":"x","code":"CONFLICT"})"));
  EXPECT_FALSE(parse_fmcd_refusal("<html></html>"));
}

// --- which entry is ours -------------------------------------------------------------------------

FederationOperation spend_of(std::uint64_t amount) {
  FederationOperation out;
  out.kind = IssuerAction::spend;
  out.stage = FederationStage::sent;
  out.amount = Msat(amount);
  out.anchor = id('0');
  return out;
}
FmcdEntry spent(char digit, std::uint64_t amount) {
  FmcdEntry out;
  out.operation = id(digit);
  out.kind = Kind::spend;
  out.amount = Msat(amount);
  return out;
}

TEST(FmcdMatches, ASpendIsTheOnlyOneOfItsAmountBeforeTheAnchor) {
  const auto finding = [](std::vector<FmcdEntry> entries, bool whole,
                          const std::set<std::string>& named = {}) {
    const FmcdLog log{std::move(entries), whole};
    return look_for(spend_of(5), log, named).finding;
  };
  const auto anchor = spent('0', 1);
  EXPECT_EQ(finding({spent('a', 5), anchor}, false), Finding::found);
  EXPECT_EQ(finding({anchor, spent('a', 5)}, true), Finding::not_there) << "older than the anchor";
  EXPECT_EQ(finding({spent('a', 5)}, false), Finding::too_short) << "there may be a second one";
  EXPECT_EQ(finding({spent('a', 5)}, true), Finding::other_log) << "the anchor was there";
  EXPECT_EQ(finding({spent('a', 5), spent('b', 5), anchor}, true), Finding::unclear);
  EXPECT_EQ(finding({spent('a', 5), spent('b', 5), anchor}, true, {id('b')}), Finding::found);
  EXPECT_EQ(finding({spent('a', 6), anchor}, true), Finding::not_there);
  FmcdEntry unreadable = spent('c', 0);
  unreadable.kind = Kind::unreadable;
  EXPECT_EQ(finding({spent('a', 5), unreadable, anchor}, true), Finding::unclear);
  EXPECT_EQ(finding({}, true), Finding::other_log);
  EXPECT_EQ(finding({spent('b', 6)}, true), Finding::other_log);
}

TEST(FmcdMatches, AnInvoiceIsOursByItsMarkAlone) {
  FederationOperation ours;
  ours.mark = "0123";
  FmcdEntry other, mine;
  other.operation = id('a'), other.kind = Kind::receive, other.mark = "4567";
  mine.operation = id('b'), mine.kind = Kind::receive, mine.mark = "0123";
  FmcdLog log{{other, mine}, false};
  EXPECT_EQ(look_for(ours, log, {}).entry->operation, id('b'));
  log.entries.pop_back();
  EXPECT_EQ(look_for(ours, log, {}).finding, Finding::too_short);
}

}  // namespace
}  // namespace archy::fedimint

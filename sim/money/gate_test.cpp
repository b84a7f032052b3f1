// Selling content for ecash of real wallets and mints.
#include <nlohmann/json.hpp>

#include "base/test_hooks.hpp"
#include "cashu/token.hpp"
#include "sim/money/operations_fixture.hpp"
#include "sim/money/selling_cases.hpp"
#include "sim/money/shop.hpp"
#include "streaming/grace.hpp"
#include "streaming/refusals.hpp"
#include "streaming/session_book.hpp"
#include "wire/base64url.hpp"

namespace archy::sim {
namespace {

using namespace std::chrono_literals;
using cashu::Amount;
using streaming::ContentClass;
using streaming::GateVerdict;
using streaming::MeterVerdict;
using streaming::Msat;
using streaming::Price;
using streaming::ServiceId;
using streaming::Want;

// What asks mints for anything.
struct Ear final : http::Client {
  explicit Ear(http::Client& below) : under(below) {}
  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override {
    ++heard;
    co_return co_await under.send(std::move(request), stop);
  }
  http::Client& under;
  int heard = 0;
};

// Each makes its own world.
TEST(SellingCases, OneTokenIsOneCredit) { EXPECT_EQ(one_token_is_one_credit(), ""); }
TEST(SellingCases, AWorthlessTokenBuysNothing) { EXPECT_EQ(a_worthless_token_buys_nothing(), ""); }
TEST(SellingCases, NoErrorImprovesAVerdict) { EXPECT_EQ(no_error_improves_a_verdict(), ""); }
TEST(SellingCases, NothingIsSentBeyondTheCredit) {
  EXPECT_EQ(nothing_is_sent_beyond_the_credit(), "");
}
TEST(SellingCases, ASessionIsRefundedOnce) { EXPECT_EQ(a_session_is_refunded_once(), ""); }
TEST(SellingCases, AKillLeavesOneCreditOrNone) {
  EXPECT_EQ(a_kill_leaves_one_credit_or_none(1, 3), "");
}
TEST(SellingCases, AKillLeavesOneRefund) { EXPECT_EQ(a_kill_leaves_one_refund(1, 3), ""); }

struct Selling : Operations {
  Shop shop{world};
  void SetUp() override {
    Operations::SetUp();
    const auto opened = shop.open(1000);
    ASSERT_TRUE(opened) << opened.error().detail;
  }
  void TearDown() override {
    if (world.is_running()) {
      ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
      ASSERT_TRUE(world.run(world.wallet().look_after_handed({})));
    }
    Operations::TearDown();
  }
  static Price of(std::uint64_t sat, std::uint64_t step = kMiB, std::uint64_t min = 1) {
    return {streaming::Metric::bytes, step, Amount(sat), min};
  }
  // Without letting anything reach a mint.
  GateVerdict ask_unheard(const Want& want, const Secret<std::string>& token) {
    Ear ear(world.http());
    world.set_client(&ear);
    EXPECT_TRUE(shop.restart());
    const auto answer = shop.ask(want, token);
    EXPECT_EQ(ear.heard, 0) << answer.reason;
    world.set_client(nullptr);
    EXPECT_TRUE(shop.restart());
    return answer.verdict;
  }
};

TEST_F(Selling, APriceATokenAGrantAndAMeter) {
  const Want want = shop.want();
  const auto asked = shop.ask(want);
  ASSERT_EQ(asked.verdict, GateVerdict::payment_required) << asked.reason;
  EXPECT_EQ(asked.quote->price, Amount(10));
  EXPECT_EQ(asked.quote->accepted_mints,
            (std::vector<std::string>{world.url("mint-a"), world.url("mint-b")}));
  EXPECT_EQ(shop.fetch(want, kMiB), 0u);
  const auto paid = shop.ask(want, shop.token(4));
  ASSERT_EQ(paid.verdict, GateVerdict::paid_and_allowed) << paid.reason;
  EXPECT_EQ(paid.receipt->paid, Amount(4));
  EXPECT_EQ(paid.receipt->credit, Msat(4000));
  EXPECT_EQ(shop.ask(want).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.fetch(want, 3 * kMiB), 3 * kMiB);
  EXPECT_EQ(shop.fetch(want, 3 * kMiB), kMiB);
  const auto dry = shop.ask(want);
  EXPECT_EQ(dry.verdict, GateVerdict::payment_required);
  EXPECT_EQ(shop.used_msat(), 4000u);
  const auto usage = shop.gate().usage(0, 1'000'000);
  ASSERT_EQ(usage->size(), 1u);
  EXPECT_EQ(usage->at(0).units_paid, 4 * kMiB);
  EXPECT_EQ(usage->at(0).earned, Amount(4));
  EXPECT_EQ(usage->at(0).sessions, 1u);
}
TEST_F(Selling, PublicContentAsksNothingOfTheWallet) {
  shop.purse().fail_at(1, 1000);
  EXPECT_EQ(shop.ask(shop.want(1, 1, ContentClass::public_)).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.purse().calls(), 0u);
  shop.purse().fail_at(0);
}
TEST_F(Selling, OneProofTwiceIsRefusedUnheardInAnySpelling) {
  const auto token = shop.token(16);
  auto parsed = *cashu::parse_token(token.reveal());
  auto twice = parsed;
  for (const auto& proof : parsed.proofs) twice.proofs.push_back(proof);
  EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(twice)), GateVerdict::failed);
  // Another secret over the same signature.
  auto other = parsed;
  other.proofs.push_back(parsed.proofs[0]);
  other.proofs.back().secret = cashu::ProofSecret("another");
  EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(other)), GateVerdict::failed);
  // V3 with the point in capital letters beside the small ones.
  nlohmann::json proofs = nlohmann::json::array();
  for (const bool capitals : {false, true}) {
    std::string c = parsed.proofs[0].c.hex();
    if (capitals)
      for (char& letter : c) letter = static_cast<char>(std::toupper(letter));
    proofs.push_back({{"amount", parsed.proofs[0].amount.value()},
                      {"id", parsed.proofs[0].keyset.text()},
                      {"secret", parsed.proofs[0].secret.reveal()},
                      {"C", c}});
  }
  const nlohmann::json v3{{"token", {{{"mint", world.url("mint-a")}, {"proofs", proofs}}}},
                          {"unit", "sat"}};
  EXPECT_EQ(ask_unheard(shop.want(),
                        Secret<std::string>("cashuA" + wire::to_base64url(as_bytes(v3.dump())))),
            GateVerdict::failed);
  EXPECT_EQ(shop.ask(shop.want(), token).verdict, GateVerdict::paid_and_allowed)
      << "it was left untouched";
}
TEST_F(Selling, APartOfAUsedTokenIsNoOther) {
  const auto token = shop.token(21);
  ASSERT_EQ(shop.ask(shop.want(), token).verdict, GateVerdict::paid_and_allowed);
  auto part = *cashu::parse_token(token.reveal());
  ASSERT_GT(part.proofs.size(), 1u);
  part.proofs.pop_back();
  EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(part)), GateVerdict::failed);
  EXPECT_EQ(shop.credit_msat(), 21'000u);
}
TEST_F(Selling, MintsThatOnlyThePeerNamesAreNeverAsked) {
  const auto token = shop.token(16);
  auto parsed = *cashu::parse_token(token.reveal());
  for (const char* mint : {"http://theirs.test", "http://127.0.0.1:3338", "http://mint-a.test.evil",
                           "http://mint-a.test/x", "https://mint-a.test", "file:///etc/passwd"}) {
    parsed.mint = mint;
    EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(parsed)), GateVerdict::failed) << mint;
  }
  parsed.mint = "HTTP://MINT-A.test:80";
  EXPECT_EQ(shop.ask(shop.want(), *cashu::to_string(parsed)).verdict, GateVerdict::paid_and_allowed)
      << "the same one in another spelling";
}
TEST_F(Selling, AServicesListOfMintsWidensNoTrust) {
  EXPECT_EQ(shop.sell(of(1), std::vector<std::string>{"http://theirs.test"}).error().code,
            Code::bad_input);
  ASSERT_TRUE(shop.sell(of(1), std::vector<std::string>{world.url("mint-b")}));
  EXPECT_EQ(ask_unheard(shop.want(), shop.token(16)), GateVerdict::failed) << "trusted, not taken";
  EXPECT_EQ(shop.ask(shop.want()).quote->accepted_mints,
            std::vector<std::string>{world.url("mint-b")});
  ASSERT_TRUE(world.wallet().remove_mint(world.url("mint-b")));
  EXPECT_TRUE(shop.ask(shop.want()).quote->accepted_mints.empty());
}
TEST_F(Selling, WhatIsTooLongOrTooManyIsRefusedUnheard) {
  EXPECT_EQ(ask_unheard(shop.want(),
                        Secret<std::string>("cashuB" + std::string(streaming::kTokenChars, 'o'))),
            GateVerdict::failed);
  const auto token = shop.token(16);
  auto parsed = *cashu::parse_token(token.reveal());
  const auto proof = parsed.proofs[0];
  while (parsed.proofs.size() <= streaming::kTokenProofs) {
    parsed.proofs.push_back(proof);
    parsed.proofs.back().secret = cashu::ProofSecret(std::to_string(parsed.proofs.size()));
  }
  EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(parsed)), GateVerdict::failed);
  parsed = *cashu::parse_token(token.reveal());
  parsed.unit = "msat";
  EXPECT_EQ(ask_unheard(shop.want(), *cashu::to_string(parsed)), GateVerdict::failed);
}
TEST_F(Selling, WhoseTokensAreWorthlessIsNotHeardForAMinute) {
  const auto nonsense = Secret<std::string>("cashuBnonsense");
  ASSERT_EQ(shop.ask(shop.want(2), shop.token(20)).verdict, GateVerdict::paid_and_allowed);
  const auto good = shop.token(20);
  for (int i = 0; i < 15; ++i)
    ASSERT_EQ(shop.ask(shop.want(), nonsense).verdict, GateVerdict::failed) << i;
  world.pass(61s);
  for (std::uint8_t i = 0; i < 16; ++i)
    ASSERT_EQ(shop.ask(shop.want(1, i), nonsense).verdict, GateVerdict::failed)
        << int{i} << ": those of a minute ago do not count";
  shop.purse().fail_at(0);
  EXPECT_EQ(shop.ask(shop.want(), good).verdict, GateVerdict::unavailable);
  EXPECT_LE(shop.purse().calls(), 1u) << "whether it is sold, and nothing else";
  EXPECT_EQ(shop.credit_msat(), 20'000u);
  EXPECT_EQ(shop.ask(shop.want()).verdict, GateVerdict::payment_required) << "without a token";
  EXPECT_EQ(shop.ask(shop.want(2)).verdict, GateVerdict::allowed) << "another peer";
  world.pass(59s);
  EXPECT_EQ(shop.ask(shop.want(), good).verdict, GateVerdict::unavailable);
  world.pass(2s);
  EXPECT_EQ(shop.ask(shop.want(), good).verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(shop.fetch(shop.want(), kMiB), kMiB);
}
TEST(Refusals, AreOfABoundedNumberOfPeers) {
  streaming::Refusals refusals;
  rt::Instant now{};
  const auto peer = [](std::size_t number) {
    EndpointId out;
    for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
  };
  for (std::size_t i = 0; i < 2 * streaming::kMostRefusedPeers; ++i) {
    now += 1ms;
    for (std::size_t n = 0; n < streaming::kMostRefused; ++n) refusals.note(peer(i), now);
  }
  EXPECT_EQ(refusals.size(), streaming::kMostRefusedPeers);
  EXPECT_TRUE(refusals.is_shut_out(peer(2 * streaming::kMostRefusedPeers - 1), now));
  EXPECT_FALSE(refusals.is_shut_out(peer(0), now)) << "the oldest is forgotten";
  now += streaming::kRefusedFor;
  EXPECT_FALSE(refusals.is_shut_out(peer(2 * streaming::kMostRefusedPeers - 1), now));
  refusals.note(peer(1), now);
  EXPECT_EQ(refusals.size(), 1u) << "those of more than a minute ago";
}
TEST_F(Selling, DustIsUntouchedAndLittleIsCredit) {
  ASSERT_TRUE(world.mint("mint-b").rotate({.input_fee_ppk = 1000}));
  ASSERT_TRUE(world.run(world.wallet().examine(world.url("mint-b"), {})));
  ASSERT_TRUE(world.fund("mint-b", 100));
  ASSERT_TRUE(shop.sell(of(8)));
  const auto dust = shop.ask(shop.want(), shop.token(1, "mint-b"));
  EXPECT_EQ(dust.verdict, GateVerdict::insufficient) << "a sat for which the mint takes a sat";
  EXPECT_FALSE(dust.receipt);
  EXPECT_EQ(dust.quote->price, Amount(80));
  EXPECT_EQ(shop.credit_msat(), 0u);
  const auto little = shop.ask(shop.want(), shop.token(8, "mint-b"));
  ASSERT_EQ(little.verdict, GateVerdict::insufficient) << "7 after the fee";
  EXPECT_EQ(little.receipt->paid, Amount(7));
  EXPECT_EQ(little.receipt->credit, Msat(7000));
  const auto more = shop.ask(shop.want(), shop.token(16, "mint-b"));
  EXPECT_EQ(more.verdict, GateVerdict::paid_and_allowed) << more.reason;
  EXPECT_EQ(more.receipt->credit, Msat(22'000)) << "none of it is kept silently";
  EXPECT_EQ(shop.fetch(shop.want(), 20 * kMiB), 22 * kMiB / 8);
}
TEST_F(Selling, MoreThanThePriceIsCreditAndOutlivesARestart) {
  const Want want = shop.want(1, 1, ContentClass::paid, 2 * kMiB);
  const auto paid = shop.ask(want, shop.token(50));
  ASSERT_EQ(paid.verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(paid.receipt->credit, Msat(50'000));
  EXPECT_EQ(shop.fetch(want, 2 * kMiB), 2 * kMiB);
  ASSERT_TRUE(shop.restart());
  EXPECT_EQ(shop.ask(want).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.credit_msat() - shop.used_msat(), 48'000u);
}
TEST_F(Selling, CreditIsOfOnePeerForOneRootOfOneService) {
  ASSERT_TRUE(shop.sell(of(1), {}, ServiceId::film));
  const Want want = shop.want(1, 1);
  ASSERT_EQ(shop.ask(want, shop.token(20)).verdict, GateVerdict::paid_and_allowed);
  Want film = want;
  film.service = ServiceId::film;
  for (const Want& other : {shop.want(2, 1), shop.want(1, 2), film}) {
    EXPECT_EQ(shop.ask(other).verdict, GateVerdict::payment_required);
    EXPECT_EQ(shop.fetch(other, kMiB), 0u);
  }
  world.pass(std::chrono::milliseconds(streaming::kSessionMs + 1000));
  EXPECT_EQ(shop.ask(want).verdict, GateVerdict::payment_required) << "it has expired";
  EXPECT_EQ(shop.fetch(want, kMiB), 0u);
  ASSERT_EQ(shop.ask(want, shop.token(3)).verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(shop.ask(want).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.fetch(want, 20 * kMiB), 3 * kMiB) << "of the new payment alone";
  const auto closed = shop.close_session(1);
  ASSERT_TRUE(closed) << closed.error().detail;
  EXPECT_EQ(cashu::value_of(*cashu::parse_token(closed->token->reveal()))->value(), 20u)
      << "what has expired is not kept";
}
TEST_F(Selling, AQuoteHoldsForTwoMinutes) {
  const Want want = shop.want();
  EXPECT_EQ(shop.ask(want).quote->price, Amount(10));
  ASSERT_TRUE(shop.sell(of(5)));
  world.pass(60s);
  ASSERT_EQ(shop.ask(want, shop.token(10)).verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(shop.fetch(want, 20 * kMiB), 10 * kMiB) << "at the price that was named";
  EXPECT_EQ(shop.ask(want).quote->terms.per_step, Amount(5));
  world.pass(121s);
  ASSERT_EQ(shop.ask(want, shop.token(10)).verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(shop.fetch(want, 20 * kMiB), 2 * kMiB);
  ASSERT_TRUE(shop.sell(of(1)));
  ASSERT_EQ(shop.ask(want, shop.token(10)).verdict, GateVerdict::paid_and_allowed);
  EXPECT_EQ(shop.fetch(want, 20 * kMiB), 10 * kMiB) << "a price that fell holds at once";
}
TEST_F(Selling, CreditIsInTheBackupAndATokenBuysNothingAgainAfterIt) {
  world.keep_backups();
  ASSERT_TRUE(shop.restart());
  const auto token = shop.token(20);
  ASSERT_EQ(shop.ask(shop.want(), token).verdict, GateVerdict::paid_and_allowed);
  ASSERT_EQ(shop.ask(shop.want(2), shop.token(5)).verdict, GateVerdict::paid_and_allowed);
  ASSERT_TRUE(shop.close_session(2));
  const auto taken = world.take_in_newest_backup();
  ASSERT_TRUE(taken) << taken.error().detail;
  ASSERT_TRUE(shop.restart());
  ASSERT_TRUE(world.run(world.wallet().recover(world.stop())));
  EXPECT_TRUE(shop.gate().services()->at(0).enabled);
  EXPECT_EQ(shop.ask(shop.want()).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.ask(shop.want(3), token).verdict, GateVerdict::failed) << "spent, says the mint";
  EXPECT_NE(shop.ask(shop.want(2)).verdict, GateVerdict::allowed) << "it was given back";
  EXPECT_EQ(shop.fetch(shop.want(2), kMiB), 0u);
  EXPECT_EQ(shop.fetch(shop.want(), 100 * kMiB), 20 * kMiB);
}
TEST_F(Selling, WhatTheOperatorPastedIsNobodysCredit) {
  const auto token = shop.token(20);
  ASSERT_TRUE(receive(token));
  EXPECT_EQ(ask_unheard(shop.want(), token), GateVerdict::failed);
  EXPECT_EQ(shop.credit_msat(), 0u);
}
TEST_F(Selling, ARequestThatRunsDryWaitsForTheNextInstalment) {
  const Want want = shop.want();
  ASSERT_EQ(shop.ask(want, shop.token(1)).verdict, GateVerdict::paid_and_allowed);
  const auto begun = shop.gate().begin(want);
  for (std::uint64_t sent = 0; sent < kMiB; sent += kGroup)
    ASSERT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::go_on);
  EXPECT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::wait);
  world.pass(9s);
  EXPECT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::wait);
  ASSERT_EQ(shop.ask(want, shop.token(1)).verdict, GateVerdict::paid_and_allowed);
  for (std::uint64_t sent = 0; sent < kMiB; sent += kGroup)
    ASSERT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::go_on);
  EXPECT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::wait);
  EXPECT_EQ(shop.close_session(1).error().code, Code::try_later) << "a request runs on it";
  world.pass(10s);
  EXPECT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::payment);
  shop.gate().settle(begun.ticket);
  EXPECT_EQ(shop.gate().take(begun.ticket, kGroup).verdict, MeterVerdict::later)
      << "a ticket that was settled";
}
TEST_F(Selling, WhatWasNotWrittenIsTheBuyersAfterACrash) {
  const Want want = shop.want(1, 1, ContentClass::paid, 100 * kMiB);
  ASSERT_EQ(shop.ask(want, shop.token(100)).verdict, GateVerdict::paid_and_allowed);
  world.kill_at_disk_call(1'000'000, Death::killed);  // counts them
  const std::uint64_t before = world.wallet_disk().calls_until_cut();
  EXPECT_EQ(shop.fetch(want, 15 * kMiB), 15 * kMiB);
  EXPECT_EQ(world.wallet_disk().calls_until_cut(), before) << "nothing is written for a little";
  EXPECT_EQ(shop.fetch(want, 35 * kMiB), 35 * kMiB);
  shop.crash();
  ASSERT_TRUE(shop.restart());
  EXPECT_GE(shop.used_msat(), (50 - 16) * 1000u);
  EXPECT_LE(shop.used_msat(), 50 * 1000u);
  EXPECT_EQ(shop.fetch(want, 1), 1u);
  world.pass(10s);
  (void)shop.ask(want);
  shop.crash();
  ASSERT_TRUE(shop.restart());
  EXPECT_GE(shop.used_msat() % 1000, 1u) << "written when nobody had used it for a while";
}
TEST_F(Selling, AMintThatIsAwayIsTryLaterAndTheTokenCountsOnce) {
  ASSERT_TRUE(
      world.mint("mint-a").faults().add(R"([{"fault":"drop_after","route":"POST /v1/swap"}])"));
  ASSERT_TRUE(world.mint("mint-a").faults().add(
      R"([{"fault":"drop_before","route":"POST /v1/restore","times":3}])"));
  const auto token = shop.token(512);
  const auto answer = shop.ask(shop.want(), token);
  if (answer.verdict != GateVerdict::paid_and_allowed) {
    EXPECT_EQ(answer.verdict, GateVerdict::unavailable) << answer.reason;
    EXPECT_EQ(shop.fetch(shop.want(), kMiB), 0u);
  }
  world.mint("mint-a").faults().clear();
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  const auto again = shop.ask(shop.want(), token);
  EXPECT_EQ(again.verdict, GateVerdict::paid_and_allowed) << again.reason;
  EXPECT_EQ(shop.credit_msat(), 512'000u);
}
TEST_F(Selling, MeteredContentHasGraceWhileTheMintIsAway) {
  const auto token = shop.token(512);
  ASSERT_TRUE(
      world.mint("mint-a").faults().add(R"([{"fault":"drop_before","route":"*","times":0}])"));
  const Want want = shop.want(1, 1, ContentClass::metered);
  EXPECT_EQ(shop.fetch(want, kMiB), 0u) << "without a payment there is none";
  const auto answer = shop.ask(want, token);
  EXPECT_EQ(answer.verdict, GateVerdict::allowed) << answer.reason;
  EXPECT_EQ(shop.fetch(want, 100 * kMiB), streaming::kGraceOfPeer);
  EXPECT_EQ(shop.fetch(want, kMiB), 0u);
  Want other = shop.want(2, 1, ContentClass::metered);
  EXPECT_EQ(shop.fetch(other, kMiB), 0u);
  EXPECT_EQ(shop.ask(shop.want(1, 2), token).verdict, GateVerdict::failed)
      << "the token is on its way for something else";
  world.mint("mint-a").faults().clear();
  world.pass(400s);
  ASSERT_TRUE(world.run(world.wallet().resume(patience, world.stop())));
  EXPECT_EQ(shop.ask(want).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.credit_msat(), 512'000u);
}
TEST_F(Selling, NothingIsSoldUntilAServiceIsOn) {
  const auto services = shop.gate().services();
  ASSERT_TRUE(services);
  EXPECT_TRUE(services->at(0).enabled);
  EXPECT_FALSE(services->at(1).enabled);
  EXPECT_EQ(shop.gate().quote(ServiceId::film, 1).error().code, Code::not_found);
  EXPECT_EQ(shop.gate().quote(ServiceId::content_download, 3 * kMiB)->price, Amount(3));
  EXPECT_EQ(*shop.gate().is_on(ServiceId::film), false);
  auto off = services->at(0);
  off.enabled = false;
  EXPECT_EQ(shop.gate().configure(off, 0).error().code, Code::try_later);
  ASSERT_TRUE(shop.gate().configure(off, off.revision));
  EXPECT_EQ(shop.ask(shop.want(1, 1, ContentClass::metered)).verdict, GateVerdict::allowed);
  EXPECT_EQ(shop.ask(shop.want()).verdict, GateVerdict::unavailable) << "marked paid stays paid";
  EXPECT_EQ(shop.fetch(shop.want(), kMiB), 0u);
}

#ifdef ARCHY_TEST_HOOKS
TEST(SellingPlants, EachIsNoticed) {
  for (const SellingPlant& plant : kSellingPlants) {
    test_hooks::plant(plant.bug);
    EXPECT_NE(plant.found(), "") << plant.bug << ": " << plant.rule;
    test_hooks::plant("");
    EXPECT_EQ(plant.found(), "") << plant.bug;
  }
}
#endif

}  // namespace
}  // namespace archy::sim

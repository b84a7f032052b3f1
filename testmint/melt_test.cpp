// Melts, and what Lightning makes of them: what one mint pays the other has received.
#include "cashu/bolt11.hpp"
#include "cashu/dhke.hpp"
#include "crypto/sha256.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

using Version = cashu::KeysetId::Version;

struct Melts : MintTest {
  Melts() { open({.keyset = {Version::v2, 100}}); }

  // 150 sat at A for 100 at B.
  void prepare() {
    auto from = purse_a();
    inputs = from.fund(150);
    claim = purse_b().mint_quote(100);
    quote = from.melt_quote(claim.at("request").get<std::string>());
    blanks = from.blanks(6);
  }
  Json melt(bool prefer_async = false) {
    return purse_a().post("/v1/melt/bolt11", melt_text(quote, inputs, blanks, prefer_async));
  }
  Json now() {
    return purse_a().get("/v1/melt/quote/bolt11/" + quote.at("quote").get<std::string>());
  }
  std::string claim_state() {
    return purse_b()
        .get("/v1/mint/quote/bolt11/" + claim.at("quote").get<std::string>())
        .at("state");
  }
  std::string input_state() {
    const auto states = purse_a().states(inputs);
    for (const auto& each : states) EXPECT_EQ(each, states.front());
    return states.front();
  }
  std::uint64_t change_of(const Json& answer) {
    return answer.contains("change") ? sum_of(purse_a().unblind(blanks, answer.at("change"))) : 0;
  }

  Purse::Proofs inputs;
  Purse::Prepared blanks;
  Json claim, quote;
};

TEST_F(Melts, AtOneMintPayTheOther) {
  prepare();
  EXPECT_EQ(quote.at("amount"), 100);
  EXPECT_EQ(quote.at("fee_reserve"), 2);
  EXPECT_EQ(claim_state(), "UNPAID");
  const Json answer = melt();
  EXPECT_EQ(answer.at("state"), "PAID");
  // 150, less 100, 1 for the input fee of 4 proofs, 1 for Lightning.
  EXPECT_EQ(change_of(answer), 48u);
  EXPECT_EQ(now().at("change"), answer.at("change"));
  EXPECT_EQ(input_state(), "SPENT");
  EXPECT_EQ(claim_state(), "PAID");
  const auto preimage = from_hex(answer.at("payment_preimage").get<std::string>());
  EXPECT_EQ(crypto::sha256(*preimage),
            cashu::parse_invoice(claim.at("request").get<std::string>())->payment_hash);

  auto to = purse_b();
  const auto outputs = to.prepare({4, 32, 64});
  EXPECT_TRUE(
      to.post("/v1/mint/bolt11", to.mint_request(claim, outputs, nullptr)).contains("signatures"));
  const Json from = report(a());
  EXPECT_EQ(from.at("outstanding"), 48);
  EXPECT_EQ(from.at("lightning_fees"), 1);
  EXPECT_EQ(from.at("input_fees"), 1);
  EXPECT_EQ(report(b()).at("outstanding"), 100);
}

TEST_F(Melts, CostNothingWithinAMint) {
  auto purse = purse_a();
  const auto proofs = purse.fund(64);
  const Json own = purse.mint_quote(63);
  quote = purse.melt_quote(own.at("request").get<std::string>());
  EXPECT_EQ(quote.at("fee_reserve"), 0);
  EXPECT_EQ(purse.post("/v1/melt/bolt11", melt_text(quote, proofs, {})).at("state"), "PAID");
  EXPECT_EQ(report(a()).at("unclaimed"), 63);
}

TEST_F(Melts, PaySomebodyOutside) {
  auto purse = purse_a();
  inputs = purse.fund(64);
  quote = purse.melt_quote(outside_invoice(50));
  blanks = purse.blanks(4);
  EXPECT_EQ(change_of(melt()), 64u - 50 - 1 - 1);
}

TEST_F(Melts, AreRefusedWithTheirCode) {
  prepare();
  const auto code = [&](Purse::Proofs proofs) {
    return purse_a().post("/v1/melt/bolt11", melt_text(quote, proofs, blanks)).value("code", 0);
  };
  EXPECT_EQ(code({inputs[0]}), 11005);
  blanks.push_back(blanks.front());
  EXPECT_EQ(code(inputs), 11008);
  blanks.pop_back();
  EXPECT_EQ(input_state(), "UNSPENT");
  a().options().without.insert(19);
  EXPECT_EQ(melt().at("state"), "PAID");
  EXPECT_EQ(code(inputs), 20006);
  // Another quote of the same invoice.
  quote = purse_a().melt_quote(claim.at("request").get<std::string>());
  inputs = purse_a().fund(150);
  blanks = purse_a().blanks(6);
  EXPECT_EQ(code(inputs), 20006);
  EXPECT_EQ(input_state(), "UNSPENT");
  now_ms += 601'000;
  EXPECT_EQ(code(inputs), 20007);
  EXPECT_EQ(purse_a().melt_quote("lnbc1nonsense").value("status", 0), 422);
  report(a());
}

TEST_F(Melts, ThatFailGiveTheInputsBack) {
  prepare();
  fault(a(), R"({"fault":"pay_failed"})");
  EXPECT_EQ(melt().at("code"), 20004);
  EXPECT_EQ(now().at("state"), "UNPAID");
  EXPECT_EQ(input_state(), "UNSPENT");
  EXPECT_EQ(claim_state(), "UNPAID");
  EXPECT_EQ(melt().at("state"), "PAID");  // the same request again
  report(a());
}

TEST_F(Melts, OnTheirWayHoldTheInputs) {
  prepare();
  fault(a(), R"([{"fault":"pay_pending","ms":5000},{"fault":"stale_state","route":"GET *"}])");
  EXPECT_EQ(melt().at("state"), "PENDING");
  EXPECT_EQ(now().at("state"), "UNPAID");  // as a mint may say for a moment
  EXPECT_EQ(now().at("state"), "PENDING");
  EXPECT_EQ(input_state(), "PENDING");
  EXPECT_EQ(claim_state(), "UNPAID");
  auto purse = purse_a();
  EXPECT_EQ(purse.post("/v1/swap", swap_text(inputs, purse.prepare({1}))).at("code"), 11002);
  const auto other = purse.fund(2);
  auto taken = blanks[0];
  taken.message.amount = cashu::Amount(2);
  EXPECT_EQ(purse.post("/v1/swap", swap_text(other, {taken})).at("code"), 11004);
  EXPECT_EQ(report(a()).at("pending"), 150);
  now_ms += 5000;
  EXPECT_EQ(claim_state(), "PAID");
  EXPECT_EQ(change_of(now()), 48u);
  EXPECT_EQ(input_state(), "SPENT");
  report(a());
}

TEST_F(Melts, OnTheirWayMayStillFail) {
  prepare();
  fault(a(), R"([{"fault":"pay_pending","ms":5000},{"fault":"pay_failed"}])");
  EXPECT_EQ(melt().at("state"), "PENDING");
  now_ms += 5000;
  EXPECT_EQ(now().at("state"), "UNPAID");
  EXPECT_EQ(input_state(), "UNSPENT");
  EXPECT_EQ(claim_state(), "UNPAID");
}

TEST_F(Melts, NobodyCanTellOfStayPendingUntilSomebodyCan) {
  for (const bool paid : {true, false}) {
    prepare();
    fault(a(), R"({"fault":"pay_unknown"})");
    EXPECT_EQ(melt().at("state"), "PENDING");
    now_ms += 300'000;
    EXPECT_EQ(now().at("state"), "PENDING");
    const auto hash = cashu::parse_invoice(claim.at("request").get<std::string>())->payment_hash;
    ASSERT_TRUE(lightning().resolve(hash, paid, now_ms));
    EXPECT_EQ(now().at("state"), paid ? "PAID" : "UNPAID");
    EXPECT_EQ(claim_state(), paid ? "PAID" : "UNPAID");
    report(a());
  }
}

TEST_F(Melts, PreferredAsynchronousAnswerAtOnce) {
  prepare();
  EXPECT_EQ(melt(true).at("state"), "PENDING");
  EXPECT_EQ(now().at("state"), "PAID");
  EXPECT_EQ(change_of(now()), 48u);
}

TEST_F(Melts, AMintMayLieAboutThePayment) {
  prepare();
  fault(a(), R"({"fault":"pay_claimed"})");
  EXPECT_EQ(melt().at("state"), "PAID");
  EXPECT_EQ(claim_state(), "UNPAID");
}

TEST_F(Melts, ThePayeeMayHearLate) {
  prepare();
  fault(a(), R"({"fault":"pay_seen_late","ms":9000})");
  EXPECT_EQ(melt().at("state"), "PAID");
  EXPECT_EQ(claim_state(), "UNPAID");
  now_ms += 9000;
  EXPECT_EQ(claim_state(), "PAID");
}

TEST_F(Melts, MayCostMoreThanTheReserve) {
  prepare();
  fault(a(), R"({"fault":"pay_fee","amount":5})");
  EXPECT_EQ(change_of(melt()), 150u - 100 - 1 - (2 + 5));
  report(a());
}

TEST_F(Melts, ChangeMayBeMissingShortOrBehindNothing) {
  prepare();
  fault(a(), R"({"fault":"missing_change"})");
  EXPECT_EQ(change_of(melt()), 0u);
  EXPECT_EQ(report(a()).at("change_kept"), 48);

  prepare();
  fault(a(), R"({"fault":"short_change","amount":8})");
  EXPECT_EQ(change_of(melt()), 40u);
  EXPECT_EQ(report(a()).at("change_kept"), 56);

  prepare();
  fault(a(), R"({"fault":"zero_change"})");
  const Json answer = melt();
  ASSERT_EQ(answer.at("change").size(), 6u);  // 4 over nothing, then 16 and 32
  EXPECT_EQ(answer.at("change")[0].at("amount"), 0);
  EXPECT_EQ(change_of(answer), 48u);
  EXPECT_EQ(change_of(now()), 48u);

  prepare();
  fault(a(), R"({"fault":"hide_change"})");
  EXPECT_FALSE(melt().contains("change"));
  EXPECT_EQ(change_of(now()), 48u);
  report(a());
}

TEST_F(Melts, ChangeIsSignedOnTheKeysetOfTheMoment) {
  prepare();
  fault(a(), R"({"fault":"pay_pending","ms":5000})");
  melt();
  ASSERT_TRUE(a().rotate({Version::v1, 0}));
  now_ms += 5000;
  const Json answer = now();
  EXPECT_EQ(answer.at("change")[0].at("id"), a().active().id().text());
  EXPECT_EQ(change_of(answer), 48u);
}

TEST_F(Melts, WithoutEnoughBlanksKeepTheSmallParts) {
  prepare();
  blanks = purse_a().blanks(1);
  EXPECT_EQ(change_of(melt()), 32u);
  EXPECT_EQ(report(a()).at("change_kept"), 16);
}

TEST_F(Melts, WithoutNut8GiveNoChange) {
  a().options().without.insert(8);
  prepare();
  EXPECT_FALSE(melt().contains("change"));
}

TEST_F(Melts, HeldWhenTheProcessEndedAreReleasedOrPaidByWhatLightningKnows) {
  prepare();
  fault(a(), R"({"fault":"pay_pending","ms":5000})");
  melt();
  open({.keyset = {Version::v2, 100}});
  EXPECT_EQ(now().at("state"), "PENDING");
  now_ms += 5000;
  EXPECT_EQ(change_of(now()), 48u);
}

// The process ended between holding the inputs and paying: the payment that Lightning knows of is
// another quote's.
TEST_F(Melts, ArePaidByTheirOwnPaymentAlone) {
  prepare();
  const Json twin = purse_a().melt_quote(claim.at("request").get<std::string>());
  const auto held = purse_a().fund(128);
  auto row = a().book().melt_quote(twin.at("quote").get<std::string>()).value().value();
  const auto operation = a().book().put(OperationRow{OperationKind::melt, row.id, 128, 0, 0, 1});
  ASSERT_TRUE(operation);
  ASSERT_TRUE(a().book().hold(*operation, cashu::hash_to_curve(as_bytes(held[0].secret.reveal())),
                              held[0], cashu::SpendState::pending));
  row.operation = *operation;
  row.state = cashu::QuoteState::pending;
  ASSERT_TRUE(lightning().pay({"mint-a", row.invoice, 2, {}, "another"}, now_ms));
  ASSERT_TRUE(a().book().put(row));
  EXPECT_EQ(purse_a().get("/v1/melt/quote/bolt11/" + row.id).at("state"), "UNPAID");
  EXPECT_EQ(purse_a().states(held)[0], "UNSPENT");
  report(a());
}

}  // namespace
}  // namespace archy::testmint

// What an honest mint does, and the errors for what it does not.
#include "testmint/mint.hpp"

#include "cashu/bolt11.hpp"
#include "cashu/mint_info.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

using Version = cashu::KeysetId::Version;

struct TheMint : MintTest {};

TEST_F(TheMint, ShowsKeysThatAWalletAccepts) {
  open({.keyset = {Version::v1, 100}}, {.keyset = {Version::v2, 250, 1'990'000'000}});
  const auto v1 = cashu::parse_keys_answer(purse_a().ask("GET", "/v1/keys").body);
  ASSERT_TRUE(v1) << v1.error().detail;
  ASSERT_EQ(v1->size(), 1u);
  EXPECT_EQ((*v1)[0].id().version(), Version::v1);
  EXPECT_EQ((*v1)[0].terms().input_fee_ppk, 100u);
  EXPECT_EQ((*v1)[0].keys().size(), 64u);
  const auto v2 = cashu::parse_keys_answer(purse_b().ask("GET", "/v1/keys").body);
  ASSERT_TRUE(v2) << v2.error().detail;
  EXPECT_EQ((*v2)[0].id().version(), Version::v2);
  EXPECT_EQ((*v2)[0].terms().final_expiry, 1'990'000'000u);
  const auto list = cashu::parse_keysets_answer(purse_b().ask("GET", "/v1/keysets").body);
  ASSERT_TRUE(list) << list.error().detail;
  EXPECT_EQ((*list)[0].id, (*v2)[0].id());
  EXPECT_TRUE((*list)[0].active);
  EXPECT_EQ(purse_a().get("/v1/keys/00ffffffffffffff").at("code"), 12001);
}

TEST_F(TheMint, SaysWhatItCan) {
  open({}, {.without = {7, 8, 9, 11, 12, 19, 20}});
  const auto all = cashu::parse_info(purse_a().ask("GET", "/v1/info").body);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->states && all->change && all->restore && all->locks && all->dleq &&
              all->signed_quotes && all->repeats("POST /v1/swap"));
  EXPECT_EQ(all->mint_methods.size(), 1u);
  EXPECT_EQ(all->unix_s, 1'790'000'000u);
  const auto none = cashu::parse_info(purse_b().ask("GET", "/v1/info").body);
  EXPECT_FALSE(none->states || none->change || none->restore || none->locks || none->dleq ||
               none->signed_quotes || none->repeats("POST /v1/swap"));
}

TEST_F(TheMint, IssuesWhatWasPaidAndNoMore) {
  open();
  auto purse = purse_a();
  const Json quote = purse.mint_quote(100);
  const auto invoice = cashu::parse_invoice(quote.at("request").get<std::string>());
  ASSERT_TRUE(invoice) << invoice.error().detail;
  EXPECT_EQ(invoice->chain, cashu::Chain::regtest);
  EXPECT_EQ(invoice->amount_msat, 100'000u);
  const auto outputs = purse.prepare({4, 32, 64});
  const auto request = purse.mint_request(quote, outputs, nullptr);
  EXPECT_EQ(purse.post("/v1/mint/bolt11", request).at("code"), 20001);
  purse.pay(quote);
  const auto shown = cashu::parse_mint_quote(
      purse.ask("GET", "/v1/mint/quote/bolt11/" + quote.at("quote").get<std::string>()).body,
      cashu::Amount(100));
  ASSERT_TRUE(shown) << shown.error().detail;
  EXPECT_EQ(shown->paid, cashu::Amount(100));
  EXPECT_EQ(shown->issued, cashu::Amount(0));
  const auto too_much = purse.prepare({128});
  EXPECT_EQ(purse.post("/v1/mint/bolt11", purse.mint_request(quote, too_much, nullptr)).at("code"),
            11005);
  const Json answer = purse.post("/v1/mint/bolt11", request);
  EXPECT_EQ(sum_of(purse.unblind(outputs, answer.at("signatures"))), 100u);
  const auto more = purse.prepare({1});
  EXPECT_EQ(purse.post("/v1/mint/bolt11", purse.mint_request(quote, more, nullptr)).at("code"),
            20002);
  EXPECT_EQ(report(a()).at("outstanding"), 100);
}

TEST_F(TheMint, IssuesWhatWasPaidTwice) {
  open();
  auto purse = purse_a();
  const Json quote = purse.mint_quote(8);
  purse.pay(quote);
  purse.pay(quote);
  for (int i = 0; i < 2; ++i) {
    const auto outputs = purse.prepare({8});
    EXPECT_TRUE(purse.post("/v1/mint/bolt11", purse.mint_request(quote, outputs, nullptr))
                    .contains("signatures"));
  }
  EXPECT_EQ(report(a()).at("issued"), 16);
}

TEST_F(TheMint, AsksTheQuotesOwner) {
  open();
  auto purse = purse_a();
  const auto owner = crypto::Scalar::random();
  const auto thief = crypto::Scalar::random();
  const Json quote = purse.mint_quote(8, &owner);
  EXPECT_EQ(quote.at("pubkey"), crypto::Point::of(owner).hex());
  purse.pay(quote);
  const auto outputs = purse.prepare({8});
  const auto claim = [&](const crypto::Scalar* key) {
    return purse.post("/v1/mint/bolt11", purse.mint_request(quote, outputs, key));
  };
  EXPECT_EQ(claim(nullptr).at("code"), 20009);
  EXPECT_EQ(claim(&thief).at("code"), 20008);
  EXPECT_TRUE(claim(&owner).contains("signatures"));
}

TEST_F(TheMint, SwapsForAFee) {
  open({.keyset = {Version::v2, 400}});
  auto purse = purse_a();
  const auto proofs = purse.fund(7);  // 1, 2, 4: fee 2
  const auto outputs = purse.prepare({1, 4});
  const Json answer = purse.post("/v1/swap", swap_text(proofs, outputs));
  const auto fresh = purse.unblind(outputs, answer.at("signatures"));
  EXPECT_EQ(sum_of(fresh), 5u);
  EXPECT_EQ(purse.states(proofs), std::vector<std::string>(3, "SPENT"));
  EXPECT_EQ(purse.states(fresh), std::vector<std::string>(2, "UNSPENT"));
  const Json sums = report(a());
  EXPECT_EQ(sums.at("input_fees"), 2);
  EXPECT_EQ(sums.at("outstanding"), 5);
}

TEST_F(TheMint, RefusesASwapWithItsCode) {
  open({.keyset = {Version::v2, 100}, .max_inputs = 4, .max_outputs = 4});
  auto purse = purse_a();
  const auto proofs = purse.fund(7);
  const auto swap = [&](Purse::Proofs inputs, const Purse::Prepared& outputs) {
    return purse.post("/v1/swap", swap_text(inputs, outputs)).value("code", 0);
  };
  const auto good = purse.prepare({2, 4});
  EXPECT_EQ(swap(proofs, purse.prepare({1, 2, 4})), 11005);
  EXPECT_EQ(swap({proofs[0], proofs[0]}, good), 11007);
  EXPECT_EQ(swap(proofs, {good[0], good[0]}), 11008);
  EXPECT_EQ(swap({proofs[0], proofs[0], proofs[0], proofs[0], proofs[0]}, good), 11014);
  EXPECT_EQ(swap(proofs, purse.prepare({1, 1, 1, 1, 2})), 11015);
  auto forged = proofs;
  forged[1].c = crypto::Point::of(crypto::Scalar::random());
  EXPECT_EQ(swap(forged, good), 10001);
  auto foreign = good;
  foreign[0].message.keyset = b().active().id();
  EXPECT_EQ(swap(proofs, foreign), 12001);
  EXPECT_EQ(swap(proofs, good), 0);
  EXPECT_EQ(swap(proofs, purse.prepare({2, 4})), 11001);
  const auto others = purse.fund(7);
  EXPECT_EQ(swap(others, good), 11003);
  report(a());
}

TEST_F(TheMint, RepeatsAnAnswerAsLongAsItRemembers) {
  open();
  auto purse = purse_a();
  const auto proofs = purse.fund(4);
  const auto outputs = purse.prepare({4});
  const auto request = swap_text(proofs, outputs);
  const Reply first = purse.ask("POST", "/v1/swap", request);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(purse.ask("POST", "/v1/swap", request).body, first.body);
  EXPECT_EQ(purse.post("/v1/swap", request + " ").at("code"), 11001);  // other bytes
  now_ms += 61'000;
  EXPECT_EQ(purse.post("/v1/swap", request).at("code"), 11001);
  report(a());
}

TEST_F(TheMint, ForgetsItsAnswersInARestart) {
  open({}, {.without = {19}});
  for (Mint* mint : {&a(), &b()}) {
    Purse purse(*mint, lightning(), now_ms);
    const auto request = swap_text(purse.fund(4), purse.prepare({4}));
    EXPECT_EQ(purse.ask("POST", "/v1/swap", request).status, 200);
    mint->restart();
    EXPECT_EQ(purse.post("/v1/swap", request).at("code"), 11001);
  }
}

TEST_F(TheMint, RestoresWhatItSigned) {
  open();
  auto purse = purse_a();
  const auto proofs = purse.fund(12);
  const auto outputs = purse.prepare({4, 8});
  purse.post("/v1/swap", swap_text(proofs, outputs));
  auto asked = purse.prepare({1});
  asked.insert(asked.end(), outputs.begin(), outputs.end());
  const auto messages = Purse::messages(asked);
  const auto restored = cashu::parse_restored(
      purse.ask("POST", "/v1/restore", cashu::restore_body(messages)).body, messages);
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_FALSE((*restored)[0]);
  ASSERT_TRUE((*restored)[1] && (*restored)[2]);
  EXPECT_EQ((*restored)[2]->amount, cashu::Amount(8));
}

TEST_F(TheMint, KnowsItsKeysetsOfOld) {
  open({.keyset = {Version::v1, 0}});
  auto purse = purse_a();
  const auto old = purse.fund(6);
  const auto late = purse.prepare({2, 4});
  ASSERT_TRUE(a().rotate({Version::v2, 100}));
  EXPECT_EQ(purse.post("/v1/swap", swap_text(old, late)).at("code"), 12002);
  const auto fresh = purse.prepare({2, 4});
  EXPECT_TRUE(purse.post("/v1/swap", swap_text(old, fresh)).contains("signatures"));
  EXPECT_EQ(purse.get("/v1/keysets").at("keysets").size(), 2u);
  EXPECT_EQ(purse.get("/v1/keys").at("keysets").size(), 1u);
  EXPECT_EQ(purse.get("/v1/keys/" + old[0].keyset.text()).at("keysets").size(), 1u);
}

TEST_F(TheMint, TakesNothingOfAnExpiredKeyset) {
  open({.keyset = {Version::v2, 0, 1'790'000'100}});
  auto purse = purse_a();
  const auto proofs = purse.fund(6);
  now_ms += 100'000;
  EXPECT_EQ(purse.post("/v1/swap", swap_text(proofs, purse.prepare({2, 4}))).at("code"), 12003);
}

TEST_F(TheMint, IsTheSameAfterItsProcessEnded) {
  open();
  const auto id = a().active().id();
  const auto proofs = purse_a().fund(6);
  open();
  EXPECT_EQ(a().active().id(), id);
  auto purse = purse_a();
  EXPECT_TRUE(
      purse.post("/v1/swap", swap_text(proofs, purse.prepare({2, 4}))).contains("signatures"));
}

TEST_F(TheMint, NotesWhatAWalletShouldNotHaveSent) {
  open();
  auto purse = purse_a();
  Json request = Json::parse(swap_text(purse.fund(2), purse.prepare({2})));
  request["inputs"][0]["dleq"] = Json::object();
  EXPECT_TRUE(purse.post("/v1/swap", request.dump()).contains("signatures"));
  EXPECT_EQ(report(a()).at("remarks").size(), 1u);
}

TEST_F(TheMint, HoldsOnTo5xxAnd4xxForWhatIsNoRequest) {
  open({}, {.without = {7, 9}});
  EXPECT_EQ(purse_a().ask("POST", "/v1/swap", "{").status, 422);
  EXPECT_EQ(purse_a().ask("POST", "/v1/swap", "{}").status, 422);
  EXPECT_EQ(purse_a().ask("GET", "/v2/info").status, 404);
  EXPECT_EQ(purse_b().ask("POST", "/v1/checkstate", R"({"Ys":[]})").status, 404);
  EXPECT_EQ(purse_b().ask("POST", "/v1/restore", R"({"outputs":[]})").status, 404);
}

}  // namespace
}  // namespace archy::testmint

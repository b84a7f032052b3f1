// The script, and the faults within a mint: what its answers say wrongly, and what befalls it.
// (Faults on the way: direct_client_test, port_test; of melts: melt_test.)
#include "testmint/faults.hpp"

#include "cashu/checked_proof.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

TEST(FaultScripts, CountRequestsThatMatch) {
  FaultScript script;
  ASSERT_TRUE(script.add(R"([{"fault":"drop_after","route":"POST /v1/swap","nth":2,"times":2}])"));
  const auto dropped = [&](const char* method, const char* path) {
    return script.take(method, path).drop_after;
  };
  EXPECT_FALSE(dropped("POST", "/v1/swap"));
  EXPECT_FALSE(dropped("GET", "/v1/swap"));
  EXPECT_FALSE(dropped("POST", "/v1/swaps"));
  EXPECT_TRUE(dropped("POST", "/v1/swap"));
  EXPECT_TRUE(dropped("POST", "/v1/swap"));
  EXPECT_FALSE(dropped("POST", "/v1/swap"));
  EXPECT_EQ(script.happened(), 2u);

  ASSERT_TRUE(script.add(R"({"fault":"delay_after","route":"GET /v1/mint/*","times":0,"ms":7})"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(script.take("GET", "/v1/mint/quote/bolt11/ab").delay_after_ms, 7);
  EXPECT_EQ(script.take("GET", "/v1/keys").delay_after_ms, 0);
  script.clear();
  EXPECT_EQ(script.take("GET", "/v1/mint/quote/bolt11/ab").delay_after_ms, 0);

  // Without a route a fault waits for a request that it is about.
  ASSERT_TRUE(script.add(R"({"fault":"pay_pending","ms":1})"));
  EXPECT_TRUE(script.take("POST", "/v1/swap").inside.empty());
  EXPECT_EQ(script.take("POST", "/v1/melt/bolt11").inside.size(), 1u);
  ASSERT_TRUE(script.add(R"([{"fault":"wrong_dleq"},{"fault":"forget_quote"}])"));
  EXPECT_TRUE(script.take("POST", "/v1/mint/quote/bolt11").inside.empty());
  EXPECT_EQ(script.take("POST", "/v1/mint/bolt11").inside.size(), 2u);
}

TEST(FaultScripts, AreReadStrictly) {
  for (const char* bad :
       {"", "7", "[7]", R"({"fault":"nothing"})", R"({"route":"*"})", R"({"fault":"drop_after",)",
        R"({"fault":"drop_after","nth":0})", R"({"fault":"drop_after","nth":"1"})",
        R"({"fault":"drop_after","route":1})", R"({"fault":"drop_after","after":1})"})
    EXPECT_FALSE(parse_faults(bad)) << bad;
  const auto faults = parse_faults(R"([{"fault":"refuse","code":11002},{"fault":"restart"}])");
  ASSERT_TRUE(faults);
  EXPECT_EQ((*faults)[0].code, 11002u);
  EXPECT_EQ(to_string((*faults)[1].kind), "restart");
}

struct Faults : MintTest {
  Faults() { open(); }

  // What a wallet makes of the answer to a swap that meets this fault.
  Result<std::vector<cashu::CheckedProof>> swap(const std::string& json, cashu::DleqRule rule) {
    auto purse = purse_a();
    const auto proofs = purse.fund(6);
    outputs = purse.prepare({2, 4});
    fault(a(), json);
    TRY(signatures,
        cashu::parse_signatures(purse.ask("POST", "/v1/swap", swap_text(proofs, outputs)).body));
    return cashu::accept_signatures(outputs, signatures, a().public_keysets(), rule);
  }
  Purse::Prepared outputs;
};

TEST_F(Faults, AnswersThatAWalletMustNotTake) {
  using enum cashu::DleqRule;
  EXPECT_TRUE(swap(R"({"fault":"hide_change"})", required));  // nothing to hide here
  for (const char* name : {"wrong_dleq", "wrong_amount", "one_fewer", "one_more"}) {
    const auto taken = swap(R"({"fault":")" + std::string(name) + "\"}", if_present);
    ASSERT_FALSE(taken) << name;
    EXPECT_EQ(taken.error().code, Code::peer_fault) << name;
    // What was signed is good all the same.
    const auto messages = Purse::messages(outputs);
    const auto restored = cashu::parse_restored(
        purse_a().ask("POST", "/v1/restore", cashu::restore_body(messages)).body, messages);
    ASSERT_TRUE(restored);
    const std::vector<cashu::BlindSignature> signatures{*(*restored)[0], *(*restored)[1]};
    EXPECT_TRUE(cashu::accept_signatures(outputs, signatures, a().public_keysets(), required));
  }
  EXPECT_FALSE(swap(R"({"fault":"missing_dleq"})", required));
  EXPECT_TRUE(swap(R"({"fault":"missing_dleq"})", if_present));
  report(a());
}

TEST_F(Faults, RefusalsAreNotExecuted) {
  auto purse = purse_a();
  const auto proofs = purse.fund(2);
  const auto request = swap_text(proofs, purse.prepare({2}));
  fault(a(), R"({"fault":"refuse","code":11002})");
  const Json refused = purse.post("/v1/swap", request);
  EXPECT_EQ(refused.at("code"), 11002);
  EXPECT_EQ(refused.at("status"), 400);
  EXPECT_TRUE(purse.post("/v1/swap", request).contains("signatures"));
}

TEST_F(Faults, KeysetsRotateAndExpireUnderARequest) {
  auto purse = purse_a();
  const auto proofs = purse.fund(2);
  const auto old = a().active().id();
  fault(a(), R"({"fault":"rotate_keyset","route":"POST /v1/swap"})");
  EXPECT_EQ(purse.post("/v1/swap", swap_text(proofs, purse.prepare({2}))).at("code"), 12002);
  EXPECT_NE(a().active().id(), old);
  fault(a(), R"({"fault":"expire_keyset","route":"POST /v1/swap"})");
  EXPECT_EQ(purse.post("/v1/swap", swap_text(proofs, purse.prepare({2}))).at("code"), 12003);
  EXPECT_TRUE(
      purse.post("/v1/swap", swap_text(purse.fund(2), purse.prepare({2}))).contains("signatures"));
  EXPECT_EQ(purse.get("/v1/keysets").at("keysets").size(), 3u);
}

TEST_F(Faults, QuotesExpireAndAreForgotten) {
  auto purse = purse_a();
  const Json quote = purse.melt_quote(outside_invoice(5));
  const auto proofs = purse.fund(8);
  fault(a(), R"({"fault":"expire_quote"})");
  EXPECT_EQ(purse.post("/v1/melt/bolt11", melt_text(quote, proofs, {})).at("code"), 20007);
  EXPECT_EQ(purse.states(proofs)[0], "UNSPENT");

  a().options().refuses_late_claims = true;
  const Json claim = purse.mint_quote(2);
  purse.pay(claim);
  fault(a(), R"({"fault":"expire_quote"})");
  const auto late = purse.mint_request(claim, purse.prepare({2}), nullptr);
  EXPECT_EQ(purse.post("/v1/mint/bolt11", late).at("code"), 20007);
  a().options().refuses_late_claims = false;
  EXPECT_TRUE(purse.post("/v1/mint/bolt11", late).contains("signatures"));

  const Json lost = purse.mint_quote(4);
  purse.pay(lost);
  fault(a(), R"({"fault":"forget_quote"})");
  const std::string path = "/v1/mint/quote/bolt11/" + lost.at("quote").get<std::string>();
  EXPECT_EQ(purse.get(path).at("code"), 50000);
  EXPECT_EQ(report(a()).at("unclaimed"), 4);  // and still in the sums
}

TEST_F(Faults, AForgottenMeltIsPaidAllTheSame) {
  auto purse = purse_a();
  const auto proofs = purse.fund(16);
  const Json quote = purse.melt_quote(outside_invoice(10));
  fault(a(), R"({"fault":"pay_pending","ms":1000})");
  EXPECT_EQ(purse.post("/v1/melt/bolt11", melt_text(quote, proofs, {})).at("state"), "PENDING");
  fault(a(), R"({"fault":"forget_quote"})");
  const std::string path = "/v1/melt/quote/bolt11/" + quote.at("quote").get<std::string>();
  EXPECT_EQ(purse.get(path).at("code"), 50000);
  now_ms += 1000;
  EXPECT_EQ(purse.states(proofs)[0], "SPENT");
  report(a());
}

TEST_F(Faults, ARestartLosesTheAnswersAlone) {
  auto purse = purse_a();
  const auto request = swap_text(purse.fund(2), purse.prepare({2}));
  EXPECT_TRUE(purse.post("/v1/swap", request).contains("signatures"));
  fault(a(), R"({"fault":"restart"})");
  EXPECT_EQ(purse.post("/v1/swap", request).at("code"), 11001);
}

TEST_F(Faults, TheClockMayBeWrong) {
  fault(a(), R"({"fault":"clock_offset","ms":-5000})");
  EXPECT_EQ(purse_a().get("/v1/info").at("time"), 1'789'999'995);
  EXPECT_EQ(purse_a().get("/v1/info").at("time"), 1'789'999'995);
}

TEST_F(Faults, ARepeatedAnswerIsTheOneThatWasMeant) {
  auto purse = purse_a();
  const auto request = swap_text(purse.fund(2), purse.prepare({2}));
  fault(a(), R"({"fault":"one_fewer"})");
  EXPECT_EQ(purse.post("/v1/swap", request).at("signatures").size(), 0u);
  EXPECT_EQ(purse.post("/v1/swap", request).at("signatures").size(), 1u);
}

}  // namespace
}  // namespace archy::testmint

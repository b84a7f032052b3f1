#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cashu/dhke.hpp"
#include "cashu/mint_answers.hpp"
#include "cashu/mint_info.hpp"
#include "cashu/mint_requests.hpp"
#include "cashu/quote_signature.hpp"
#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

const KeysetId kId = KeysetId::parse("00ad268c4d1f5826").value();

crypto::Point some_point(std::string_view text) { return hash_to_curve(as_bytes(text)); }
BlindedMessage some_output(std::string_view text, std::uint64_t amount = 1) {
  return {Amount(amount), kId, some_point(text)};
}
Proof some_proof(std::string_view secret, std::uint64_t amount) {
  return {Amount(amount), kId, ProofSecret(std::string(secret)), some_point("c")};
}
std::string signature_json(std::uint64_t amount) {
  return R"({"amount":)" + std::to_string(amount) + R"(,"id":")" + kId.text() + R"(","C_":")" +
         some_point("c").hex() + R"("})";
}
std::string with_quote(std::string_view members) {
  return R"({"quote":"q1","request":"lnbc1",)" + std::string(members) + "}";
}

// --- requests

TEST(MintRequests, SwapCarriesWhatSpendsAndNothingThatLinks) {
  Proof locked = some_proof(R"(["P2PK",{"nonce":"00"}])", 2);
  locked.witness = R"({"signatures":[]})";
  locked.p2pk_e = some_point("e");
  locked.dleq = ProofDleq{{}, crypto::Scalar::random()};
  const std::vector<Proof> inputs{some_proof("ab", 8), locked};
  const std::vector<BlindedMessage> outputs{some_output("o", 10)};
  const std::string body = swap_body(inputs, outputs).reveal();
  EXPECT_EQ(body, R"({"inputs":[{"amount":8,"id":"00ad268c4d1f5826","secret":"ab","C":")" +
                      some_point("c").hex() +
                      R"("},{"amount":2,"id":"00ad268c4d1f5826",)"
                      R"("secret":"[\"P2PK\",{\"nonce\":\"00\"}]","C":")" +
                      some_point("c").hex() +
                      R"(","witness":"{\"signatures\":[]}"}],"outputs":[{"amount":10,)"
                      R"("id":"00ad268c4d1f5826","B_":")" +
                      some_point("o").hex() + R"("}]})");
}

TEST(MintRequests, AmountsOfAll64BitsAreWholeNumbers) {
  const std::vector<BlindedMessage> outputs{some_output("o", UINT64_MAX)};
  EXPECT_NE(restore_body(outputs).find(R"("amount":18446744073709551615,)"), std::string::npos);
}

TEST(MintRequests, MintIsSignedByTheQuotesOwner) {
  const auto key = crypto::Scalar::random();
  EXPECT_EQ(mint_quote_body(Amount(5), "sat", crypto::Point::of(key)),
            R"({"amount":5,"unit":"sat","pubkey":")" + crypto::Point::of(key).hex() + R"("})");
  const std::vector<BlindedMessage> outputs{some_output("o", 4), some_output("p")};
  const auto body = nlohmann::json::parse(mint_body("q1", outputs, sign_quote(key, "q1", outputs)));
  crypto::SchnorrSignature signature{};
  ASSERT_TRUE(from_hex_into(body.at("signature").get<std::string>(), signature));
  EXPECT_TRUE(is_quote_signed(crypto::Point::of(key), "q1", outputs, signature));
}

TEST(MintRequests, MeltHasBlanksOnlyWhereSomethingCanComeBack) {
  const std::vector<Proof> inputs{some_proof("ab", 8)};
  const auto without = nlohmann::json::parse(melt_body("q", inputs, {}, false).reveal());
  EXPECT_FALSE(without.contains("outputs"));
  EXPECT_FALSE(without.contains("prefer_async"));
  const std::vector<BlindedMessage> blanks{some_output("o", 0)};
  const auto with = nlohmann::json::parse(melt_body("q", inputs, blanks, true).reveal());
  EXPECT_EQ(with.at("outputs").at(0).at("amount"), 0);
  EXPECT_EQ(with.at("prefer_async"), true);
}

// --- answers

TEST(MintAnswers, SignaturesAreReadInTheirOrder) {
  const auto read =
      parse_signatures(R"({"signatures":[)" + signature_json(2) + "," + signature_json(8) + "]}");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(1).amount, Amount(8));
  EXPECT_FALSE(read->at(0).dleq);
}

TEST(MintAnswers, WhatIsNoAnswerIsTheMintsFault) {
  const std::string good = signature_json(2);
  for (const std::string& text :
       {std::string("<html>502 Bad Gateway</html>"), std::string("{}"),
        std::string(R"({"signatures":{}})"), std::string(R"({"signatures":[7]})"),
        R"({"signatures":[)" + good + "]", R"({"signatures":[],"signatures":[)" + good + "]}",
        R"({"signatures":[{"amount":2.0)" + good.substr(11) + "]}",
        R"({"signatures":[{"amount":-2)" + good.substr(11) + "]}"}) {
    const auto read = parse_signatures(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::peer_fault) << text;
  }
}

TEST(MintAnswers, KeysetsOfUnknownVersionsAreLeftOut) {
  const auto read = parse_keysets_answer(
      R"({"keysets":[{"id":"02ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","unit":"sat","active":true},)"
      R"({"id":"00ad268c4d1f5826","unit":"sat","active":false,"input_fee_ppk":100,"final_expiry":null}]})");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->at(0).id, kId);
  EXPECT_EQ(read->at(0).terms.input_fee_ppk, 100u);
  EXPECT_FALSE(read->at(0).active);
  EXPECT_FALSE(read->at(0).terms.final_expiry);
}

TEST(MintAnswers, MintQuoteOfTodayAndOfOldMints) {
  const auto today = parse_mint_quote(
      with_quote(R"("amount":64,"state":"PAID","amount_paid":64,"amount_issued":0,"expiry":0)"),
      Amount(64));
  ASSERT_TRUE(today);
  EXPECT_EQ(today->paid, Amount(64));
  EXPECT_FALSE(today->expiry);
  for (const auto& [state, paid, issued] :
       {std::tuple("UNPAID", 0, 0), {"PAID", 64, 0}, {"PENDING", 64, 0}, {"ISSUED", 64, 64}}) {
    const auto old =
        parse_mint_quote(with_quote(R"("state":")" + std::string(state) + R"(")"), Amount(64));
    ASSERT_TRUE(old) << state;
    EXPECT_EQ(old->paid.value(), static_cast<std::uint64_t>(paid)) << state;
    EXPECT_EQ(old->issued.value(), static_cast<std::uint64_t>(issued)) << state;
  }
}

TEST(MintAnswers, MintQuoteOfAnotherAmountOrBeyondWhatWasPaidIsRefused) {
  EXPECT_FALSE(parse_mint_quote(with_quote(R"("amount":65,"state":"UNPAID")"), Amount(64)));
  EXPECT_FALSE(parse_mint_quote(
      with_quote(R"("amount":64,"state":"PAID","amount_paid":1,"amount_issued":2)"), Amount(64)));
}

TEST(MintAnswers, NoAmountIsMoreThanThereIs) {
  const std::string all = "2100000000000000", more = "2100000000000001";
  const auto mint_quote = [](const std::string& paid) {
    return parse_mint_quote(with_quote(R"("state":"PAID","amount_issued":0,"amount_paid":)" + paid),
                            Amount(5));
  };
  EXPECT_TRUE(mint_quote(all));
  EXPECT_EQ(mint_quote(more).error().code, Code::peer_fault);
  const auto melt_quote = [](const std::string& amount, const std::string& reserve) {
    return parse_melt_quote(with_quote(R"("amount":)" + amount + R"(,"fee_reserve":)" + reserve));
  };
  EXPECT_TRUE(melt_quote(all, all));
  EXPECT_FALSE(melt_quote(more, "1"));
  EXPECT_FALSE(melt_quote("1", more));
  const auto signature = [](const std::string& amount) {
    return parse_signatures(R"({"signatures":[)" + signature_json(std::stoull(amount)) + "]}");
  };
  EXPECT_TRUE(signature(all));
  EXPECT_FALSE(signature(more));
}

TEST(MintAnswers, MeltQuoteWithChangeAndAPreimageThatIsNone) {
  const auto read = parse_melt_quote(
      R"({"quote":"q","amount":2000,"fee_reserve":40,"state":"PAID","expiry":1789000000,)"
      R"("payment_preimage":"","change":[)" +
      signature_json(8) + "," + signature_json(32) + "]}");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, QuoteState::paid);
  EXPECT_EQ(read->preimage, "");
  ASSERT_EQ(read->change.size(), 2u);
  EXPECT_EQ(read->change[1].amount, Amount(32));
  const auto odd =
      parse_melt_quote(R"({"quote":"q","amount":1,"fee_reserve":0,"state":"LATER","change":null})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->state, QuoteState::unknown);
}

TEST(MintAnswers, StatesAnswerWhatWasAskedInItsOrder) {
  const std::vector ys{some_point("a"), some_point("b")};
  const auto entry = [&](std::size_t i, std::string_view state) {
    return R"({"Y":")" + ys[i].hex() + R"(","state":")" + std::string(state) +
           R"(","witness":null})";
  };
  const auto answer = [](const std::string& list) { return R"({"states":[)" + list + "]}"; };
  const auto good = parse_states(answer(entry(0, "SPENT") + "," + entry(1, "UNSPENT")), ys);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, (std::vector{SpendState::spent, SpendState::unspent}));
  EXPECT_FALSE(parse_states(answer(entry(1, "SPENT") + "," + entry(0, "SPENT")), ys));
  EXPECT_FALSE(parse_states(answer(entry(0, "SPENT")), ys));
  EXPECT_FALSE(parse_states(answer(entry(0, "SPENT") + "," + entry(1, "LOST")), ys));
}

TEST(MintAnswers, RestoredSignaturesGoToTheOutputsTheyAreOf) {
  const std::vector asked{some_output("a"), some_output("b"), some_output("c")};
  const auto output = [&](std::size_t i) { return R"({"B_":")" + asked[i].b.hex() + R"("})"; };
  const auto answer = [](const std::string& outputs, const std::string& signatures) {
    return R"({"outputs":[)" + outputs + R"(],"signatures":[)" + signatures + "]}";
  };
  const auto good = parse_restored(
      answer(output(2) + "," + output(0), signature_json(4) + "," + signature_json(1)), asked);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->at(0)->amount, Amount(1));
  EXPECT_FALSE(good->at(1));
  EXPECT_EQ(good->at(2)->amount, Amount(4));
  EXPECT_EQ(parse_restored(answer("", ""), asked)->size(), 3u);
  // One output twice would be its sum twice.
  EXPECT_FALSE(parse_restored(
      answer(output(0) + "," + output(0), signature_json(1) + "," + signature_json(1)), asked));
  EXPECT_FALSE(parse_restored(answer(output(0), ""), asked));
  const std::string stranger = R"({"B_":")" + some_point("x").hex() + R"("})";
  EXPECT_FALSE(parse_restored(answer(stranger, signature_json(1)), asked));
}

TEST(MintAnswers, ARefusalIsACodeAndOneLine) {
  const auto plain = parse_refusal(R"({"detail":"Token is already\nspent","code":11001})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->code, 11001u);
  EXPECT_EQ(plain->detail, R"(Token is already\x0aspent)");
  EXPECT_TRUE(parse_refusal(R"({"detail":[{"loc":["body"]}],"code":0})"));
  EXPECT_FALSE(parse_refusal("<html>504</html>"));
  EXPECT_FALSE(parse_refusal(R"({"detail":"no code"})"));
  EXPECT_FALSE(parse_refusal(R"({"detail":"","code":4294967296})"));
}

// --- what it says it can do

TEST(MintInfo, OfNutshellAndCdk) {
  const auto read = parse_info(
      R"({"name":"n","version":"nutshell/0.20.3","time":1700000000,"nuts":{)"
      R"("4":{"methods":[{"method":"bolt11","unit":"sat","min_amount":0,"max_amount":500}],"disabled":false},)"
      R"("5":{"methods":[{"method":"bolt11","unit":"sat"}],"disabled":true},)"
      R"("7":{"supported":true},"9":{"supported":true},"12":{"supported":true},)"
      R"("17":{"supported":[{"method":"bolt11","unit":"sat","commands":[]}]},)"
      R"("19":{"ttl":60,"cached_endpoints":[{"method":"POST","path":"/v1/swap"}]},"20":{"supported":false}}})");
  ASSERT_TRUE(read);
  ASSERT_EQ(read->mint_methods.size(), 1u);
  EXPECT_EQ(read->mint_methods[0].max, Amount(500));
  EXPECT_TRUE(read->melt_methods.empty());
  EXPECT_TRUE(read->states && read->restore && read->dleq && read->subscriptions);
  EXPECT_FALSE(read->change || read->signed_quotes || read->locks);
  EXPECT_TRUE(read->repeats("POST /v1/swap"));
  EXPECT_FALSE(read->repeats("POST /v1/mint/bolt11"));
  EXPECT_EQ(read->cached.ttl_s, 60u);
}

TEST(MintInfo, WhatIsOddlyShapedIsNotSaid) {
  const auto read = parse_info(
      R"({"name":7,"nuts":{"4":[],"7":{"supported":"yes"},"9":true,"17":{"supported":[]},"19":{"ttl":-1,"cached_endpoints":{}}}})");
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->states || read->restore || read->subscriptions);
  EXPECT_TRUE(read->name.empty());
  EXPECT_FALSE(parse_info("[]"));
}

}  // namespace
}  // namespace archy::cashu

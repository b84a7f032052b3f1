#include "testmint/lightning.hpp"

#include "cashu/bolt11.hpp"
#include "testmint/invoice.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

TEST(Invoices, AreReadAsTheyWereMeant) {
  const auto key = crypto::Scalar::random();
  InvoiceTerms terms;
  terms.timestamp = 1'790'000'000;
  terms.expiry_s = 600;
  terms.payment_hash.bytes = {1, 2, 3};
  terms.payment_secret = {4, 5, 6};
  for (const std::uint64_t msat : {0ull, 1ull, 1000ull, 12'345ull, 2'500'000'000ull}) {
    for (const char* text : {"", "coffee", "\xc3\xa4 and twelve"}) {
      for (const char* prefix : {"lnbcrt", "lnbc"}) {
        terms.prefix = prefix;
        terms.amount_msat = msat;
        terms.description = text;
        const auto invoice = cashu::parse_invoice(sign_invoice(terms, key));
        ASSERT_TRUE(invoice) << invoice.error().detail;
        EXPECT_EQ(invoice->amount_msat.value_or(0), msat);
        EXPECT_EQ(invoice->timestamp, terms.timestamp);
        EXPECT_EQ(invoice->expiry_s, 600u);
        EXPECT_EQ(invoice->payment_hash, terms.payment_hash);
        EXPECT_EQ(invoice->payment_secret, terms.payment_secret);
        EXPECT_EQ(invoice->description, text);
        EXPECT_EQ(invoice->payee, crypto::Point::of(key));
        EXPECT_EQ(invoice->tags, "psdxc9");
      }
    }
  }
}

struct Payments : MintTest {
  Payments() { open(); }
  IssuedInvoice of(const std::string& owner) {
    return *lightning().invoice(owner, 10'000, "", 60, now_ms);
  }
};

TEST_F(Payments, ArriveOnceAndCost) {
  ASSERT_EQ(lightning().received_sat(Sha256Digest{}, now_ms).value(), 0u);
  lightning().set_fees({2, 100'000});
  const auto invoice = of("mint-b");
  EXPECT_EQ(lightning().owner_of(invoice.hash).value(), "mint-b");
  const auto paid = lightning().pay({"mint-a", invoice.text, 5}, now_ms);
  ASSERT_TRUE(paid);
  EXPECT_EQ(paid->state, PayState::paid);
  EXPECT_EQ(paid->fee_sat, 3u);
  EXPECT_EQ(lightning().received_sat(invoice.hash, now_ms).value(), 10u);
  EXPECT_EQ(lightning().pay({"mint-a", invoice.text, 5}, now_ms).error().code, Code::denied);
  EXPECT_EQ(lightning().pay({"mint-a", of("mint-a").text, 5}, now_ms)->fee_sat, 0u);
  EXPECT_EQ(lightning().pay({"mint-a", of("mint-b").text, 1}, now_ms)->fee_sat, 1u);
}

TEST_F(Payments, OnTheirWayAreNotTriedAgain) {
  const auto invoice = of("mint-b");
  const PayOrder order{"mint-a", invoice.text, 5, {.after_ms = 50}};
  EXPECT_EQ(lightning().pay(order, now_ms)->state, PayState::in_flight);
  EXPECT_EQ(lightning().pay(order, now_ms).error().code, Code::try_later);
  EXPECT_EQ(lightning().received_sat(invoice.hash, now_ms).value(), 0u);
  // The payee sees it even when nobody asks how the payment went.
  EXPECT_EQ(lightning().received_sat(invoice.hash, now_ms + 50).value(), 10u);
  EXPECT_EQ(lightning().status(invoice.hash, now_ms + 50)->state, PayState::paid);
}

TEST_F(Payments, FailAndAreTriedAgain) {
  const auto invoice = of("mint-b");
  EXPECT_EQ(
      lightning().pay({"mint-a", invoice.text, 5, {.end = PayScript::End::failed}}, now_ms)->state,
      PayState::failed);
  EXPECT_EQ(lightning().pay({"mint-a", invoice.text, 5}, now_ms)->state, PayState::paid);
  EXPECT_EQ(lightning().pay({"mint-a", of("mint-b").text, 5}, now_ms + 61'000)->state,
            PayState::failed);  // the invoice has expired
  InvoiceTerms stranger;
  stranger.amount_msat = 1000;
  stranger.timestamp = 1'790'000'000;
  const auto text = sign_invoice(stranger, crypto::Scalar::random());
  EXPECT_EQ(lightning().pay({"mint-a", text, 5}, now_ms)->state, PayState::failed);
  EXPECT_EQ(lightning().pay({"mint-a", "lnbc1", 5}, now_ms).error().code, Code::bad_input);
  EXPECT_FALSE(lightning().pay_from_outside(text, {}, now_ms));
}

}  // namespace
}  // namespace archy::testmint

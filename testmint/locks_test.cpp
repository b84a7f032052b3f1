// Ecash that asks for more than its secret: NUT-10, 11, 14.
#include "base/hex.hpp"
#include "cashu/spending_condition.hpp"
#include "crypto/sha256.hpp"
#include "testmint/mint_fixture.hpp"

namespace archy::testmint {
namespace {

struct Locks : MintTest {
  Locks() { open(); }

  cashu::SpendingCondition to_key() const {
    cashu::SpendingCondition out;
    out.key = crypto::Point::of(key);
    return out;
  }
  // 4 sat that are locked so.
  cashu::Proof lock(cashu::SpendingCondition condition) {
    condition.nonce = to_hex(crypto::Scalar::random().reveal());
    auto purse = purse_a();
    const auto outputs = purse.prepare_locked({4}, cashu::to_secret(condition).reveal());
    const Json answer = purse.post("/v1/swap", swap_text(purse.fund(4), outputs));
    return purse.unblind(outputs, answer.at("signatures")).at(0);
  }
  int spend(const cashu::Proof& proof) {
    auto purse = purse_a();
    return purse.post("/v1/swap", swap_text({&proof, 1}, purse.prepare({4}))).value("code", 0);
  }
  static void sign(cashu::Proof& proof, const crypto::Scalar& with) {
    proof.witness = cashu::to_string(
        {.signatures = {crypto::schnorr_sign(with, cashu::sig_inputs_digest(proof))}});
  }
  const crypto::Scalar key = crypto::Scalar::random();
  const crypto::Scalar other = crypto::Scalar::random();
};

TEST_F(Locks, OpenToTheirKey) {
  auto proof = lock(to_key());
  EXPECT_EQ(spend(proof), 10001);
  sign(proof, other);
  EXPECT_EQ(spend(proof), 10001);
  sign(proof, key);
  EXPECT_EQ(spend(proof), 0);
  EXPECT_EQ(spend(proof), 11001);
}

TEST_F(Locks, OpenToTheRefundKeyInTime) {
  auto condition = to_key();
  condition.locktime = 1'790'000'100;
  condition.refund = {crypto::Point::of(other)};
  auto proof = lock(condition);
  sign(proof, other);
  EXPECT_EQ(spend(proof), 10001);
  now_ms += 101'000;
  EXPECT_EQ(spend(proof), 0);
}

TEST_F(Locks, OpenToAPreimage) {
  const std::array<std::uint8_t, 32> preimage{1, 2, 3};
  cashu::SpendingCondition condition;
  condition.kind = cashu::LockKind::htlc;
  condition.hash = crypto::sha256(preimage);
  auto proof = lock(condition);
  EXPECT_EQ(spend(proof), 10001);
  proof.witness = cashu::to_string({.signatures = {}, .preimage = to_hex(preimage)});
  EXPECT_EQ(spend(proof), 0);
}

TEST_F(Locks, SignedForAllCoverTheQuoteOfAMelt) {
  auto condition = to_key();
  condition.sig_flag = cashu::SigFlag::all;
  auto proof = lock(condition);
  auto purse = purse_a();
  const Json quote = purse.melt_quote(outside_invoice(1));
  const auto blanks = purse.blanks(2);
  const auto melt = [&](std::string_view signed_quote) {
    const auto digest = cashu::sig_all_digest({&proof, 1}, Purse::messages(blanks), signed_quote);
    proof.witness = cashu::to_string({.signatures = {crypto::schnorr_sign(key, digest)}});
    return purse.post("/v1/melt/bolt11", melt_text(quote, {&proof, 1}, blanks));
  };
  EXPECT_EQ(melt("another").at("code"), 10001);
  EXPECT_EQ(melt(quote.at("quote").get<std::string>()).at("state"), "PAID");
}

TEST_F(Locks, MeanNothingToAMintWithoutThem) {
  const auto proof = lock(to_key());
  a().options().without = {11};
  EXPECT_EQ(spend(proof), 0);
}

}  // namespace
}  // namespace archy::testmint

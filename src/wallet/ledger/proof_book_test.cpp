#include "wallet/ledger/proof_book.hpp"

#include <fstream>

#include "wallet/ledger/book_fixture.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::test::ToyMint;

struct ProofBooks : BookTest {
  const ToyMint mint;
  const MintId id = known("https://a.example", mint);
  const OperationId minted = operation(id);
  const OperationId spending = operation(id);

  std::uint64_t balance(ProofState state = ProofState::spendable) {
    return proofs->balance(id, "sat", state)->value();
  }
};

TEST_F(ProofBooks, GiveBackWhatTheyWereGiven) {
  const auto added = issued(mint, {1, 4, 4});
  ASSERT_TRUE(proofs->put(minted, added));
  open();
  EXPECT_EQ(balance(), 9u);
  EXPECT_EQ(*proofs->holdings(mint.id), (Holdings{{Amount(1), 1}, {Amount(4), 2}}));
  const auto taken = proofs->take(spending, mint.id, Amount(1), 1);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(cashu::same_proof(taken->at(0), added[0].proof.proof()));
}

TEST_F(ProofBooks, AProofIsThereOnce) {
  auto added = issued(mint, {8});
  ASSERT_TRUE(proofs->put(minted, added));
  const auto again = proofs->put(minted, added);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::denied);
  ASSERT_TRUE(proofs->take(spending, mint.id, Amount(8), 1));
  ASSERT_TRUE(proofs->settle(spending, ProofState::reserved, ProofState::spent));
  EXPECT_FALSE(proofs->put(minted, added)) << "a spent one does not come back";
  EXPECT_EQ(balance(), 0u);
}

TEST_F(ProofBooks, OneThatIsThereKeepsAllOthersOut) {
  auto added = issued(mint, {8, 2});
  ASSERT_TRUE(proofs->put(minted, std::span(added).last(1)));
  EXPECT_FALSE(proofs->put(minted, added));
  EXPECT_EQ(balance(), 2u);
}

TEST_F(ProofBooks, MoveBetweenStatesWithoutLosingASat) {
  ASSERT_TRUE(proofs->put(minted, issued(mint, {16, 16, 2})));
  ASSERT_TRUE(proofs->take(spending, mint.id, Amount(16), 2));
  EXPECT_EQ(balance(), 2u);
  EXPECT_EQ(balance(ProofState::reserved), 32u);
  EXPECT_EQ(proofs->held(spending, ProofState::reserved)->size(), 2u);
  ASSERT_TRUE(proofs->settle(spending, ProofState::reserved, ProofState::spendable));
  EXPECT_EQ(balance(), 34u);
  EXPECT_TRUE(proofs->held(spending, ProofState::reserved)->empty());
  ASSERT_TRUE(proofs->take(spending, mint.id, Amount(16), 1));
  ASSERT_TRUE(proofs->settle(spending, ProofState::reserved, ProofState::given));
  EXPECT_EQ(balance(ProofState::given), 16u);
  ASSERT_TRUE(proofs->settle(spending, ProofState::given, ProofState::spent));
  EXPECT_EQ(balance(ProofState::spent), 16u);
  EXPECT_EQ(balance(), 18u);
  EXPECT_FALSE(proofs->settle(spending, ProofState::spent, ProofState::spendable))
      << "spent is spent";
  EXPECT_EQ(balance(), 18u);
}

TEST_F(ProofBooks, TakeAllOrNothing) {
  ASSERT_TRUE(proofs->put(minted, issued(mint, {4, 4})));
  const auto taken = proofs->take(spending, mint.id, Amount(4), 3);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::payment_needed);
  EXPECT_EQ(balance(), 8u);
}

TEST_F(ProofBooks, AreNeverForgotten) {
  ASSERT_TRUE(proofs->put(minted, issued(mint, {4})));
  EXPECT_FALSE(db->connection().run("DELETE FROM proofs"));
}

TEST_F(ProofBooks, KeepForeignSecretsSealed) {
  auto added = issued(mint, {4, 8});
  added[1].counter.reset();  // as if it had come in a token
  const std::string secret = added[1].proof.proof().secret.reveal();
  const std::string derived = added[0].proof.proof().secret.reveal();
  ASSERT_TRUE(proofs->put(minted, added));
  const auto taken = proofs->take(spending, mint.id, Amount(8), 1);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->at(0).secret.reveal(), secret);
  proofs.reset();
  mints.reset();
  ASSERT_TRUE(db->close());
  db.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find(derived), std::string::npos) << file.path();
  }
}

}  // namespace
}  // namespace archy::wallet

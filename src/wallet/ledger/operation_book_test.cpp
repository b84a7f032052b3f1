#include "wallet/ledger/operation_book.hpp"

#include "crypto/sha256.hpp"
#include "wallet/ledger/book_fixture.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::test::ToyMint;

struct OperationBooks : BookTest {
  const ToyMint mint;
  const MintId id = known("https://a.example", mint);
  OperationBook book() { return OperationBook(*db, key, random); }
};

TEST_F(OperationBooks, AnIdempotencyKeyBeginsOneOperation) {
  const auto request = crypto::sha256(as_bytes("pay 1"));
  const NewOperation paid{
      .mint = id, .amount = Amount(1), .idempotency_key = "invoice 7", .request = request};
  const auto begun = book().begin(paid, 1);
  ASSERT_TRUE(begun);
  const auto again = book().begin(paid, 2);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::denied);
  EXPECT_EQ(book().find("invoice 7", request)->value().id, begun->id);
  const auto other = book().find("invoice 7", crypto::sha256(as_bytes("pay 2")));
  ASSERT_FALSE(other) << "the same name for something else";
  EXPECT_EQ(other.error().code, Code::denied);
  EXPECT_TRUE(book().begin({.mint = id}, 3));
  EXPECT_TRUE(book().begin({.mint = id}, 4)) << "without one there is no limit";
}

TEST_F(OperationBooks, OfTwoThatGoOnOnlyTheFirstChangesAnything) {
  Operation first = *book().begin({.mint = id}, 1);
  Operation second = *book().find(first.id).value();
  first.stage = Stage::requested;
  ASSERT_TRUE(book().update(first, 2));
  second.state = OperationState::failed;
  const auto lost = book().update(second, 3);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::denied);
  EXPECT_EQ(book().find(first.id)->value().stage, Stage::requested);
  first.stage = Stage::settled;
  EXPECT_TRUE(book().update(first, 4)) << "the owner goes on";
}

TEST_F(OperationBooks, AnEndIsAnEnd) {
  Operation operation = *book().begin({.mint = id}, 1);
  operation.state = OperationState::done;
  ASSERT_TRUE(book().update(operation, 2));
  operation.state = OperationState::open;
  EXPECT_FALSE(book().update(operation, 3));
  EXPECT_TRUE(book().open()->empty());
}

TEST_F(OperationBooks, QuotesAndTokensComeBackAfterACrash) {
  const OperationId begun = operation(id);
  ASSERT_TRUE(book().put_quote(begun, {Secret<std::string>("quote-9"), "lnbc1", Amount(7),
                                       Amount(2), Amount(3), 1'900'000'000, 5}));
  ASSERT_TRUE(book().set_preimage(begun, "00ff"));
  ASSERT_TRUE(book().keep_token(begun, Secret<std::string>("cashuBsecret")));
  open();
  const auto quote = book().quote(begun).value();
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->id.reveal(), "quote-9");
  EXPECT_EQ(quote->fee_reserve, Amount(2));
  EXPECT_EQ(quote->most_fee, Amount(3));
  EXPECT_EQ(quote->expiry, 1'900'000'000u);
  EXPECT_EQ(quote->key_index, 5u);
  EXPECT_EQ(quote->preimage, "00ff");
  EXPECT_EQ(book().token(begun)->value().reveal(), "cashuBsecret");
  EXPECT_FALSE(book().quote(operation(id)).value());
}

TEST_F(OperationBooks, NoKeyOfAQuoteIsTakenTwice) {
  const auto first = book().take_key_index();
  ASSERT_TRUE(first);
  open();
  EXPECT_GT(*book().take_key_index(), *first);
}

TEST_F(OperationBooks, TheLedgerAddsUp) {
  const OperationId begun = operation(id);
  ASSERT_TRUE(book().enter({begun, id, 100, Amount(0), 1}));
  ASSERT_TRUE(book().enter({begun, id, -31, Amount(1), 2}));
  EXPECT_EQ(*book().ledger_sum(id), 69);
}

}  // namespace
}  // namespace archy::wallet

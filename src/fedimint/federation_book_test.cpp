#include "fedimint/federation_book.hpp"

#include "crypto/sha256.hpp"
#include "wallet/ledger/book_fixture.hpp"

namespace archy::fedimint {
namespace {

const std::string kFederation(64, '1');

struct FederationBooks : wallet::BookTest {
  FederationBook book() { return FederationBook(*db, key, random); }
  NewFederationOperation order(IssuerAction kind, const std::string& name,
                               std::uint64_t amount = 5) {
    return {.federation = kFederation,
            .kind = kind,
            .key = name,
            .request = crypto::sha256(as_bytes(name)),
            .mark = book().new_mark(),
            .amount = Msat(amount),
            .path = "/v2/mint/spend",
            .body = Secret<std::string>("the body"),
            .anchor = std::string(64, '0')};
  }
  FederationOperation begun(IssuerAction kind, const std::string& name, std::uint64_t amount = 5) {
    auto out = book().begin(order(kind, name, amount), 1);
    EXPECT_TRUE(out) << out.error().detail;
    return std::move(*out);
  }
};

TEST_F(FederationBooks, ARequestComesBackAsItWasStored) {
  const auto stored = begun(IssuerAction::pay, "p");
  open();
  const auto found = book().find(stored.id).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mark, stored.mark);
  EXPECT_EQ(found->amount, Msat(5));
  EXPECT_EQ(found->anchor, std::string(64, '0'));
  EXPECT_EQ(found->stage, FederationStage::armed);
  EXPECT_EQ(book().body(*found)->reveal(), "the body");
  EXPECT_FALSE(*book().notes(*found));
  EXPECT_EQ(book().find(kFederation, "p", crypto::sha256(as_bytes("p")))->value().id, stored.id);
  EXPECT_EQ(book().find(kFederation, "p", crypto::sha256(as_bytes("q"))).error().code,
            Code::denied);
}

TEST_F(FederationBooks, WhatTheDaemonsLogCouldNotTellApartIsNotBegun) {
  begun(IssuerAction::spend, "s");
  EXPECT_EQ(book().begin(order(IssuerAction::spend, "s"), 1).error().code, Code::denied);
  EXPECT_EQ(book().begin(order(IssuerAction::spend, "s2"), 1).error().code, Code::try_later);
  begun(IssuerAction::spend, "s3", 6);
  begun(IssuerAction::reissue, "n");
  auto pay = order(IssuerAction::pay, "p");
  pay.payment_hash = pay.request;
  auto first = book().begin(pay, 1);
  ASSERT_TRUE(first);
  pay.key = "p2", pay.mark = book().new_mark();
  EXPECT_EQ(book().begin(pay, 1).error().code, Code::denied) << "the same invoice";
  first->stage = FederationStage::undone;
  ASSERT_TRUE(book().update(*first, 2));
  EXPECT_TRUE(book().begin(pay, 1));
}

TEST_F(FederationBooks, ASendingIsCountedAndAnAnswerTakesItBack) {
  auto operation = begun(IssuerAction::pay, "p");
  ASSERT_TRUE(book().mark_sent(operation, 10));
  EXPECT_EQ(book().find(operation.id)->value().lost_ms, 10);
  ASSERT_TRUE(book().mark_sent(operation, 20));
  book().note_answer(operation);
  ASSERT_TRUE(book().update(operation, 21));
  const auto now = book().find(operation.id)->value();
  EXPECT_EQ(now.sendings, 2);
  EXPECT_EQ(now.lost_ms, 10) << "the first one is still lost";
  EXPECT_EQ(now.sent_ms, 20);
  EXPECT_EQ(now.stage, FederationStage::sent);
}

TEST_F(FederationBooks, OfTwoThatGoOnOnlyTheFirstChangesAnything) {
  auto first = begun(IssuerAction::spend, "s");
  auto second = *book().find(first.id).value();
  ASSERT_TRUE(book().mark_sent(first, 1));
  EXPECT_EQ(book().mark_sent(second, 1).error().code, Code::denied);
  EXPECT_EQ(book().update(second, 1).error().code, Code::denied);
}

TEST_F(FederationBooks, NotesAreThereWhenItSaysSoAndAnEndIsAnEnd) {
  auto operation = begun(IssuerAction::spend, "s");
  operation.stage = FederationStage::handed;
  EXPECT_FALSE(book().update(operation, 1)) << "without its notes";
  operation.daemon_operation = std::string(64, 'a');
  ASSERT_TRUE(book().update(operation, 1, Secret<std::string>("AgEE")));
  EXPECT_EQ(book().notes(operation)->value().reveal(), "AgEE");
  EXPECT_TRUE(book().named(kFederation)->contains(std::string(64, 'a')));
  operation.daemon_operation = std::string(64, 'b');
  EXPECT_FALSE(book().update(operation, 2)) << "the daemon's name for it stays";
  operation.daemon_operation = std::string(64, 'a');
  operation.stage = FederationStage::lapsed;
  ASSERT_TRUE(book().update(operation, 3));
  operation.stage = FederationStage::done;
  EXPECT_FALSE(book().update(operation, 4));
  EXPECT_TRUE(book().open(kFederation)->empty());
  EXPECT_FALSE(db->connection().run("DELETE FROM federation_operations"));
  EXPECT_FALSE(db->connection().run("UPDATE federation_operations SET anchor = NULL"));
}

TEST_F(FederationBooks, NotesThatWereNotTakenMayBeOfferedAgain) {
  auto first = begun(IssuerAction::reissue, "n");
  EXPECT_FALSE(book().begin(order(IssuerAction::reissue, "n"), 1));
  first.stage = FederationStage::undone;
  ASSERT_TRUE(book().update(first, 2));
  const auto second = begun(IssuerAction::reissue, "n");
  EXPECT_EQ(book().find(kFederation, "n", crypto::sha256(as_bytes("n")))->value().id, second.id);
}

}  // namespace
}  // namespace archy::fedimint

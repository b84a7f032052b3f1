#include "streaming/session_book.hpp"

#include "crypto/sha256.hpp"
#include "streaming/grace.hpp"
#include "streaming/service_book.hpp"
#include "wallet/ledger/book_fixture.hpp"

namespace archy::streaming {
namespace {

using wallet::Operation;
using wallet::OperationKind;
using wallet::OperationState;

struct SessionBooks : wallet::BookTest {
  SessionBook book() { return SessionBook(*db); }
  wallet::OperationBook operations() { return wallet::OperationBook(*db, key, random); }
  Scope scope(std::uint8_t peer = 1, std::uint8_t hash = 1) {
    Scope out;
    out.peer.bytes[0] = peer;
    out.hash.bytes[0] = hash;
    return out;
  }
  // A token of this worth, on its way.
  Operation received(const Scope& whose, const std::string& name, std::uint64_t sat) {
    if (!mint) mint = mints->add("https://a.test", 1)->id;
    auto operation = operations().begin(
        {.kind = OperationKind::receive, .mint = *mint, .amount = Amount(sat)}, 1);
    EXPECT_TRUE(operation);
    const auto begun = book().begin_payment(whose, name, operation->id, terms, 1000);
    EXPECT_TRUE(begun) << begun.error().detail;
    return *operation;
  }
  Result<> end(Operation& operation, OperationState state, std::uint64_t net) {
    operation.state = state;
    operation.amount = Amount(net);
    return operations().update(operation, 2000);
  }
  std::optional<wallet::MintId> mint;
  Price terms{Metric::bytes, 1000, Amount(2), 1};
};

TEST_F(SessionBooks, APaymentIsCreditExactlyWhenItsOperationIsBooked) {
  auto operation = received(scope(), "one", 100);
  EXPECT_EQ((*book().open(scope()))->credit, Msat(0));
  EXPECT_EQ((*book().payment("one"))->state, PaymentState::open);
  EXPECT_TRUE(*book().has_open_payment((*book().open(scope()))->id));
  {
    auto transaction = db->begin();
    ASSERT_TRUE(end(operation, OperationState::done, 98));
    EXPECT_EQ((*book().open(scope()))->credit, Msat(98'000));
    --operation.version;
  }
  EXPECT_EQ((*book().open(scope()))->credit, Msat(0)) << "one goes back with the other";
  ASSERT_TRUE(end(operation, OperationState::done, 98));
  open();
  const auto session = *book().open(scope());
  EXPECT_EQ(session->credit, Msat(98'000)) << "what the wallet got, not what the token said";
  EXPECT_EQ(session->expires_ms, 2000 + kSessionMs);
  EXPECT_EQ((*book().payment("one"))->net, Msat(98'000));
  EXPECT_FALSE(*book().has_open_payment(session->id));
  ASSERT_TRUE(operations().update(operation, 3000)) << "an end that is written again";
  EXPECT_EQ((*book().open(scope()))->credit, Msat(98'000));
  EXPECT_EQ(book().days(0, 9)->at(0).earned, Amount(98));
  EXPECT_EQ(book().days(0, 9)->at(0).sessions, 1u);
}
TEST_F(SessionBooks, WhatIsNotReceivedIsNoCredit) {
  auto operation = received(scope(), "one", 100);
  ASSERT_TRUE(end(operation, OperationState::failed, 100));
  EXPECT_EQ((*book().payment("one"))->state, PaymentState::failed);
  EXPECT_EQ((*book().open(scope()))->credit, Msat(0));
  auto own = operations().begin({.kind = OperationKind::receive, .mint = *mint}, 1);
  ASSERT_TRUE(end(*own, OperationState::done, 5));
  EXPECT_EQ((*book().open(scope()))->credit, Msat(0)) << "nobody's payment";
}
TEST_F(SessionBooks, CreditIsOneScopesAndNoOthers) {
  auto one = received(scope(1, 1), "one", 10);
  auto two = received(scope(1, 1), "two", 10);
  auto other = received(scope(2, 1), "three", 30);
  ASSERT_TRUE(end(one, OperationState::done, 10) && end(two, OperationState::done, 10) &&
              end(other, OperationState::done, 30));
  EXPECT_EQ((*book().open(scope(1, 1)))->credit, Msat(20'000));
  EXPECT_EQ((*book().open(scope(2, 1)))->credit, Msat(30'000));
  EXPECT_FALSE(*book().open(scope(1, 2)));
  EXPECT_EQ(book().list(true)->size(), 2u);
  EXPECT_EQ((*book().last_credited((*book().open(scope(1, 1)))->id))->name, "two");
}
TEST_F(SessionBooks, RowsHoldTheirOwnRules) {
  auto operation = received(scope(), "one", 100);
  ASSERT_TRUE(end(operation, OperationState::done, 100));
  auto& sql = db->connection();
  for (const char* wrong :
       {"DELETE FROM payments", "DELETE FROM sessions", "DELETE FROM service_days",
        "UPDATE sessions SET credit_msat = credit_msat - 1",
        "UPDATE sessions SET used_msat = credit_msat + 1", "UPDATE sessions SET peer = hash",
        "UPDATE payments SET state = 0", "UPDATE payments SET net_msat = 1",
        "UPDATE sessions SET refund_sat = 1"})
    EXPECT_FALSE(sql.run(wrong)) << wrong;
  EXPECT_FALSE(book().begin_payment(scope(2), "two", operation.id, terms, 1))
      << "one operation, one payment";
  const auto id = (*book().open(scope()))->id;
  ASSERT_TRUE(book().write_used(
      {.id = id, .terms = terms, .used = Msat(40'000), .units = 20'000, .units_new = 20'000},
      3000));
  EXPECT_FALSE(sql.run("UPDATE sessions SET used_msat = 0"));
  ASSERT_TRUE(book().close(id, 4000));
  EXPECT_EQ(book().close(id, 4001).error().code, Code::denied);
  EXPECT_EQ(book().write_used({.id = id, .terms = terms, .used = Msat(50'000)}, 1).error().code,
            Code::denied);
  ASSERT_TRUE(book().begin_refund(id, Amount(60), "https://a.test"));
  EXPECT_FALSE(book().begin_refund(id, Amount(61), "https://a.test"));
  ASSERT_TRUE(book().retry_refund(id, "https://b.test", 1));
  const auto session = **book().find(id);
  ASSERT_TRUE(book().end_refund(session, operation.id, Amount(61), 5000));
  EXPECT_EQ(book().end_refund(session, operation.id, Amount(61), 5000).error().code, Code::denied);
  EXPECT_FALSE(sql.run("UPDATE sessions SET refund = NULL"));
  EXPECT_EQ((*book().find(id))->refund->mint, "https://b.test");
  EXPECT_EQ(book().days(0, 9)->at(0).refunded, Amount(61));
  EXPECT_EQ(book().days(0, 9)->at(0).units_paid, 20'000u);
  EXPECT_FALSE(*book().open(scope()));
}
TEST_F(SessionBooks, AnExpiredOneGivesWayToANewOne) {
  auto first = received(scope(), "one", 100);
  ASSERT_TRUE(end(first, OperationState::done, 100));
  const auto old = (*book().open(scope()))->id;
  auto operation =
      operations().begin({.kind = OperationKind::receive, .mint = *mint, .amount = Amount(1)}, 1);
  ASSERT_TRUE(book().begin_payment(scope(), "two", operation->id, terms, 2000 + kSessionMs));
  EXPECT_NE((*book().open(scope()))->id, old);
  EXPECT_EQ((*book().find(old))->credit, Msat(100'000)) << "still there to be given back";
}
TEST_F(SessionBooks, ServicesAreOffUntilTheyAreConfigured) {
  ServiceBook services(*db);
  for (const Service& service : *services.list()) EXPECT_FALSE(service.enabled);
  Service film{ServiceId::film,
               true,
               {Metric::milliseconds, 60'000, Amount(3), 2},
               std::vector<std::string>{"https://a.test", "https://b.test/x"}};
  EXPECT_EQ(services.put(film, 1, 1).error().code, Code::try_later);
  EXPECT_EQ(services.put(film, 0, 1)->revision, 1u);
  EXPECT_EQ(services.put(film, 0, 1).error().code, Code::try_later) << "seen before the change";
  open();
  const auto stored = ServiceBook(*db).find(ServiceId::film);
  EXPECT_EQ(stored->price, film.price);
  EXPECT_EQ(stored->accepted_mints, film.accepted_mints);
  film.accepted_mints = std::vector<std::string>{};
  EXPECT_EQ(ServiceBook(*db).put(film, 1, 1)->revision, 2u);
  EXPECT_EQ(ServiceBook(*db).find(ServiceId::film)->accepted_mints, film.accepted_mints)
      << "none is not all of them";
}
TEST_F(SessionBooks, GraceIsCountedBeforeItIsUsedAndEndsWithTheDaysBudget) {
  Grace grace;
  const auto take = [&](std::uint8_t peer, std::string_view prefix, std::int64_t now = 5) {
    return *grace.take(*db, scope(peer).peer, prefix, ServiceId::content_download, 16384, now);
  };
  std::uint64_t sent = 0;
  while (take(1, "")) sent += 16384;
  EXPECT_EQ(sent, kGraceOfPeer);
  EXPECT_FALSE(*grace.has_room(*db, scope(1).peer, "", 5));
  EXPECT_TRUE(take(2, "10.0.0")) << "another peer";
  while (take(2, "10.0.0")) {
  }
  EXPECT_FALSE(take(3, "10.0.0")) << "of the same addresses";
  EXPECT_TRUE(take(3, ""));
  open();
  Grace after;
  EXPECT_FALSE(*after.take(*db, scope(1).peer, "", ServiceId::film, 1, 5)) << "after a restart";
  EXPECT_TRUE(*after.take(*db, scope(1).peer, "", ServiceId::film, 1, 5 + kDayMs));
  for (std::uint8_t peer = 10; peer < 40; ++peer)
    while (take(peer, "")) sent += 16384;
  EXPECT_LE(sent, kGraceOfNode);
  EXPECT_FALSE(take(99, ""));
}
TEST(GraceBudget, IsTheLeastOfWhatIsLeft) {
  EXPECT_EQ(grace_left({}, false, 5), 5u);
  EXPECT_EQ(grace_left({.peer = kGraceOfPeer - 3}, false, 5), 3u);
  EXPECT_EQ(grace_left({.prefix = kGraceOfPrefix}, false, 5), 5u);
  EXPECT_EQ(grace_left({.prefix = kGraceOfPrefix}, true, 5), 0u);
  EXPECT_EQ(grace_left({.node = kGraceOfNode + 7}, true, 5), 0u);
}

}  // namespace
}  // namespace archy::streaming

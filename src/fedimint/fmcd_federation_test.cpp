// What a federation is asked, and what its answers come to. Crashes: fmcd_crash_test.cpp.
#include "fedimint/fmcd_federation.hpp"

#include "fedimint/fmcd_fixture.hpp"

namespace archy::fedimint {
namespace {

using test::FmcdServer;
using test::FmcdWorld;
using Fault = FmcdServer::Fault;

struct Federations : testing::Test, FmcdWorld {
  std::string notes(const IssuerOperation& of) {
    const auto out = federation->notes_of(of.handle);
    return out ? out->reveal() : "none: " + out.error().detail;
  }
  Code code_of_notes(const IssuerOperation& of) {
    const auto out = federation->notes_of(of.handle);
    return out ? Code::internal : out.error().code;
  }
};

TEST_F(Federations, ReceiveAnInvoiceAndHaveItsMoneyOnceItIsPaid) {
  const auto made = receive(21'001);
  EXPECT_EQ(made.state, IssuerState::open);
  EXPECT_EQ(cashu::parse_invoice(made.invoice)->amount_msat, 21'001u);
  EXPECT_EQ(status(made).state, IssuerState::open);
  server.pay_ours(made.invoice);
  EXPECT_EQ(status(made).state, IssuerState::done);
  EXPECT_EQ(must(federation->balance({})).spendable, Msat(10'021'001));
  EXPECT_EQ(receive(21'001).handle, made.handle) << "the same key, the same operation";
  EXPECT_EQ(server.count("/v2/ln/invoice"), 1u);
}

TEST_F(Federations, PayOnceForAKeyAndOnceForAnInvoice) {
  const auto text = invoice(100'000);
  const auto paid = pay(text);
  EXPECT_EQ(paid.state, IssuerState::done);
  EXPECT_EQ(paid.fee, Msat(1500));
  EXPECT_EQ(paid.preimage, "00ff");
  EXPECT_EQ(pay(text).handle, paid.handle);
  EXPECT_EQ(code_of(federation->pay_invoice(text, Msat(10'000), "another key", {})), Code::denied);
  EXPECT_EQ(code_of(federation->pay_invoice(invoice(5000, "else"), Msat(10'000), "p", {})),
            Code::denied)
      << "the key was used";
  EXPECT_EQ(server.times_paid(text), 1);
  EXPECT_EQ(server.balance(), 10'000'000u - 101'500);
  EXPECT_TRUE(server.is_conserved());
}

TEST_F(Federations, NeverPayMoreThanTheCap) {
  server.gateways.push_back({"03" + std::string(64, 'b'), 0, 10'000});
  const auto text = invoice(100'000);
  EXPECT_EQ(code_of(federation->pay_invoice(text, Msat(999), "p", {})), Code::denied);
  EXPECT_EQ(server.count("/v2/ln/pay"), 0u);
  const auto paid = must(federation->pay_invoice(text, Msat(1000), "p", {}));
  EXPECT_EQ(paid.fee, Msat(1000)) << "by the cheapest gateway";
}

TEST_F(Federations, WithoutAGatewayNothingIsSentAndNothingIsInTheBook) {
  server.gateways.clear();
  const auto text = invoice(100'000);
  EXPECT_EQ(code_of(federation->receive_invoice(Msat(1000), "r", {})), Code::try_later);
  EXPECT_EQ(code_of(federation->pay_invoice(text, Msat(10'000), "p", {})), Code::try_later);
  EXPECT_EQ(server.operations(), 0u);
  server.gateways = {{"02" + std::string(64, 'a'), 0, 0}};
  EXPECT_EQ(pay(text).state, IssuerState::done) << "the key is still free";
}

TEST_F(Federations, RefuseWhatCannotBePaid) {
  const auto refused = [this](const std::string& text) {
    return code_of(federation->pay_invoice(text, Msat(1), "p", {}));
  };
  EXPECT_EQ(refused("lnbc1"), Code::bad_input);
  const auto text = invoice(1000);
  pass(std::chrono::hours(2));
  EXPECT_EQ(refused(text), Code::bad_input) << "expired";
  EXPECT_EQ(code_of(federation->spend(Msat(0), "s", {})), Code::bad_input);
  EXPECT_EQ(code_of(federation->spend(Msat(1), "", {})), Code::bad_input);
  EXPECT_EQ(code_of(federation->spend(Msat(UINT64_MAX), "s", {})), Code::bad_input);
  EXPECT_EQ(code_of(federation->status(IssuerHandle(77), {})), Code::not_found);
}

TEST_F(Federations, AFailedPaymentIsFailedOnlyWhenTheLogSaysSo) {
  server.payments_fail = true;
  const auto paid = pay(invoice(100'000));
  EXPECT_EQ(paid.state, IssuerState::failed);
  EXPECT_EQ(server.balance(), 10'000'000u);

  server.notes_outcomes = false;  // as fmcd 0.8.0 leaves it
  const auto silent = pay(invoice(100'000, "silent"), "p2");
  EXPECT_EQ(silent.state, IssuerState::open) << "400 alone says nothing";
  EXPECT_EQ(silent.note, "the daemon has begun to pay and names no outcome");
}

TEST_F(Federations, APaymentThatHangsIsAskedAboutAndNotSentAgain) {
  server.payments_hang = true;
  const auto text = invoice(100'000);
  const auto hangs = pay(text);
  EXPECT_EQ(hangs.state, IssuerState::open);
  EXPECT_EQ(must(federation->balance({})).undecided, Msat(100'000));
  EXPECT_EQ(pay(text).state, IssuerState::open);
  server.settle_hanging(true);
  EXPECT_EQ(pay(text).state, IssuerState::done);
  EXPECT_EQ(server.count("/v2/ln/pay"), 1u);
  EXPECT_EQ(server.times_paid(text), 1);
}

TEST_F(Federations, SpentNotesAreShownAgainUntilTheirTimeIsOver) {
  const auto spent = spend(4321);
  EXPECT_EQ(spent.state, IssuerState::handed);
  EXPECT_EQ(spent.take_back_ms, clock.ms + std::chrono::milliseconds(times.notes).count());
  const std::string text = notes(spent);
  EXPECT_TRUE(text.starts_with("AgEE"));
  EXPECT_EQ(must(federation->balance({})).given, Msat(4321));
  reopen();
  EXPECT_EQ(notes(spent), text);
  pass(times.notes);
  EXPECT_EQ(code_of_notes(spent), Code::denied) << "the daemon takes them back now";
  EXPECT_EQ(server.balance(), 10'000'000u);
  EXPECT_EQ(status(spent).state, IssuerState::handed) << "and may still be at it";
  later();
  EXPECT_EQ(status(spent).state, IssuerState::failed);
  EXPECT_TRUE(server.is_conserved());
}

TEST_F(Federations, NotesWhoseFateNobodyNamesLapse) {
  server.notes_outcomes = false;
  const auto spent = spend(4321);
  EXPECT_TRUE(server.redeem(notes(spent)));
  pass(times.notes);
  later();
  EXPECT_EQ(status(spent).state, IssuerState::lapsed);
  EXPECT_TRUE(status(spent).has_ended());
  EXPECT_EQ(server.balance(), 10'000'000u - 4321);
}

TEST_F(Federations, TheNotesAreNotInTheDatabaseAsTheyAre) {
  const std::string text = notes(spend(4321));
  ASSERT_TRUE(reissue(server.foreign_notes(77)).has_ended());
  ASSERT_TRUE(db->close());
  std::ifstream file(folder / "wallet.db", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  EXPECT_GT(all.size(), 4096u);
  EXPECT_EQ(all.find(text.substr(0, 12)), std::string::npos);
  EXPECT_EQ(all.find("hunter2"), std::string::npos);
}

TEST_F(Federations, ReissueNotesOnce) {
  const auto text = server.foreign_notes(5001);
  const auto taken = reissue(text);
  EXPECT_EQ(taken.state, IssuerState::done);
  EXPECT_EQ(taken.amount, Msat(5001));
  EXPECT_EQ(reissue(text).handle, taken.handle);
  EXPECT_EQ(server.balance(), 10'005'001u);
  EXPECT_EQ(server.count("/v2/mint/reissue"), 1u);
}

TEST_F(Federations, NotesThatAreGoneOrOfAnotherFederationAreNotTaken) {
  const auto gone = server.foreign_notes(5001);
  EXPECT_TRUE(server.redeem(gone));
  EXPECT_EQ(reissue(gone).state, IssuerState::failed);
  const auto foreign = server.foreign_notes(5001, "99999999");
  EXPECT_EQ(code_of(federation->reissue(Secret<std::string>(foreign), {})), Code::denied);
  EXPECT_EQ(server.balance(), 10'000'000u);
}

TEST_F(Federations, AWrongPasswordMovesNothingAndIsNotToldToAnybody) {
  server.authorization = "Basic b3RoZXI=";
  const auto answer = run(federation->balance({}));
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().code, Code::denied);
  EXPECT_EQ(answer->error().detail.find("hunter2"), std::string::npos);
  EXPECT_EQ(code_of(federation->spend(Msat(5), "s", {})), Code::denied);
  EXPECT_EQ(server.operations(), 0u);
}

TEST_F(Federations, APasswordFileIsRefusedWhenItHasNone) {
  for (const std::string& text :
       {std::string(), std::string("\nhunter2"), std::string(2000, 'x')}) {
    std::ofstream(folder / "password") << text;
    const auto made = FmcdFederation::open(env, client, *db, key, place);
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().code, Code::bad_input);
  }
}

TEST_F(Federations, AnInvoiceOverAnotherAmountIsNeverShown) {
  server.lies_about_invoice = true;
  const auto made = receive(20'000);
  EXPECT_EQ(made.state, IssuerState::failed);
  EXPECT_EQ(made.invoice, "");
}

TEST_F(Federations, ASpendThatCouldBeTwoIsNotGuessed) {
  server.faults["/v2/mint/spend"] = {Fault::lose_after, Fault::lose_before};
  // Somebody else spends the same amount at the same daemon.
  server.foreign_spend(700);
  const auto found = spend(700);
  EXPECT_EQ(found.state, IssuerState::handed) << "his was there before: the anchor tells";
  const auto lost = spend(900, "s3");
  EXPECT_EQ(lost.state, IssuerState::unknown);
  EXPECT_EQ(code_of(federation->spend(Msat(900), "s4", {})), Code::try_later)
      << "while one of this amount is not decided";
  server.foreign_spend(900);
  server.foreign_spend(900);
  const auto unclear = status(lost);
  EXPECT_EQ(unclear.state, IssuerState::unknown);
  EXPECT_EQ(unclear.note, "the daemon's log has several that it could be");
  pass(times.notes);
  later();
  EXPECT_EQ(status(lost).state, IssuerState::failed);
  EXPECT_TRUE(server.is_conserved());
}

// Any answer lost, cut, garbled or replaced, before or after it was executed: in the end what the
// book says is what happened, and it happened at most once.
TEST(FederationFaults, NothingIsPaidTwiceAndNothingIsLost) {
  for (const Fault fault : FmcdServer::kFaults) {
    SCOPED_TRACE(static_cast<int>(fault));
    const bool executed = FmcdServer::executes(fault);
    FmcdWorld world;
    auto& server = world.server;
    const auto invoice = world.invoice(100'000);
    const auto foreign = server.foreign_notes(5001);
    for (const char* path : {"/v2/ln/invoice", "/v2/ln/pay", "/v2/mint/spend", "/v2/mint/reissue"})
      server.faults[path] = {fault};
    auto received = world.receive(21'000);
    auto paid = world.pay(invoice);
    auto spent = world.spend(4321);
    auto reissued = world.reissue(foreign);
    const auto expected = executed                        ? IssuerState::done
                          : fault == Fault::refuse_before ? IssuerState::failed
                                                          : IssuerState::unknown;
    EXPECT_EQ(paid.state, expected);
    EXPECT_EQ(reissued.state, expected);
    EXPECT_EQ(spent.state, executed ? IssuerState::handed : expected);
    EXPECT_EQ(received.state, executed ? IssuerState::open : expected);
    EXPECT_TRUE(server.is_conserved());

    // Asking changes nothing that went out of the house.
    EXPECT_EQ(world.status(paid).state, expected);
    EXPECT_EQ(world.status(spent).state, spent.state);
    EXPECT_EQ(server.times_paid(invoice), executed ? 1 : 0);
    EXPECT_EQ(server.count("/v2/mint/spend"), 1u);
    // What brings money in is tried again; a payment when the caller asks again.
    if (expected == IssuerState::unknown) {
      EXPECT_EQ(world.status(reissued).state, IssuerState::done);
      EXPECT_EQ(world.status(received).state, IssuerState::open);
      EXPECT_EQ(world.pay(invoice).state, IssuerState::done);
      EXPECT_EQ(server.times_paid(invoice), 1);
      world.later();
      EXPECT_EQ(world.status(spent).state, IssuerState::failed);
    }
    if (expected == IssuerState::failed)
      EXPECT_EQ(world.reissue(foreign).state, IssuerState::done) << "notes may be offered again";
    EXPECT_EQ(server.balance() + server.left() + server.out(), 10'005'001u);
    EXPECT_LE(server.times_paid(invoice), 1);
    EXPECT_EQ(server.count("/v2/mint/spend"), 1u);
    EXPECT_TRUE(server.is_conserved());
  }
}

TEST(FederationFaults, ALogThatDoesNotAnswerLeavesItUnknownUntilItDoes) {
  for (const Fault fault :
       {Fault::half_json_after, Fault::proxy_before, Fault::refuse_before, Fault::lose_before}) {
    SCOPED_TRACE(static_cast<int>(fault));
    FmcdWorld world;
    const auto invoice = world.invoice(100'000);
    world.server.faults["/v2/ln/pay"] = {Fault::lose_after};
    // The anchor, the look after the lost answer, and two more.
    world.server.faults["/v2/admin/operations"] = {std::nullopt, fault, fault, fault};
    const auto paid = world.pay(invoice);
    EXPECT_EQ(paid.state, IssuerState::unknown);
    EXPECT_NE(paid.note, "");
    EXPECT_EQ(world.pay(invoice).state, IssuerState::unknown) << "not sent again unseen";
    const auto asked = world.run(world.federation->status(paid.handle, {}));
    EXPECT_TRUE(asked && !*asked) << "a question tells that it had no answer";
    EXPECT_EQ(world.status(paid).state, IssuerState::done);
    EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u);
  }
}

TEST(FederationFaults, APaymentIsGivenUpOnlyWhenNoCopyOfItCanStillPay) {
  FmcdWorld world;
  const auto invoice = world.invoice(100'000);
  world.server.faults["/v2/ln/pay"] = {Fault::late};
  const auto paid = world.pay(invoice);
  EXPECT_EQ(paid.state, IssuerState::unknown);
  world.recover();
  world.later();
  EXPECT_EQ(world.status(paid).state, IssuerState::unknown) << "the invoice can still be paid";
  EXPECT_EQ(world.code_of(world.federation->pay_invoice(invoice, Msat(10'000), "again", {})),
            Code::denied)
      << "and no other operation may pay it";
  EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u) << "no recovery pays";
  world.pass(std::chrono::minutes(30));
  world.server.deliver_late();
  EXPECT_EQ(world.status(paid).state, IssuerState::done);
  EXPECT_EQ(world.server.times_paid(invoice), 1);

  const auto other = world.invoice(50'000, "other");
  world.server.faults["/v2/ln/pay"] = {Fault::late};
  const auto lost = world.pay(other, "lost");
  world.pass(std::chrono::hours(1));
  EXPECT_EQ(world.status(lost).state, IssuerState::unknown) << "the daemon's clock may be slow";
  world.later();
  EXPECT_EQ(world.status(lost).state, IssuerState::failed);
  world.server.deliver_late();
  EXPECT_EQ(world.server.times_paid(other), 0);
  EXPECT_EQ(world.pay(other, "lost").state, IssuerState::failed) << "an end is an end";
}

TEST(FederationFaults, AProxysWordsAreNotTheDaemons) {
  FmcdWorld world;
  const auto invoice = world.invoice(100'000);
  for (const char* path : {"/v2/ln/pay", "/v2/mint/spend"})
    world.server.faults[path] = {Fault::late_words};
  const auto paid = world.pay(invoice);
  const auto spent = world.spend(4321);
  EXPECT_EQ(paid.state, IssuerState::unknown);
  EXPECT_EQ(spent.state, IssuerState::unknown);
  world.server.deliver_late();
  EXPECT_EQ(world.status(paid).state, IssuerState::done);
  EXPECT_EQ(world.status(spent).state, IssuerState::handed);
  EXPECT_TRUE(world.server.is_conserved());
}

TEST(FederationFaults, ADaemonThatHasLostItsLogProvesNothing) {
  FmcdWorld world;
  world.spend(1, "before");
  const auto invoice = world.invoice(100'000);
  auto& log = world.server.faults["/v2/admin/operations"];
  world.server.faults["/v2/ln/pay"] = {Fault::lose_after};
  log = {std::nullopt, Fault::proxy_before};
  const auto paid = world.pay(invoice);
  world.server.faults["/v2/mint/spend"] = {Fault::lose_after};
  log = {std::nullopt, Fault::proxy_before};
  const auto spent = world.spend(4321);
  world.server.lose_log();
  world.pass(world.times.notes);
  world.later();
  EXPECT_EQ(world.status(paid).state, IssuerState::unknown);
  EXPECT_EQ(world.status(paid).note, "the daemon has lost its log");
  EXPECT_EQ(world.status(spent).state, IssuerState::unknown);
  EXPECT_EQ(world.server.times_paid(invoice), 1);
}

TEST(FederationFaults, APaymentIsFoundThoughTheDaemonsClockWasSetBack) {
  FmcdWorld world;
  world.spend(1, "before");
  world.server.log_out_of_order();
  const auto invoice = world.invoice(100'000);
  world.server.faults["/v2/ln/pay"] = {Fault::lose_after};
  EXPECT_EQ(world.pay(invoice).state, IssuerState::done);
  EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u);
}

TEST(FederationFaults, APaymentIsSentAgainOnlyWhileItsGatewayKeepsTheCap) {
  FmcdWorld world;
  const auto invoice = world.invoice(100'000);
  world.server.faults["/v2/ln/pay"] = {Fault::lose_before};
  EXPECT_EQ(world.pay(invoice).state, IssuerState::unknown);
  world.server.gateways[0].base_msat = 9'501;
  EXPECT_EQ(world.pay(invoice).state, IssuerState::unknown);
  EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u);
  world.server.gateways[0].base_msat = 9'500;
  const auto paid = world.pay(invoice);
  EXPECT_EQ(paid.state, IssuerState::done);
  EXPECT_EQ(paid.fee, Msat(10'000));
}

TEST(FederationFaults, AnInvoiceThatHasExpiredIsNotSentAgain) {
  FmcdWorld world;
  const auto invoice = world.invoice(100'000);
  world.server.faults["/v2/ln/pay"] = {Fault::lose_before};
  EXPECT_EQ(world.pay(invoice).state, IssuerState::unknown);
  world.pass(std::chrono::hours(1));
  EXPECT_EQ(world.pay(invoice).state, IssuerState::unknown);
  world.later();
  EXPECT_EQ(world.pay(invoice).state, IssuerState::failed);
  EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u);
}

TEST(FederationFaults, TwoCallersWithOneKeyHaveOneOperation) {
  FmcdWorld world;
  const auto invoice = world.invoice(100'000);
  std::vector<IssuerOperation> all;
  for (int i = 0; i < 2; ++i)
    boost::asio::co_spawn(world.real.loop,
                          world.federation->pay_invoice(invoice, Msat(10'000), "p", {}),
                          [&all](const std::exception_ptr&, Result<IssuerOperation> value) {
                            EXPECT_TRUE(value) << value.error().detail;
                            if (value) all.push_back(*value);
                          });
  world.real.loop.restart();
  world.real.loop.run();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].handle, all[1].handle);
  EXPECT_EQ(world.server.count("/v2/ln/pay"), 1u);
}

TEST(FederationFaults, WhatNobodyTookIsNotSent) {
  FmcdWorld world;
  world.place.url = "http://127.0.0.1:1";
  world.reopen();
  EXPECT_EQ(world.code_of(world.federation->spend(Msat(5), "s", {})), Code::unreachable);
  EXPECT_EQ(world.code_of(world.federation->balance({})), Code::unreachable);
}

TEST(FederationFaults, ALongLogIsSearchedBackToTheAnchor) {
  FmcdWorld world;
  world.spend(1);
  world.server.faults["/v2/mint/spend"] = {Fault::lose_after};
  world.server.faults["/v2/admin/operations"] = {std::nullopt, Fault::proxy_before};
  const auto lost = world.spend(4321, "lost");
  EXPECT_EQ(lost.state, IssuerState::unknown);
  for (int i = 0; i < 150; ++i) world.server.foreign_spend(2);
  const auto asked = world.server.count("/v2/admin/operations");
  EXPECT_EQ(world.status(lost).state, IssuerState::handed);
  EXPECT_EQ(world.server.count("/v2/admin/operations"), asked + 2) << "100, then 1000";
}

}  // namespace
}  // namespace archy::fedimint

// The program is killed at every request of every call, in every way that differs for what is on
// the disk and at the daemon. Then it starts again, and later once more.
#include "fedimint/fmcd_fixture.hpp"

namespace archy::fedimint {
namespace {

using test::FmcdWorld;
using When = test::KillingClient::When;

constexpr When kWays[] = {When::before, When::counted, When::answered};
// More than any call makes requests.
constexpr int kMostRequests = 10;

// Calls `act` in a fresh world with the program killed at each of its requests in turn, and `judge`
// once it has been started again. `act`: what a caller does, and does again with the same key.
template <class Act, class Judge>
void at_every_request(Act act, Judge judge) {
  int killed_at = 0;
  for (int at = 1; at <= kMostRequests; ++at) {
    bool killed = false;
    for (const When when : kWays) {
      SCOPED_TRACE("killed at request " + std::to_string(at) + ", way " +
                   std::to_string(static_cast<int>(when)));
      FmcdWorld world;
      world.client.kill_at(at, when);
      const bool ended = act(world).has_value();
      world.reopen();
      if (ended) continue;
      killed = true;
      judge(world);
      EXPECT_TRUE(world.server.is_conserved());
    }
    if (killed) killed_at = at;
  }
  EXPECT_GE(killed_at, 2) << "or nothing was tried";
  EXPECT_LT(killed_at, kMostRequests);
}

TEST(FederationCrashes, APaymentIsMadeOnceOrNotAtAllAndTheBookSaysWhich) {
  for (const bool asks_again : {false, true}) {
    std::string invoice;
    const auto act = [&](FmcdWorld& world) {
      invoice = world.invoice(100'000);
      return world.run(world.federation->pay_invoice(invoice, Msat(10'000), "p", {}));
    };
    at_every_request(act, [&](FmcdWorld& world) {
      const auto sent = world.server.count("/v2/ln/pay");
      world.recover();
      EXPECT_EQ(world.server.count("/v2/ln/pay"), sent) << "no recovery pays";
      if (!asks_again) {
        world.later();
        world.recover();
      }
      const auto now = world.pay(invoice);
      EXPECT_TRUE(now.has_ended());
      EXPECT_EQ(world.server.times_paid(invoice), now.state == IssuerState::done ? 1 : 0);
      EXPECT_EQ(world.server.held(), 0u);
      EXPECT_EQ(world.must(world.federation->balance({})).undecided, Msat(0));
    });
  }
}

TEST(FederationCrashes, SpentNotesAreFoundAgainOrComeBack) {
  const auto act = [](FmcdWorld& world) {
    return world.run(world.federation->spend(Msat(4321), "s", {}));
  };
  at_every_request(act, [](FmcdWorld& world) {
    const auto sent = world.server.count("/v2/mint/spend");
    world.recover();
    EXPECT_EQ(world.server.count("/v2/mint/spend"), sent) << "no recovery spends";
    auto now = world.spend(4321);
    if (now.state == IssuerState::unknown) {
      world.later();
      now = world.spend(4321);
    }
    EXPECT_LE(world.server.count("/v2/mint/spend"), 1u) << "sent once, ever";
    if (now.state == IssuerState::handed) {
      const auto notes = world.federation->notes_of(now.handle);
      ASSERT_TRUE(notes);
      EXPECT_TRUE(world.server.redeem(notes->reveal()));
      EXPECT_EQ(world.server.balance(), 10'000'000u - 4321);
    } else {
      EXPECT_EQ(now.state, IssuerState::failed);
      EXPECT_EQ(world.server.balance(), 10'000'000u) << "nothing was spent";
    }
    EXPECT_EQ(world.server.out(), 0u);
  });
}

TEST(FederationCrashes, NotesThatWereGivenToUsBecomeOurs) {
  std::string notes;
  const auto act = [&notes](FmcdWorld& world) {
    notes = world.server.foreign_notes(5001);
    return world.run(world.federation->reissue(Secret<std::string>(notes), {}));
  };
  at_every_request(act, [&notes](FmcdWorld& world) {
    // Without a row the caller has them still; with one nobody needs to ask again.
    FederationBook book(*world.db, world.key, world.real.random);
    const bool has_row = !book.open(FmcdWorld::kFederation)->empty();
    world.recover();
    EXPECT_EQ(world.server.balance(), has_row ? 10'005'001u : 10'000'000u);
    EXPECT_EQ(world.reissue(notes).state, IssuerState::done);
    EXPECT_EQ(world.server.balance(), 10'005'001u);
    EXPECT_EQ(world.server.count("/v2/mint/reissue"), 1u);
  });
}

TEST(FederationCrashes, AnInvoiceIsShownOrForgottenAndItsMoneyComesOnce) {
  const auto act = [](FmcdWorld& world) {
    return world.run(world.federation->receive_invoice(Msat(21'000), "r", {}));
  };
  at_every_request(act, [](FmcdWorld& world) {
    world.recover();
    const auto now = world.receive(21'000);
    if (now.state == IssuerState::failed) return;
    ASSERT_EQ(now.state, IssuerState::open);
    world.server.pay_ours(now.invoice);
    world.reopen();
    world.recover();
    EXPECT_EQ(world.status(now).state, IssuerState::done);
    EXPECT_EQ(world.server.balance(), 10'021'000u);
  });
}

TEST(FederationCrashes, ManyAtOnceAreEachRecovered) {
  FmcdWorld world;
  using Fault = test::FmcdServer::Fault;
  const auto invoice = world.invoice(100'000);
  // Every answer is lost and the log is away.
  for (const char* path : {"/v2/ln/invoice", "/v2/ln/pay", "/v2/mint/spend", "/v2/mint/reissue"})
    world.server.faults[path] = {Fault::lose_after};
  auto& log = world.server.faults["/v2/admin/operations"];
  const auto away = [&log] { log = {std::nullopt, Fault::proxy_before}; };
  away();
  const auto received = world.receive(21'000);
  away();
  const auto paid = world.pay(invoice);
  away();
  const auto spent = world.spend(5001);
  away();
  const auto reissued = world.reissue(world.server.foreign_notes(5001));
  for (const auto& each : {received, paid, spent, reissued})
    EXPECT_EQ(each.state, IssuerState::unknown);
  world.reopen();
  world.recover();
  EXPECT_EQ(world.status(received).state, IssuerState::open);
  EXPECT_EQ(world.status(paid).state, IssuerState::done);
  EXPECT_EQ(world.status(spent).state, IssuerState::handed);
  EXPECT_EQ(world.status(reissued).state, IssuerState::done);
  EXPECT_EQ(world.server.operations(), 4u) << "and nothing was done again";
  EXPECT_TRUE(world.server.is_conserved());
}

}  // namespace
}  // namespace archy::fedimint

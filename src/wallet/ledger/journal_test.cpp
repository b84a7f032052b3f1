#include "wallet/ledger/journal.hpp"

#include <fstream>

#include "wallet/ledger/book_fixture.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::test::ToyMint;

static_assert(!std::is_constructible_v<StoredRequest, RequestId, Draft, RequestState>);
static_assert(!std::is_default_constructible_v<StoredRequest>);

struct Journals : BookTest {
  const ToyMint mint;
  const MintId id = known("https://a.example", mint);
  std::optional<Journal> journal;
  OperationId latest;

  OperationBook operations() { return OperationBook(*db, key, random); }

  void SetUp() override { journal.emplace(*db, key, derivation, random); }
  void reopen() {
    journal.reset();
    open();
    SetUp();
  }
  // A swap of one proof of 8 for outputs of 4 and 4: what is stored before it is sent.
  Result<StoredRequest> store_swap() {
    TRY(transaction, db->begin());
    TRY(begun, operations().begin({.mint = id, .amount = Amount(8)}, 10));
    const OperationId operation = begun.id;
    latest = operation;
    TRY(inputs, proofs->take(operation, mint.id, Amount(8), 1));
    TRY(range, mints->take_counters(mint.id, 2));
    Draft draft{operation, "/v1/swap", cashu::SpendingBody(""), {}};
    std::vector<cashu::BlindedMessage> messages;
    for (std::uint64_t i = 0; i < 2; ++i) {
      TRY(factors, derivation.derive(mint.id, range.first + i));
      TRY(output, cashu::prepare_output(Amount(4), mint.id, std::move(factors)));
      messages.push_back(output.message);
      draft.outputs.push_back({std::move(output), range.first + i});
    }
    draft.body = cashu::swap_body(inputs, messages);
    return journal->store(std::move(transaction), std::move(draft), 11);
  }
  std::uint64_t balance(ProofState state) { return proofs->balance(id, "sat", state)->value(); }
  void fund() { ASSERT_TRUE(proofs->put(operation(id), issued(mint, {8}))); }
};

TEST_F(Journals, ARequestIsThereAfterACrashWithAllItStandsFor) {
  fund();
  std::string body;
  std::vector<std::string> messages;
  {
    const auto stored = store_swap();
    ASSERT_TRUE(stored) << stored.error().detail;
    body = stored->body().reveal();
    for (const auto& planned : stored->outputs())
      messages.push_back(planned.output.message.b.hex());
  }
  reopen();
  EXPECT_EQ(balance(ProofState::spendable), 0u);
  EXPECT_EQ(balance(ProofState::reserved), 8u);
  const auto found = journal->requests_of(latest);
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->at(0).state(), RequestState::armed);
  EXPECT_EQ(found->at(0).path(), "/v1/swap");
  EXPECT_EQ(found->at(0).body().reveal(), body);
  ASSERT_EQ(found->at(0).outputs().size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(found->at(0).outputs()[i].output.message.b.hex(), messages[i]);
}

TEST_F(Journals, WithoutARowThereIsNoRequestAndNothingIsReserved) {
  fund();
  ASSERT_TRUE(db->connection().run(
      "CREATE TRIGGER full BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'full'); END"));
  EXPECT_FALSE(store_swap());
  EXPECT_EQ(balance(ProofState::spendable), 8u);
  EXPECT_TRUE(journal->requests_of(latest)->empty());
}

TEST_F(Journals, SentIsDurableAndIsNeverTakenBack) {
  fund();
  {
    auto stored = store_swap();
    ASSERT_TRUE(journal->mark_sent(*stored));
    ASSERT_TRUE(journal->mark_sent(*stored)) << "sent again: the same row";
    const auto released = journal->release(*stored);
    ASSERT_FALSE(released);
    EXPECT_EQ(released.error().code, Code::denied);
  }
  reopen();
  const auto found = journal->requests_of(latest);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->at(0).state(), RequestState::sent);
  EXPECT_TRUE(found->at(0).was_sent());
  EXPECT_TRUE(found->at(0).is_unanswered());
  ASSERT_TRUE(journal->settle(found->at(0)));
  EXPECT_EQ(journal->requests_of(latest)->at(0).state(), RequestState::settled);
  const auto twice = journal->settle(found->at(0));
  ASSERT_FALSE(twice) << "what was read before somebody else booked it books nothing";
  EXPECT_EQ(twice.error().code, Code::denied);
}

TEST_F(Journals, AReleasedRequestCannotBeSent) {
  fund();
  auto stored = store_swap();
  ASSERT_TRUE(journal->release(*stored));
  const auto sent = journal->mark_sent(*stored);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::denied);
}

TEST_F(Journals, CountSendingsAndAnswers) {
  fund();
  auto stored = store_swap();
  EXPECT_FALSE(stored->is_unanswered());
  ASSERT_TRUE(journal->mark_sent(*stored));
  ASSERT_TRUE(journal->mark_sent(*stored));
  ASSERT_TRUE(journal->note_answer(*stored));
  EXPECT_TRUE(stored->is_unanswered()) << "one of two copies may still be on its way";
  EXPECT_TRUE(journal->requests_of(latest)->at(0).is_unanswered());
  ASSERT_TRUE(journal->note_answer(*stored));
  EXPECT_FALSE(journal->requests_of(latest)->at(0).is_unanswered());
}

TEST_F(Journals, ARowIsNeverRewrittenOrForgotten) {
  fund();
  ASSERT_TRUE(store_swap());
  EXPECT_FALSE(db->connection().run("UPDATE requests SET body = x'00'"));
  EXPECT_FALSE(db->connection().run("DELETE FROM outputs"));
  EXPECT_FALSE(db->connection().run("DELETE FROM requests"));
}

TEST_F(Journals, NothingSpendableStandsInTheFile) {
  fund();
  std::string secret;
  {
    const auto stored = store_swap();
    const auto body = nlohmann::json::parse(stored->body().reveal());
    secret = body.at("inputs").at(0).at("secret").get<std::string>();
  }
  ASSERT_EQ(secret.size(), 64u);
  journal.reset();
  proofs.reset();
  mints.reset();
  ASSERT_TRUE(db->close());
  db.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find(secret), std::string::npos) << file.path();
  }
}

}  // namespace
}  // namespace archy::wallet

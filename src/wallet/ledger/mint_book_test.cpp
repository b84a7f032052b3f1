#include "wallet/ledger/mint_book.hpp"

#include "wallet/ledger/book_fixture.hpp"
#include "wallet/ledger/mint_url.hpp"

namespace archy::wallet {
namespace {

using cashu::Amount;
using cashu::test::ToyMint;

TEST(MintUrl, HasOneSpelling) {
  for (const char* spelling : {"https://mint.example", "https://mint.example/",
                               "https://Mint.EXAMPLE:443//", "HTTPS://mint.example:443"}) {
    EXPECT_EQ(normal_mint_url(spelling).value_or("refused"), "https://mint.example") << spelling;
  }
  EXPECT_EQ(normal_mint_url("http://127.0.0.1:3338/Bitcoin/").value_or(""),
            "http://127.0.0.1:3338/Bitcoin");
  for (const char* none : {"", "mint.example", "ftp://mint.example", "https://mint.example?x=1",
                           "https://user@mint.example", "https://mint.example/#a"}) {
    EXPECT_FALSE(normal_mint_url(none)) << none;
  }
}

struct MintBooks : BookTest {};

TEST_F(MintBooks, KnowMintsByAnySpelling) {
  ASSERT_TRUE(mints->add("https://One.example/", 1));
  ASSERT_TRUE(mints->add("https://one.example", 2));
  EXPECT_EQ(mints->list()->size(), 1u);
  EXPECT_TRUE(*mints->is_trusted("https://one.example:443"));
  EXPECT_FALSE(*mints->is_trusted("http://one.example"));
  EXPECT_FALSE(*mints->is_trusted("https://one.example/other"));
}

TEST_F(MintBooks, HaveOneHomeWhichIsTrusted) {
  ASSERT_TRUE(mints->add("https://a.example", 1));
  ASSERT_TRUE(mints->add("https://b.example", 1));
  EXPECT_FALSE(*mints->home());
  EXPECT_FALSE(mints->set_home("https://c.example"));
  ASSERT_TRUE(mints->set_home("https://a.example"));
  ASSERT_TRUE(mints->set_home("https://b.example"));
  EXPECT_EQ((*mints->home())->url, "https://b.example");
  const auto removed = mints->remove("https://b.example");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Code::denied);
  ASSERT_TRUE(mints->remove("https://a.example"));
  EXPECT_FALSE(*mints->is_trusted("https://a.example"));
  EXPECT_EQ(mints->list()->size(), 2u) << "what lies there is still known";
}

TEST_F(MintBooks, SurviveReopening) {
  const ToyMint mint;
  known("https://a.example", mint);
  ASSERT_TRUE(mints->set_home("https://a.example"));
  ASSERT_TRUE(mints->set_cap("https://a.example", Amount(5000)));
  EXPECT_EQ(mints->take_counters(mint.id, 3)->first, 0u);
  open();
  const auto home = *mints->home();
  ASSERT_TRUE(home);
  EXPECT_EQ(home->cap, Amount(5000));
  const auto keysets = mints->keysets(home->id);
  ASSERT_TRUE(keysets);
  ASSERT_EQ(keysets->size(), 1u);
  EXPECT_EQ(keysets->at(0).keyset.keys(), mint.keysets.find(mint.id)->keys());
  EXPECT_EQ(mints->take_counters(mint.id, 1)->first, 3u);
}

TEST_F(MintBooks, AKeysetBelongsToOneMint) {
  const ToyMint mint;
  known("https://a.example", mint);
  const auto thief = mints->add("https://b.example", 1);
  const auto put = mints->put_keyset(thief->id, *mint.keysets.find(mint.id), true);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Code::denied);
  EXPECT_TRUE(mints->keysets(thief->id)->empty());
  // The database holds it up, too.
  EXPECT_FALSE(db->connection().run("UPDATE keysets SET mint = ?", thief->id.value()));
}

TEST_F(MintBooks, ARotatedKeysetStaysKnown) {
  const ToyMint mint;
  const MintId id = known("https://a.example", mint);
  ASSERT_TRUE(mints->put_keyset(id, *mint.keysets.find(mint.id), false));
  ASSERT_EQ(mints->keysets(id)->size(), 1u);
  EXPECT_FALSE(mints->keysets(id)->at(0).active);
}

TEST_F(MintBooks, CountersOnlyGrow) {
  const ToyMint mint;
  known("https://a.example", mint);
  {
    auto transaction = db->begin();
    EXPECT_EQ(mints->take_counters(mint.id, 10)->first, 0u);
  }  // rolled back: nothing was sent with them
  EXPECT_EQ(mints->take_counters(mint.id, 10)->first, 0u);
  ASSERT_TRUE(mints->advance_counter(mint.id, 5));
  EXPECT_EQ(mints->take_counters(mint.id, 1)->first, 10u);
  ASSERT_TRUE(mints->advance_counter(mint.id, 100));
  EXPECT_EQ(mints->take_counters(mint.id, 1)->first, 100u);
  EXPECT_FALSE(db->connection().run("UPDATE keysets SET next_counter = 0"));
  const auto unknown = cashu::KeysetId::parse("00ffffffffffffff").value();
  EXPECT_EQ(mints->take_counters(unknown, 1).error().code, Code::not_found);
  ASSERT_TRUE(mints->advance_counter(mint.id, (std::uint64_t{1} << 62) - 1));
  EXPECT_TRUE(mints->take_counters(mint.id, 1));
  EXPECT_EQ(mints->take_counters(mint.id, 1).error().code, Code::unsupported);
}

}  // namespace
}  // namespace archy::wallet

#include "app/swarm/store_catalog.hpp"

#include "app/test_seller.hpp"

namespace archy::app {
namespace {

using streaming::ContentClass;

struct StoreCatalogs : Sellers {
  void SetUp() override {
    Sellers::SetUp();
    auto added = core->store().add_bytes(as_bytes("sold"));
    ASSERT_TRUE(added);
    hash = added->hash;
    catalog.emplace(core->store());
  }
  // What standard, metered, paid and public content is just now.
  std::vector<ContentClass> classes() {
    std::vector<ContentClass> out;
    for (unsigned char number = 0; number < 4; ++number) {
      EXPECT_TRUE(core->store().set_offer({hash}, static_cast<store::OfferClass>(number)));
      const auto found = catalog->find(hash);
      EXPECT_TRUE(found && *found);
      out.push_back((*found)->klass);
      EXPECT_EQ((*found)->size, out.back() == ContentClass::public_ ? 0u : 4u);
    }
    return out;
  }
  Blake3Hash hash;
  std::optional<StoreCatalog> catalog;
};

constexpr auto kFree = ContentClass::public_;
constexpr auto kMetered = ContentClass::metered;
constexpr auto kPaid = ContentClass::paid;
using Classes = std::vector<ContentClass>;

TEST_F(StoreCatalogs, OnlyWhatIsAsTheServicesSayChangesWithThem) {
  EXPECT_EQ(classes(), (Classes{kFree, kMetered, kPaid, kFree})) << "no gate";
  catalog->sell_by(seller->gate());
  EXPECT_EQ(classes(), (Classes{kFree, kMetered, kPaid, kFree})) << "none is on";
  sell();
  EXPECT_EQ(classes(), (Classes{kMetered, kMetered, kPaid, kFree}));
  purse->db = nullptr;
  EXPECT_EQ(classes(), (Classes{kMetered, kMetered, kPaid, kFree})) << "it cannot be read";
}

TEST_F(StoreCatalogs, AHashSequenceCostsWhatItsChildrenCost) {
  catalog->sell_by(seller->gate());
  sell();
  const auto other = core->store().add_bytes(as_bytes("sold, too"));
  ASSERT_TRUE(other);
  Bytes children(hash.view().begin(), hash.view().end());
  append(children, other->hash.view());
  const auto root = core->store().add_bytes(children);
  ASSERT_TRUE(root);
  const auto size_of = [&](const Blake3Hash& which) { return (*catalog->find(which))->size; };
  ASSERT_TRUE(core->store().set_offer({root->hash, store::Format::raw}, store::OfferClass::paid));
  EXPECT_EQ(size_of(root->hash), 64u) << "64 bytes, whatever they mean";
  ASSERT_TRUE(
      core->store().set_offer({root->hash, store::Format::hash_seq}, store::OfferClass::paid));
  EXPECT_EQ(size_of(root->hash), 64u + 4u + 9u);
  EXPECT_EQ(size_of(hash), 4u);
}

TEST_F(StoreCatalogs, WhatIsNotOfferedIsNotFound) {
  const auto found = catalog->find(hash);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace archy::app

// The suite every store passes: FileStore and MemoryStore alike.
#include "store/blob_store.hpp"

#include <fstream>

#include "store/file_store.hpp"
#include "store/memory_store.hpp"
#include "store/store_fixture.hpp"

namespace archy::store {
namespace {

using bao::ChunkRanges;
using bao::HeldBlob;

enum class Backend { file, memory };

class BlobStores : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (GetParam() == Backend::memory) {
      store_ = make_memory_store(files_, clock_, random_, folder_.path);
      return;
    }
    auto opened = open_file_store(files_, clock_, random_, folder_.path / "node", {});
    ASSERT_OK(opened);
    store_ = std::move(*opened);
  }
  rt::Path put(const std::string& name, ByteView bytes) {
    std::ofstream(folder_.path / name, std::ios::binary) << as_text(bytes);
    return folder_.path / name;
  }
  Bytes content(const Blake3Hash& hash) {
    auto reader = store_->reader(hash);
    EXPECT_OK(reader);
    if (!reader.has_value()) return {};
    auto bytes = read_all(**reader);
    EXPECT_OK(bytes);
    return bytes.has_value() ? std::move(*bytes) : Bytes{};
  }
  void expect_clean() {
    auto report = store_->verify({}, {}, {});
    ASSERT_OK(report);
    for (const Damage& damage : report->damage)
      ADD_FAILURE() << damage.hash.hex() << ": " << damage.what;
    EXPECT_EQ(report->stray_files, 0u);
  }

  TempFolder folder_;
  rt::PosixFiles files_;
  HandClock clock_;
  rt::OsRandom random_;
  std::unique_ptr<BlobStore> store_;
};

const std::size_t kSizes[] = {0,     1,     1023,  1024,    1025,    16383,   16384,
                              16385, 32768, 40000, 1 << 20, 3 << 20, 17 << 20};

TEST_P(BlobStores, WhatIsAddedReadsBackWithBothHashes) {
  for (const std::size_t size : kSizes) {
    const Bytes bytes = some_bytes(size);
    auto added = store_->add_bytes(bytes);
    ASSERT_OK(added);
    EXPECT_EQ(added->hash, crypto::blake3(bytes));
    EXPECT_EQ(added->sha256, crypto::sha256(bytes));
    EXPECT_EQ(content(added->hash), bytes) << size;
    auto info = store_->info(added->hash);
    ASSERT_TRUE(info.has_value() && info->has_value());
    EXPECT_TRUE((*info)->complete && (*info)->size_verified && (*info)->have.is_all());
    EXPECT_EQ((*info)->size, size);
  }
  EXPECT_EQ(store_->list()->size(), std::size(kSizes));
  expect_clean();
}

TEST_P(BlobStores, FilesAreAddedByCopyAndInPlace) {
  for (const AddMode mode : {AddMode::copy, AddMode::in_place}) {
    for (const std::size_t size : kSizes) {
      const Bytes bytes = some_bytes(size, mode == AddMode::copy ? 2 : 3);
      const rt::Path path =
          put("in" + std::to_string(size) + (mode == AddMode::copy ? "c" : "p"), bytes);
      auto added = store_->add_file(path, mode, {}, {});
      ASSERT_OK(added);
      EXPECT_EQ(added->hash, crypto::blake3(bytes));
      EXPECT_EQ(added->sha256, crypto::sha256(bytes));
      EXPECT_EQ(content(added->hash), bytes);
    }
  }
  expect_clean();
}

TEST_P(BlobStores, AddingTwiceIsAddingOnce) {
  const Bytes bytes = some_bytes(100'000);
  ASSERT_OK(store_->add_bytes(bytes));
  ASSERT_OK(store_->add_file(put("again", bytes), AddMode::copy, {}, {}));
  EXPECT_EQ(store_->list()->size(), 1u);
  expect_clean();
}

TEST_P(BlobStores, MissingAndStrangeFilesAreRefused) {
  EXPECT_CODE(Code::not_found, store_->add_file(folder_.path / "none", AddMode::copy, {}, {}));
  EXPECT_CODE(Code::bad_input, store_->add_file(folder_.path, AddMode::copy, {}, {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_CODE(Code::cancelled, store_->add_file(put("big", some_bytes(100'000)), AddMode::copy, {},
                                                stop.get_token()));
  EXPECT_CODE(Code::not_found, store_->reader(Blake3Hash{}));
  EXPECT_FALSE(store_->info(Blake3Hash{})->has_value());
  EXPECT_EQ(store_->list()->size(), 0u);
  expect_clean();
}

TEST_P(BlobStores, PartialsFillInAnyOrderAndFinish) {
  for (const bool batched : {false, true}) {
    for (const std::size_t size : kSizes) {
      if (batched && size == 0) continue;  // there is only one empty blob
      HeldBlob source(some_bytes(size, batched ? 10 : 11));
      auto partial = store_->partial(source.root);
      ASSERT_OK(partial);
      const std::uint64_t chunks = bao::Tree(size).chunks();
      const std::uint64_t middle = (chunks / 32) * 16;
      if (middle > 0) {
        ASSERT_OK(transfer(source, **partial, ChunkRanges::from(ChunkIndex(middle)), batched));
        ASSERT_OK((*partial)->flush());
        EXPECT_FALSE((*partial)->is_complete());
        EXPECT_TRUE((*partial)->have().covers(middle, chunks));
        EXPECT_FALSE((*partial)->have().intersects(0, middle));
        auto reader = (*partial)->reader();
        ASSERT_OK(reader);
        EXPECT_CODE(Code::not_found, (*reader)->data(0, 1));
        EXPECT_OK((*reader)->data(size - 1, 1));
        ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(middle)),
                           batched));
      } else {
        ASSERT_OK(transfer(source, **partial, ChunkRanges::all(), batched));
      }
      EXPECT_TRUE((*partial)->is_complete());
      EXPECT_TRUE((*partial)->size_verified());
      auto finished = (*partial)->finish();
      ASSERT_OK(finished);
      EXPECT_EQ(finished->size, size);
      EXPECT_EQ((*store_->info(source.root))->sha256, std::nullopt);
      EXPECT_EQ(*store_->sha256(source.root, {}, {}), crypto::sha256(source.bytes));
      EXPECT_EQ((*store_->info(source.root))->sha256, crypto::sha256(source.bytes));
      EXPECT_EQ(content(source.root), source.bytes) << size;
      EXPECT_CODE(Code::bad_input, store_->partial(source.root));
    }
  }
  expect_clean();
}

TEST_P(BlobStores, ReadersOfAPartialSeeItGrow) {
  HeldBlob source(some_bytes(2 << 20));
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  auto reader = (*partial)->reader();
  ASSERT_OK(reader);
  EXPECT_TRUE((*reader)->have().is_empty());
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(64))));
  ASSERT_OK((*partial)->flush());
  EXPECT_TRUE((*reader)->have().covers(0, 64));
  EXPECT_OK((*reader)->data(0, 65536));
  EXPECT_CODE(Code::not_found, (*reader)->data(65536, 1));
  auto second = store_->reader(source.root);
  ASSERT_OK(second);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::from(ChunkIndex(64))));
  ASSERT_OK((*partial)->finish());
  for (auto* open : {&*reader, &*second}) {
    EXPECT_TRUE((*open)->complete());
    auto bytes = read_all(**open);
    ASSERT_OK(bytes);
    EXPECT_EQ(*bytes, source.bytes);
  }
}

TEST_P(BlobStores, PartsOfAGroupAreNotKept) {
  HeldBlob source(some_bytes(100'000));
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(3), ChunkIndex(20))));
  ASSERT_OK((*partial)->flush());
  EXPECT_FALSE((*partial)->have().intersects(0, 100));
}

TEST_P(BlobStores, OnlyOneWriterAtATime) {
  HeldBlob source(some_bytes(100'000));
  auto first = store_->partial(source.root);
  ASSERT_OK(first);
  ASSERT_OK((*first)->claim_size(100'000));
  EXPECT_CODE(Code::locked, store_->partial(source.root));
  EXPECT_CODE(Code::locked, store_->remove(source.root, true));
  first->reset();
  EXPECT_OK(store_->partial(source.root));
  EXPECT_OK(store_->remove(source.root, false));
  EXPECT_FALSE(store_->info(source.root)->has_value());
}

TEST_P(BlobStores, AnotherSizeDropsWhatWasHeldUnlessVerified) {
  HeldBlob source(some_bytes(100'000));
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  EXPECT_EQ((*partial)->size(), std::nullopt);
  ASSERT_OK((*partial)->claim_size(99'999));
  ASSERT_OK((*partial)->claim_size(100'000));
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(16))));
  ASSERT_OK((*partial)->flush());
  EXPECT_TRUE((*partial)->have().covers(0, 16));
  ASSERT_OK((*partial)->claim_size(1'000'000));
  EXPECT_TRUE((*partial)->have().is_empty());
  ASSERT_OK((*partial)->claim_size(100'000));
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  EXPECT_CODE(Code::peer_fault, (*partial)->claim_size(1'000'000));
  EXPECT_CODE(Code::peer_fault, (*partial)->claim_size(~std::uint64_t{0}));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(content(source.root), source.bytes);
  expect_clean();
}

TEST_P(BlobStores, ImportOvertakesAWriter) {
  HeldBlob source(some_bytes(200'000));
  auto partial = store_->partial(source.root);
  ASSERT_OK(partial);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(32))));
  ASSERT_OK((*partial)->checkpoint());
  ASSERT_OK(store_->add_bytes(source.bytes));
  EXPECT_TRUE((*partial)->is_complete());
  auto finished = (*partial)->finish();
  ASSERT_OK(finished);
  EXPECT_EQ(finished->sha256, crypto::sha256(source.bytes));
  partial->reset();
  EXPECT_EQ(content(source.root), source.bytes);
  expect_clean();
}

TEST_P(BlobStores, AdoptedFilesMustHashAsExpected) {
  const Bytes bytes = some_bytes(300'000);
  for (const bool right : {false, true}) {
    auto temp = store_->new_temp_path("quarantine ../x");
    ASSERT_OK(temp);
    auto file = files_.open(*temp, rt::Open::create_new);
    ASSERT_OK(file);
    ASSERT_OK((*file)->write_at(0, right ? bytes : some_bytes(300'000, 9)));
    auto adopted = store_->adopt_file(*temp, crypto::blake3(bytes), {}, {});
    if (right) {
      ASSERT_OK(adopted);
      EXPECT_EQ(content(adopted->hash), bytes);
    } else {
      EXPECT_CODE(Code::corrupt, adopted);
      EXPECT_FALSE(store_->info(crypto::blake3(bytes))->has_value());
    }
    EXPECT_FALSE(std::filesystem::exists(*temp));
  }
  expect_clean();
}

TEST_P(BlobStores, ExportWritesTheBytesAndRefusesATarget) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, std::size_t{500'000}}) {
    const Bytes bytes = some_bytes(size);
    auto added = store_->add_bytes(bytes);
    ASSERT_OK(added);
    const rt::Path to = folder_.path / ("out" + std::to_string(size));
    ASSERT_OK(store_->export_blob(added->hash, to, ExportMode::reflink_or_copy, {}, {}));
    std::ifstream in(to, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), as_text(bytes));
    EXPECT_CODE(Code::denied, store_->export_blob(added->hash, to, ExportMode::copy, {}, {}));
  }
  EXPECT_CODE(Code::not_found,
              store_->export_blob(Blake3Hash{}, folder_.path / "x", ExportMode::copy, {}, {}));
}

TEST_P(BlobStores, Sha256IsOfCompleteBlobs) {
  HeldBlob source(some_bytes(100'000));
  EXPECT_CODE(Code::not_found, store_->sha256(source.root, {}, {}));
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(16))));
  ASSERT_OK((*partial)->checkpoint());
  EXPECT_CODE(Code::not_found, store_->sha256(source.root, {}, {}));
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
  // Adding the same bytes makes it known without another pass.
  ASSERT_OK(store_->add_bytes(source.bytes));
  EXPECT_EQ((*store_->info(source.root))->sha256, crypto::sha256(source.bytes));
}

TEST_P(BlobStores, NamesAndPinsHoldBlobs) {
  auto added = store_->add_bytes(some_bytes(50'000));
  ASSERT_OK(added);
  ASSERT_OK(store_->set_name("film", {added->hash, Format::raw}));
  EXPECT_CODE(Code::denied, store_->remove(added->hash, false));
  ASSERT_OK(store_->remove_name("film"));
  EXPECT_CODE(Code::not_found, store_->remove_name("film"));
  EXPECT_CODE(Code::bad_input, store_->set_name("\xff", {added->hash, Format::raw}));
  ASSERT_OK(store_->set_pin({added->hash, Format::raw}, true));
  EXPECT_EQ(store_->pins()->size(), 1u);
  EXPECT_CODE(Code::denied, store_->remove(added->hash, false));
  ASSERT_OK(store_->remove(added->hash, true));
  EXPECT_EQ(store_->pins()->size(), 0u);
  EXPECT_FALSE(store_->info(added->hash)->has_value());
}

TEST_P(BlobStores, RemovedBlobsFailTheirReaders) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{100'000}}) {
    auto added = store_->add_bytes(some_bytes(size));
    ASSERT_OK(added);
    auto reader = store_->reader(added->hash);
    ASSERT_OK(reader);
    ASSERT_OK((*reader)->data(0, 100));
    ASSERT_OK(store_->remove(added->hash, false));
    EXPECT_CODE(Code::not_found, (*reader)->data(0, 100));
    ASSERT_OK(store_->add_bytes(some_bytes(size)));
    EXPECT_EQ(content(added->hash), some_bytes(size));
  }
}

Bytes sequence_of(std::initializer_list<Blake3Hash> hashes) {
  Bytes out;
  for (const Blake3Hash& hash : hashes) append(out, hash.view());
  return out;
}

TEST_P(BlobStores, OfferedSequencesOfferTheirChildren) {
  auto one = store_->add_bytes(some_bytes(10, 1));
  auto two = store_->add_bytes(some_bytes(20'000, 2));
  auto other = store_->add_bytes(some_bytes(10, 3));
  auto root = store_->add_bytes(sequence_of({one->hash, two->hash}));
  EXPECT_EQ(*store_->offer(one->hash), std::nullopt);
  ASSERT_OK(store_->set_offer({root->hash, Format::hash_seq}, OfferClass::metered));
  for (const Blake3Hash& hash : {one->hash, two->hash, root->hash}) {
    EXPECT_EQ(*store_->offer(hash), OfferClass::metered);
  }
  EXPECT_EQ(*store_->offer(other->hash), std::nullopt);
  ASSERT_OK(store_->set_offer({one->hash, Format::raw}, OfferClass::public_));
  EXPECT_EQ(*store_->offer(one->hash), OfferClass::metered);
  EXPECT_EQ(store_->offers()->size(), 2u);
  ASSERT_OK(store_->set_offer({root->hash, Format::hash_seq}, std::nullopt));
  EXPECT_EQ(*store_->offer(two->hash), std::nullopt);
  EXPECT_EQ(*store_->offer(one->hash), OfferClass::public_);
}

TEST_P(BlobStores, TheStrictestOfferHolds) {
  // From the most open on; the numbers on disk are another order.
  constexpr OfferClass kInOrder[] = {OfferClass::public_, OfferClass::standard, OfferClass::metered,
                                     OfferClass::paid};
  auto one = store_->add_bytes(some_bytes(10, 1));
  auto two = store_->add_bytes(some_bytes(10, 2));
  auto first = store_->add_bytes(sequence_of({one->hash}));
  auto second = store_->add_bytes(sequence_of({one->hash, two->hash}));
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      const OfferClass holds = kInOrder[std::max(a, b)];
      EXPECT_EQ(stricter(kInOrder[a], kInOrder[b]), holds);
      ASSERT_OK(store_->set_offer({first->hash, Format::hash_seq}, kInOrder[a]));
      ASSERT_OK(store_->set_offer({second->hash, Format::hash_seq}, kInOrder[b]));
      EXPECT_EQ(*store_->offer(one->hash), holds) << "a child of two";
      EXPECT_EQ(*store_->offer(two->hash), kInOrder[b]) << "a child of one";
      ASSERT_OK(store_->set_offer({second->hash, Format::hash_seq}, std::nullopt));
      ASSERT_OK(store_->set_offer({one->hash, Format::raw}, kInOrder[b]));
      EXPECT_EQ(*store_->offer(one->hash), holds) << "alone and as a child";
      ASSERT_OK(store_->set_offer({one->hash, Format::raw}, std::nullopt));
      ASSERT_OK(store_->set_offer({first->hash, Format::raw}, kInOrder[b]));
      EXPECT_EQ(*store_->offer(first->hash), holds) << "in both formats";
      ASSERT_OK(store_->set_offer({first->hash, Format::raw}, std::nullopt));
    }
  }
}

TEST_P(BlobStores, ChildrenCountWhereSomethingSaysThatItIsASequence) {
  auto one = store_->add_bytes(some_bytes(10, 1));
  auto two = store_->add_bytes(some_bytes(20, 2));
  auto root = store_->add_bytes(sequence_of({one->hash, two->hash}));
  const HashAndFormat sequence{root->hash, Format::hash_seq};
  EXPECT_EQ(*store_->size_with_children(root->hash), 64u);
  ASSERT_OK(store_->set_offer({root->hash, Format::raw}, OfferClass::paid));
  EXPECT_EQ(*store_->size_with_children(root->hash), 64u);
  ASSERT_OK(store_->set_offer(sequence, OfferClass::paid));
  EXPECT_EQ(*store_->size_with_children(root->hash), 94u) << "offered";
  ASSERT_OK(store_->set_offer(sequence, std::nullopt));
  EXPECT_EQ(*store_->size_with_children(root->hash), 64u);
  ASSERT_OK(store_->set_name("box", sequence));
  EXPECT_EQ(*store_->size_with_children(root->hash), 94u) << "named";
  EXPECT_EQ(*store_->size_with_children(one->hash), 10u);
  EXPECT_EQ(*store_->size_with_children(Blake3Hash{}), 0u) << "not here";
}

TEST_P(BlobStores, WhatIsOfferedAlreadyKeepsItsClassUnlessAnotherOneIsNamed) {
  auto blob = store_->add_bytes(some_bytes(10, 1));
  auto root = store_->add_bytes(sequence_of({blob->hash}));
  auto odd = store_->add_bytes(some_bytes(33));
  ASSERT_OK(store_->ensure_offered({root->hash, Format::hash_seq}));
  EXPECT_EQ(*store_->offer(root->hash), OfferClass::standard);
  EXPECT_EQ(*store_->offer(blob->hash), OfferClass::standard);
  ASSERT_OK(store_->set_offer({root->hash, Format::hash_seq}, OfferClass::paid));
  ASSERT_OK(store_->ensure_offered({root->hash, Format::hash_seq}));
  ASSERT_OK(store_->ensure_offered({blob->hash, Format::raw}));
  EXPECT_EQ(*store_->offer(root->hash), OfferClass::paid);
  EXPECT_EQ(*store_->offer(blob->hash), OfferClass::paid);
  ASSERT_OK(store_->set_offer({root->hash, Format::hash_seq}, OfferClass::public_));
  EXPECT_EQ(*store_->offer(root->hash), OfferClass::public_);
  EXPECT_EQ(*store_->offer(blob->hash), OfferClass::standard);
  EXPECT_CODE(Code::bad_input, store_->ensure_offered({odd->hash, Format::hash_seq}));
}

TEST(OfferClasses, HaveNamesAndTheirNumbersOnDisk) {
  constexpr std::pair<OfferClass, std::string_view> kAll[] = {{OfferClass::standard, "standard"},
                                                              {OfferClass::metered, "metered"},
                                                              {OfferClass::paid, "paid"},
                                                              {OfferClass::public_, "public"}};
  unsigned char number = 0;
  for (const auto& [offered, name] : kAll) {
    EXPECT_EQ(static_cast<unsigned char>(offered), number++);
    EXPECT_EQ(to_string(offered), name);
    EXPECT_EQ(offer_class_of(name), offered);
  }
  for (const std::string_view name : {"", "Paid", "free", "public_", "paid "})
    EXPECT_EQ(offer_class_of(name), std::nullopt) << name;
}

TEST_P(BlobStores, RawOffersOfASequenceOfferNoChildren) {
  auto child = store_->add_bytes(some_bytes(10, 1));
  auto root = store_->add_bytes(sequence_of({child->hash}));
  ASSERT_OK(store_->set_offer({root->hash, Format::raw}, OfferClass::public_));
  EXPECT_EQ(*store_->offer(child->hash), std::nullopt);
}

TEST_P(BlobStores, SequencesOfferedBeforeTheyArriveOfferTheirChildrenThen) {
  const Blake3Hash child = crypto::blake3(some_bytes(10, 1));
  HeldBlob source(sequence_of({child}));
  ASSERT_OK(store_->set_offer({source.root, Format::hash_seq}, OfferClass::public_));
  EXPECT_EQ(*store_->offer(child), std::nullopt);
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
  EXPECT_EQ(*store_->offer(child), OfferClass::public_);
}

TEST_P(BlobStores, WhatIsNoSequenceIsRefusedAsOne) {
  auto odd = store_->add_bytes(some_bytes(33));
  EXPECT_CODE(Code::bad_input,
              store_->set_offer({odd->hash, Format::hash_seq}, OfferClass::public_));
  EXPECT_CODE(Code::bad_input, store_->set_pin({odd->hash, Format::hash_seq}, true));
  EXPECT_EQ(store_->offers()->size(), 0u);
  EXPECT_EQ(store_->pins()->size(), 0u);
}

TEST_P(BlobStores, GcRemovesOnlyWhatNothingHolds) {
  auto named = store_->add_bytes(some_bytes(20'000, 1));
  auto pinned = store_->add_bytes(some_bytes(10, 2));
  auto offered = store_->add_bytes(some_bytes(30'000, 3));
  auto child = store_->add_bytes(some_bytes(40'000, 4));
  auto root = store_->add_bytes(sequence_of({child->hash}));
  auto garbage = store_->add_bytes(some_bytes(50'000, 5));
  HeldBlob source(some_bytes(100'000, 6));
  auto partial = store_->partial(source.root);
  ASSERT_OK(transfer(source, **partial, ChunkRanges::span(ChunkIndex(0), ChunkIndex(16))));
  ASSERT_OK(store_->set_name("n", {named->hash, Format::raw}));
  ASSERT_OK(store_->set_pin({pinned->hash, Format::raw}, true));
  ASSERT_OK(store_->set_offer({offered->hash, Format::raw}, OfferClass::paid));
  ASSERT_OK(store_->set_name("seq", {root->hash, Format::hash_seq}));

  auto young = store_->gc({});
  ASSERT_OK(young);
  EXPECT_EQ(young->removed_blobs, 0u);
  clock_.ms += 2 * 3600'000;
  auto dry = store_->gc({.dry_run = true});
  ASSERT_OK(dry);
  EXPECT_EQ(dry->removed_blobs, 1u);
  EXPECT_TRUE(store_->info(garbage->hash)->has_value());
  auto report = store_->gc({});
  ASSERT_OK(report);
  EXPECT_EQ(report->removed_blobs, 1u);
  EXPECT_EQ(report->removed_bytes, 50'000u);
  EXPECT_FALSE(store_->info(garbage->hash)->has_value());
  for (const Blake3Hash& hash :
       {named->hash, pinned->hash, offered->hash, child->hash, root->hash}) {
    EXPECT_TRUE(store_->info(hash)->has_value());
  }
  ASSERT_OK(transfer(source, **partial, ChunkRanges::all()));
  ASSERT_OK((*partial)->finish());
  ASSERT_OK(store_->remove_name("seq"));
  EXPECT_EQ(store_->gc({})->removed_blobs, 3u);
  expect_clean();
}

TEST_P(BlobStores, BatchesAreVisibleAtOnceAndKeptWhole) {
  {
    auto batch = store_->batch();
    ASSERT_OK(batch);
    for (std::uint64_t i = 0; i < 2500; ++i) {
      auto added = store_->add_bytes(some_bytes(100, i));
      ASSERT_OK(added);
      if (i % 500 == 0) EXPECT_TRUE(store_->info(added->hash)->has_value());
    }
    ASSERT_OK((*batch)->commit());
  }
  EXPECT_EQ(store_->list()->size(), 2500u);
  expect_clean();
}

INSTANTIATE_TEST_SUITE_P(All, BlobStores, testing::Values(Backend::file, Backend::memory),
                         [](const auto& info) {
                           return info.param == Backend::file ? "File" : "Memory";
                         });

}  // namespace
}  // namespace archy::store

#include "blobs/collection.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "blobs/safe_name.hpp"
#include "crypto/blake3.hpp"
#include "wire/postcard.hpp"

namespace archy::blobs {
namespace {

const Blake3Hash kHello =
    *Blake3Hash::parse_hex("d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24");
const Blake3Hash kEmpty =
    *Blake3Hash::parse_hex("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");

Bytes metadata_of(const std::vector<std::string>& names) {
  wire::PostcardWriter out;
  out.raw(as_bytes("CollectionV0.")).number(names.size());
  for (const auto& name : names) out.string(name);
  return out.take();
}

TEST(Collection, WritesTheVectorAndReadsItBack) {
  auto collection = Collection::from_files({{"dir/a.txt", kHello}, {"dir/b.txt", kEmpty}});
  ASSERT_TRUE(collection.has_value());
  EXPECT_EQ(to_hex(collection->metadata()),
            "436f6c6c656374696f6e56302e02096469722f612e747874096469722f622e747874");
  const HashSeq sequence = collection->sequence();
  EXPECT_EQ(sequence[0].hex(), "8ff0f7852a3c5ba0575cc235514f315bfab67551e094dea2d8c07f82afd8b515");
  EXPECT_EQ(crypto::blake3(sequence.bytes()).hex(),
            "c42a950213682e1f890811825a1f7a3d07324cf74f490fbc46708659eeeb5bbb");
  EXPECT_EQ(*Collection::parse(sequence, collection->metadata()), *collection);
}

TEST(Collection, DuplicateHashesAreFineDuplicateNamesAreNot) {
  EXPECT_TRUE(Collection::from_files({{"a", kHello}, {"b", kHello}}).has_value());
  EXPECT_FALSE(Collection::from_files({{"a", kHello}, {"a", kEmpty}}).has_value());
  EXPECT_FALSE(Collection::from_files({{"a/b", kHello}, {"a", kEmpty}}).has_value());
  EXPECT_TRUE(Collection::from_files({{"a.b", kHello}, {"a", kEmpty}}).has_value());
  EXPECT_TRUE(Collection::from_files({}).has_value());
}

TEST(Collection, RefusesUnsafeNames) {
  for (const std::string& name :
       {std::string(), std::string("/etc/passwd"), std::string(".."), std::string("a/../b"),
        std::string("a/.."), std::string("./a"), std::string("a//b"), std::string("a/"),
        std::string("a\\b"), std::string("C:x"), std::string("a/c:"), std::string("a\0b", 3),
        std::string("caf\xe9"), std::string(256, 'a'), std::string("/")}) {
    EXPECT_EQ(check_name(name).error().code, Code::bad_input) << name;
    EXPECT_FALSE(Collection::from_files({{name, kHello}}).has_value()) << name;
    const HashSeq sequence({crypto::blake3(metadata_of({name})), kHello});
    EXPECT_FALSE(Collection::parse(sequence, metadata_of({name})).has_value()) << name;
  }
  for (const char* name :
       {"a", "dir/a.txt", "...", "..a", "a..", "a b", "\xc3\xa9", "-", "CON", "ab:c"}) {
    EXPECT_TRUE(check_name(name).has_value()) << name;
  }
  EXPECT_EQ(to_string(check_name("caf\xe9\n").error()), "unsafe name \"caf\\xe9\\x0a\": not UTF-8");
}

TEST(Collection, RefusesCountsThatDoNotMatch) {
  const Bytes metadata = metadata_of({"a", "b"});
  const auto hash = crypto::blake3(metadata);
  EXPECT_TRUE(Collection::parse(HashSeq({hash, kHello, kEmpty}), metadata).has_value());
  EXPECT_FALSE(Collection::parse(HashSeq({hash, kHello}), metadata).has_value());
  EXPECT_FALSE(Collection::parse(HashSeq({hash, kHello, kEmpty, kEmpty}), metadata).has_value());
  EXPECT_FALSE(Collection::parse(HashSeq(), metadata).has_value());
  for (std::size_t cut = 0; cut < metadata.size(); ++cut) {
    EXPECT_FALSE(Collection::parse(HashSeq({hash, kHello, kEmpty}), ByteView(metadata).first(cut))
                     .has_value());
  }
}

TEST(HashSeq, LengthIsAMultipleOf32) {
  EXPECT_EQ(HashSeq::parse({})->size(), 0u);
  const Bytes two(64, 7);
  EXPECT_EQ(HashSeq::parse(two)->bytes(), two);
  EXPECT_FALSE(HashSeq::parse(ByteView(two).first(63)).has_value());
}

}  // namespace
}  // namespace archy::blobs

#include "blobs/request.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"

namespace archy::blobs {
namespace {

using bao::ChunkRanges;

const char* const kHello = "d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24";
const char* const kEmpty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

Blake3Hash hash(const char* hex) { return *Blake3Hash::parse_hex(hex); }

struct Case {
  Request request;
  std::string hex;
};

std::vector<Case> vectors() {
  const auto blob = ChunkRangesSeq::blob(ChunkRanges::all());
  const auto both = ChunkRangesSeq::finite({ChunkRanges::all(), ChunkRanges::all()});
  return {
      {GetRequest{hash(kHello), blob}, std::string("00") + kHello + "020001000100"},
      {ObserveRequest{hash(kHello), ChunkRanges::all()}, std::string("01") + kHello + "0100"},
      {GetManyRequest{{hash(kHello), hash(kEmpty)}, both},
       std::string("0902") + kHello + kEmpty + "020001000200"},
      {PushRequest{{hash(kHello), blob}}, std::string("0826") + kHello + "020001000100"},
  };
}

TEST(Request, EveryVectorRoundTrips) {
  for (const Case& c : vectors()) {
    EXPECT_EQ(to_hex(encode(c.request)), c.hex);
    auto read = decode_request(*from_hex(c.hex));
    ASSERT_TRUE(read.has_value()) << c.hex;
    EXPECT_EQ(*read, c.request);
  }
}

TEST(Request, RefusesEveryCut) {
  for (const Case& c : vectors()) {
    const Bytes bytes = *from_hex(c.hex);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(decode_request(ByteView(bytes).first(cut)).has_value())
          << c.hex << " at " << cut;
    }
  }
}

TEST(Request, ReadsPastTrailingBytesAsIrohDoes) {
  Bytes bytes = encode(vectors()[0].request);
  bytes.push_back(0xff);
  EXPECT_EQ(*decode_request(bytes), vectors()[0].request);
}

TEST(Request, RefusesReservedTypes) {
  for (int type = 0; type < 256; ++type) {
    const bool known = type == 0 || type == 1 || type == 8 || type == 9;
    EXPECT_EQ(request_kind(static_cast<std::uint8_t>(type)).has_value(), known) << type;
    if (known) continue;
    Bytes bytes = encode(vectors()[0].request);
    bytes[0] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(decode_request(bytes).error().code, Code::unsupported);
  }
}

TEST(Request, RefusesBombs) {
  // Counts that the message cannot hold, and messages above the limit.
  EXPECT_FALSE(decode_request(*from_hex("09ffffffffffffffffff01")).has_value());
  EXPECT_FALSE(decode_request(*from_hex("08ffffffffffffffffff01")).has_value());
  wire::PostcardWriter many;
  many.u8(9).number(limits::kSeqEntries + 1);
  for (std::size_t i = 0; i <= limits::kSeqEntries; ++i) many.raw(hash(kHello).view());
  many.number(0);
  EXPECT_FALSE(decode_request(many.bytes()).has_value());
  Bytes large = encode(vectors()[0].request);
  large.resize(limits::kRequestBytes + 2);
  EXPECT_FALSE(decode_request(large).has_value());
}

}  // namespace
}  // namespace archy::blobs

#include "sim/truth.hpp"

#include <algorithm>

#include "bao/outboard.hpp"
#include "base/check.hpp"
#include "crypto/sha256.hpp"

namespace archy::sim {

Truth Truth::of(Bytes bytes) {
  Truth out;
  out.bytes = std::move(bytes);
  out.outboard.resize(bao::Tree(out.bytes.size()).outboard_bytes());
  bao::OutboardBuilder builder(
      out.bytes.size(), [&](std::uint64_t first, ByteView pairs) -> Result<> {
        std::copy(pairs.begin(), pairs.end(),
                  out.outboard.begin() + static_cast<std::ptrdiff_t>(first * bao::kPairBytes));
        return {};
      });
  CHECK(builder.update(out.bytes).has_value());
  auto hash = builder.finish();
  CHECK(hash.has_value());
  CHECK(*hash == crypto::blake3(out.bytes));  // two ways to one root
  out.hash = *hash;
  out.sha256 = crypto::sha256(out.bytes);
  return out;
}

Truth Truth::random(SeededRandom& random, std::size_t size) {
  Bytes bytes(size);
  random.fill(bytes);
  return of(std::move(bytes));
}

Result<ByteView> TruthReader::data(std::uint64_t offset, std::size_t length) {
  if (offset + length > truth_.bytes.size()) return fail(Code::not_found, "past the end");
  return ByteView(truth_.bytes).subspan(offset, length);
}

Result<bao::Pair> TruthReader::pair(std::uint64_t pair_index) {
  const std::uint64_t at = pair_index * bao::kPairBytes;
  if (at + bao::kPairBytes > truth_.outboard.size()) return fail(Code::not_found, "no such pair");
  bao::Pair out;
  std::copy_n(truth_.outboard.begin() + static_cast<std::ptrdiff_t>(at), bao::kPairBytes,
              out.begin());
  return out;
}

}  // namespace archy::sim

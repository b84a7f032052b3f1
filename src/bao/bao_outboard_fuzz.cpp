// A sidecar outboard (honest, damaged, or garbage; any split; true or false size) into the
// OutboardVerifier: what it emits is the blob's own outboard, and it ends well for nothing else.
#include "bao/fuzz_input.hpp"
#include "bao/group_verifier.hpp"
#include "bao/held_blob.hpp"
#include "bao/outboard_verifier.hpp"
#include "base/check.hpp"

using namespace archy;
using namespace archy::bao;

namespace {

// The same damaged pairs, looked up one at a time: no group of the honest data may be refused by a
// verdict on other bytes, none of the damaged accepted.
void check_lookup(HeldBlob& blob, const Bytes& outboard, std::uint64_t size) {
  GroupVerifier verifier(blob.root, size, [&](std::uint64_t index) -> Result<Pair> {
    if (index >= outboard.size() / kPairBytes) return fail(Code::not_found);
    Pair pair;
    std::copy_n(outboard.begin() + static_cast<std::ptrdiff_t>(index * kPairBytes), kPairBytes,
                pair.begin());
    return pair;
  });
  Bytes bytes = blob.bytes;
  bytes.resize(static_cast<std::size_t>(size));
  const auto result =
      verifier.check_groups(0, bytes, [&](std::uint64_t group, const VerifiedLeaf* leaf) {
        if (leaf != nullptr) {
          const std::size_t begin = static_cast<std::size_t>(group) * kGroupBytes;
          CHECK(leaf->offset() == begin && begin + leaf->bytes().size() <= blob.size());
        }
        return Result<>{};
      });
  CHECK(result.has_value());
  if (verifier.size_verified()) CHECK(size == blob.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(ByteView(data, size));
  const std::uint64_t mode = input.number(1);
  HeldBlob blob(pattern(static_cast<std::size_t>(input.number(3) % 300000)));
  std::uint64_t claimed = blob.size();
  if (mode % 4 == 3) claimed = input.number(3) % 400000;
  if (mode / 4 % 16 == 15) claimed = input.number(8);
  const std::size_t step = 1 + static_cast<std::size_t>(input.number(2));
  Bytes outboard = blob.outboard;
  if (mode % 4 == 2)
    outboard = to_bytes(input.rest());
  else
    input.damage(outboard);

  OutboardVerifier verifier(blob.root, claimed);
  Bytes emitted;
  bool ok = true;
  for (std::size_t at = 0; at < outboard.size() && ok; at += step) {
    const ByteView part = ByteView(outboard).subspan(at, std::min(step, outboard.size() - at));
    ok = verifier
             .update(part,
                     [&](const VerifiedParent& parent) {
                       CHECK(parent.node().pair_index == emitted.size() / kPairBytes);
                       append(emitted, parent.pair());
                       return Result<>{};
                     })
             .has_value();
  }
  CHECK(emitted.size() <= outboard.size() &&
        equal(emitted, ByteView(outboard).first(emitted.size())));
  if (claimed == blob.size()) {
    CHECK(equal(emitted, ByteView(blob.outboard).first(emitted.size())));
    CHECK((ok && verifier.finish().has_value()) == (outboard == blob.outboard));
  }
  if (claimed <= 400000) check_lookup(blob, outboard, claimed);
  return 0;
}
